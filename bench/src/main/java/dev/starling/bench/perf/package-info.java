/**
 * {@code starling perf}: latency and bandwidth of the engine's operations by size, in the manner of
 * perftest, through the code that training runs.
 *
 * <pre>
 *   MeasureCommand: options --&gt; Subject (both ends, memory) --&gt; Operation of a size
 *     warm up --&gt; measure into Samples or a Meter --&gt; count and check --&gt; a row, or a line of JSON
 * </pre>
 *
 * <p>Every {@link dev.starling.bench.perf.Operation} has its own loop, calls the engine by its
 * static types and allocates nothing in it. An operation is timed from the call that begins it to
 * the delivery of its last completion; readings of the clock are part of that, and their cost is
 * printed. After each size the engine's own count of what was done (lock versions, completions,
 * records read back) must equal the iterations, and the bytes that were moved are compared.
 *
 * <p>Threads: one measures. The passive end has no thread that takes part: it is memory of this
 * process, of a second one that sleeps, or of another host's rank.
 */
package dev.starling.bench.perf;
