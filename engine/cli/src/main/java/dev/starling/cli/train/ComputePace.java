package dev.starling.cli.train;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Stretches the time of a gradient to {@code max(real time, least) x factor} by parking the thread,
 * as a thread does that waits for a GPU.
 */
final class ComputePace {
  /** How soon a stop request is seen, at the latest. */
  private static final long LONGEST_PARK_NS = TimeUnit.MILLISECONDS.toNanos(50);

  private final long leastNs;
  private final double factor;
  private final BooleanSupplier stop;

  /**
   * Creates the pace of one worker.
   *
   * @param leastNs how long a gradient takes at least, before the factor
   * @param factor how much longer it takes, at least 1
   * @param stop ends a wait early
   */
  ComputePace(long leastNs, double factor, BooleanSupplier stop) {
    this.leastNs = leastNs;
    this.factor = factor;
    this.stop = stop;
  }

  /**
   * Waits until the gradient that began at a time is due.
   *
   * @param beginNs when it began, {@link System#nanoTime()}
   */
  void await(long beginNs) {
    if (leastNs == 0 && factor == 1) {
      return;
    }
    long nowNs = System.nanoTime();
    long dueNs = beginNs + (long) (Math.max(nowNs - beginNs, leastNs) * factor);
    while (nowNs - dueNs < 0 && !stop.getAsBoolean() && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(this, Math.min(dueNs - nowNs, LONGEST_PARK_NS));
      nowNs = System.nanoTime();
    }
  }
}
