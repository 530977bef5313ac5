package dev.starling.engine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Has every vector kernel compiled before the first one matters. A cold call computes each vector
 * as an object, some hundred times slower than compiled code, and produces garbage.
 */
public final class KernelWarmUp {
  private static final long LIMIT_NS = 300_000_000L;
  private static final int COUNT = 1024 + 7;

  /** Compiled code takes about a tenth of this for an element, interpreted code ten times it. */
  private static final double COMPILED_NS_PER_ELEMENT = 1.0;

  private static final int KERNELS = 18;
  private static final int QUIET_ROUNDS = 200;

  private KernelWarmUp() {}

  /**
   * Calls all kernels on small buffers until they run at compiled speed, at most about 300 ms.
   * Called once, by the thread that starts the engine.
   *
   * @return time spent, ns
   */
  public static long run() {
    long startNs = System.nanoTime();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment x = arena.allocate(COUNT * 4L, 64);
      MemorySegment y = arena.allocate(COUNT * 4L, 64);
      MemorySegment u = arena.allocate(COUNT * 4L, 64);
      MemorySegment v = arena.allocate(COUNT * 4L, 64);
      MemorySegment w = arena.allocate(COUNT * 4L, 64);
      MemorySegment packed = arena.allocate(COUNT * 2L, 64);
      int quiet = 0;
      long beforeNs = startNs;
      while (quiet < QUIET_ROUNDS && beforeNs - startNs < LIMIT_NS) {
        round(x, y, u, v, w);
        VectorKernels.packBf16(u, 0, w, 0, packed, 0, COUNT);
        VectorKernels.unpackBf16(packed, 0, u, 0, COUNT);
        long afterNs = System.nanoTime();
        boolean compiled = afterNs - beforeNs < COMPILED_NS_PER_ELEMENT * COUNT * KERNELS;
        quiet = compiled ? quiet + 1 : 0;
        beforeNs = afterNs;
      }
      return beforeNs - startNs;
    }
  }

  private static void round(
      MemorySegment x, MemorySegment y, MemorySegment u, MemorySegment v, MemorySegment w) {
    VectorKernels.average(x, 0, y, 0, v, 0, COUNT);
    VectorKernels.averageBoth(x, 0, y, 0, v, 0, w, 0, COUNT);
    VectorKernels.step(x, 0, u, 0, v, 0, 0.1f, 1f, COUNT);
    VectorKernels.stepAverage(x, 0, u, 0, y, 0, v, 0, 0.1f, 1f, COUNT);
    VectorKernels.stepAverageBoth(x, 0, u, 0, y, 0, v, 0, w, 0, 0.1f, 1f, COUNT);
    VectorKernels.momentum(v, 0, u, 0, 0.9f, COUNT);
    VectorKernels.nesterov(v, 0, u, 0, 0.9f, COUNT);
    VectorKernels.adam(v, 0, w, 0, u, 0, 0.9f, 0.999f, 10f, 1000f, 1e-8f, COUNT);
    VectorKernels.scale(u, 0, 0.5f, COUNT);
    VectorKernels.accumulate(v, 0, u, 0, COUNT);
    VectorKernels.addDecay(u, 0, x, 0, 0.1f, COUNT);
    VectorKernels.fill(u, 0, 0f, COUNT);
    long bad = VectorKernels.firstNonFinite(x, 0, COUNT);
    double sums =
        VectorKernels.sum(x, 0, COUNT)
            + VectorKernels.squaredNorm(x, 0, COUNT)
            + VectorKernels.squaredDistance(x, 0, y, 0, COUNT);
    if (bad >= 0 || sums != 0) {
      throw new IllegalStateException(
          "The vector kernels gave index "
              + bad
              + " and sum "
              + sums
              + " on zeros; the JVM miscompiles them, run another JDK 25 build.");
    }
  }
}
