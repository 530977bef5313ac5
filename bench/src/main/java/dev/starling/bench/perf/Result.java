package dev.starling.bench.perf;

/**
 * What was measured at one size.
 *
 * @param bytes the size
 * @param iterations how many operations were measured
 * @param warmUp how many were done before
 * @param counted how many took effect by the engine's own count
 * @param samples their latencies, empty when a rate was measured
 * @param meter their rate, when that was measured
 */
record Result(
    long bytes, long iterations, long warmUp, long counted, Samples samples, Meter meter) {}
