/**
 * What a worker counts about itself, in the counters section of its region, so that another process
 * can read it while the worker runs, hangs or is dead.
 *
 * <pre>
 *  +0     counters of the communication agent   64 x 8 B
 *  +512   counters of the compute thread        64 x 8 B
 *  +1024  staleness histogram                  256 x 8 B, bucket s = gradients of staleness s, the last one = more
 * </pre>
 *
 * <p>Threads: every counter has one writer, named in {@link dev.starling.engine.metrics.Counter};
 * anyone reads.
 */
package dev.starling.engine.metrics;
