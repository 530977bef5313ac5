package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;

/**
 * The learning rate as a function of progress: steps per worker, averaged over the job, so that a
 * slow worker does not train with yesterday's rate. Immutable; computed with {@link StrictMath}, so
 * that every machine gets the same float.
 */
public sealed interface Schedule {
  /**
   * Returns the rate.
   *
   * @param step mean steps per worker so far, from 0
   * @return the learning rate
   */
  float learningRate(double step);

  /**
   * The same rate for ever.
   *
   * @param rate the rate
   */
  record Constant(float rate) implements Schedule {
    /**
     * Checks the rate.
     *
     * @param rate the rate
     */
    public Constant {
      ConfigurationException.requireRange("learning rate", rate, 0, 1e6);
    }

    @Override
    public float learningRate(double step) {
      return rate;
    }
  }

  /**
   * A linear rise from 0 to the rate, then half a cosine down to 0.
   *
   * @param rate the highest rate
   * @param warmupSteps length of the rise
   * @param totalSteps where the rate reaches 0
   */
  record CosineWithWarmup(float rate, double warmupSteps, double totalSteps) implements Schedule {
    /**
     * Checks the numbers.
     *
     * @param rate the highest rate
     * @param warmupSteps length of the rise
     * @param totalSteps where the rate reaches 0
     */
    public CosineWithWarmup {
      ConfigurationException.requireRange("learning rate", rate, 0, 1e6);
      ConfigurationException.requireRange("total steps", totalSteps, 1, 1e15);
      ConfigurationException.requireRange("warm-up steps", warmupSteps, 0, totalSteps);
    }

    @Override
    public float learningRate(double step) {
      if (step < warmupSteps) {
        return (float) (rate * (step + 1) / (warmupSteps + 1));
      }
      double progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
      return (float) (rate * 0.5 * (1 + StrictMath.cos(StrictMath.PI * progress)));
    }
  }
}
