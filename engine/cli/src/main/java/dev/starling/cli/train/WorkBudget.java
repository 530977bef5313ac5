package dev.starling.cli.train;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The work of a run, from which all workers draw until it is used up: a slow worker draws less and
 * nobody waits for it. Thread-safe.
 */
final class WorkBudget {
  private final long total;
  private final boolean inSamples;
  private final AtomicLong left;

  private WorkBudget(long total, boolean inSamples) {
    this.total = total;
    this.inSamples = inSamples;
    left = new AtomicLong(total);
  }

  /**
   * A budget in samples, exceeded by less than the last batch.
   *
   * @param samples how many all workers draw together
   * @return the budget
   */
  static WorkBudget ofSamples(long samples) {
    return new WorkBudget(samples, true);
  }

  /**
   * A budget in steps.
   *
   * @param steps how many all workers do together
   * @return the budget
   */
  static WorkBudget ofSteps(long steps) {
    return new WorkBudget(steps, false);
  }

  /**
   * Takes one step's share.
   *
   * @param samples the samples of the step
   * @return whether there was something left
   */
  boolean take(int samples) {
    int share = inSamples ? samples : 1;
    // Asked first, so that latecomers do not drive the count far below zero.
    return left.get() > 0 && left.getAndAdd(-share) > 0;
  }

  /** {@return the whole budget, in samples or steps} */
  long total() {
    return total;
  }

  /** {@return what was taken so far, at most {@link #total()}} */
  long taken() {
    return total - Math.max(0, left.get());
  }

  /**
   * The length of the run.
   *
   * @param batch samples per step
   * @param workers number of workers
   * @return steps per worker on average
   */
  double stepsPerWorker(int batch, int workers) {
    return (double) total / workers / (inSamples ? batch : 1);
  }
}
