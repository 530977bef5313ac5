/**
 * The update log of a worker: every event that changes its replica, in the order in which it
 * changes, as records. What becomes of the records is a sink's business: {@code starling-chronicle}
 * has one on disk, {@link dev.starling.engine.log.MemoryLog} one in memory.
 *
 * <pre>
 *   agent --events--&gt; {@link dev.starling.engine.log.Journal} = {@link dev.starling.engine.log.UpdateLog} --records--&gt; {@link dev.starling.engine.log.LogSink}
 *                                                                                     :
 *   replay &lt;--records-- {@link dev.starling.engine.log.LogCursor} . . . . . . . . . . . . . . . . . . . . . . . .
 * </pre>
 *
 * <p>The layout of records is the page of {@link dev.starling.engine.log.LogRecord}; files, order
 * and what is checked stand in {@code FORMAT.md} beside the sources of this package.
 *
 * <p>Threads: the communication agent writes, between two steps of its duty cycle; a sink neither
 * blocks nor keeps the segments it is given. A cursor belongs to whoever reads.
 *
 * <p>Invariants: a gradient is told before the update that uses it, with all its values before
 * anything of that update is published; an intent before either side of the exchange is published;
 * a step before it is published; a fence before the lock is broken, and no gradient between it and
 * what became of it.
 */
package dev.starling.engine.log;
