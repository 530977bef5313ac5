/** {@code starling perf}: latency and bandwidth of the engine's operations by size. */
package dev.starling.bench.perf;
