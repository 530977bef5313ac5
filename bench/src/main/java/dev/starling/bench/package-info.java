/**
 * What the engine is measured with: JMH benchmarks that hold it against the same work done in C or
 * by the operating system <em>in the same run</em>, so that a result is a ratio and not a property
 * of the machine.
 *
 * <pre>
 *   java -jar bench/target/starling-bench.jar KernelBenchmark -rf json -rff kernels.json
 *   java -cp  bench/target/starling-bench.jar dev.starling.bench.Table kernels.json
 * </pre>
 *
 * <p><b>Paired measurement.</b> A benchmark with a rival does both sides in each invocation,
 * changing the order from one to the next, and times each alone. So whatever disturbs the machine,
 * or changes its clock, meets both. {@link dev.starling.bench.Pair} keeps the times and hands JMH
 * the medians of an iteration as secondary results {@code javaNs} and {@code rivalNs}. JMH adds
 * such results up over the iterations in what it prints; {@link dev.starling.bench.Table} reads the
 * single iterations from the JSON file, takes the ratio in each, and shows their median and range.
 *
 * <p>Threads: one benchmark thread per JVM. Memory is allocated outside the heap, written before it
 * is measured, and freed at the end of the trial. Needs {@code gcc} on the path at run time, and
 * {@link dev.starling.bench.VerbsBenchmark} the headers of libibverbs and librdmacm.
 */
package dev.starling.bench;
