package dev.starling.cuda;

/**
 * Runs steps of which each is done whatever became of those before, and keeps what failed. Belongs
 * to one thread.
 */
public final class Failures {
  private RuntimeException first;

  /** Starts without a failure. */
  public Failures() {
    this(null);
  }

  /**
   * Starts with a failure that those of the steps are added to.
   *
   * @param first the failure; null for none
   */
  public Failures(RuntimeException first) {
    this.first = first;
  }

  /**
   * Runs a step.
   *
   * @param step what may fail
   */
  public void run(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException failure) {
      if (first == null) {
        first = failure;
      } else if (failure != first) {
        first.addSuppressed(failure);
      }
    }
  }

  /** Throws the first failure, which names the others as suppressed; returns if there is none. */
  public void throwFirst() {
    if (first != null) {
      throw first;
    }
  }
}
