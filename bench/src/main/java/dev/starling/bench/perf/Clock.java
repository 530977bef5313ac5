package dev.starling.bench.perf;

import java.util.Arrays;

/** What reading the clock costs. */
final class Clock {
  private static final int BLOCKS = 50;
  private static final int READINGS = 2000;

  private Clock() {}

  /**
   * Measures it; a latency contains about one reading.
   *
   * @return nanoseconds, the median of many blocks
   */
  static double readingNs() {
    double[] blocksNs = new double[BLOCKS];
    for (int block = 0; block < 2 * BLOCKS; block++) {
      // The first half compiles the loop.
      blocksNs[block % BLOCKS] = (double) block() / READINGS;
    }
    Arrays.sort(blocksNs);
    return blocksNs[BLOCKS / 2];
  }

  private static long block() {
    long startNs = System.nanoTime();
    long lastNs = startNs;
    for (int i = 0; i < READINGS; i++) {
      lastNs = System.nanoTime();
    }
    return lastNs - startNs;
  }
}
