package dev.starling.engine.worker;

/**
 * Tells how far the whole job is, for learning-rate schedules. Called by every communication agent.
 */
@FunctionalInterface
public interface ProgressClock {
  /**
   * Returns the gradients submitted so far by all workers together, divided by the number of
   * workers.
   *
   * @return mean steps per worker
   */
  double meanSteps();
}
