package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;
import java.util.Objects;

/**
 * The learning rate as a function of progress: steps per worker, averaged over the job, so that a
 * slow worker does not train with yesterday's rate. Immutable; computed in double with {@link
 * StrictMath} and rounded once, so that every machine gets the same float.
 *
 * <p>A schedule counts steps from its own start, so that {@link Warmup} can go before any other:
 * {@code new Warmup(500, new Cosine(0.1f, 10_000))} rises for 500 steps and falls for 10,000.
 */
public sealed interface Schedule {
  /** The highest rate that is accepted. */
  double MAX_RATE = 1e6;

  /** The most steps that are accepted. */
  double MAX_STEPS = 1e15;

  /**
   * Returns the rate. Allocates nothing.
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
      ConfigurationException.requireRange("learning rate", rate, 0, MAX_RATE);
    }

    @Override
    public float learningRate(double step) {
      return rate;
    }
  }

  /**
   * Half a cosine from the rate down to 0, where it stays.
   *
   * @param rate the rate at the start
   * @param totalSteps where the rate reaches 0
   */
  record Cosine(float rate, double totalSteps) implements Schedule {
    /**
     * Checks the numbers.
     *
     * @param rate the rate at the start
     * @param totalSteps where the rate reaches 0
     */
    public Cosine {
      ConfigurationException.requireRange("learning rate", rate, 0, MAX_RATE);
      ConfigurationException.requireRange("total steps", totalSteps, 1, MAX_STEPS);
    }

    @Override
    public float learningRate(double step) {
      double progress = Math.min(1, step / totalSteps);
      return (float) (rate * 0.5 * (1 + StrictMath.cos(StrictMath.PI * progress)));
    }
  }

  /**
   * A straight line from the rate down to 0, where it stays.
   *
   * @param rate the rate at the start
   * @param totalSteps where the rate reaches 0
   */
  record Linear(float rate, double totalSteps) implements Schedule {
    /**
     * Checks the numbers.
     *
     * @param rate the rate at the start
     * @param totalSteps where the rate reaches 0
     */
    public Linear {
      ConfigurationException.requireRange("learning rate", rate, 0, MAX_RATE);
      ConfigurationException.requireRange("total steps", totalSteps, 1, MAX_STEPS);
    }

    @Override
    public float learningRate(double step) {
      double progress = Math.min(1, step / totalSteps);
      return (float) (rate * (1 - progress));
    }
  }

  /**
   * The rate multiplied by a factor again and again: {@code rate * factor^floor(step /
   * everySteps)}.
   *
   * @param rate the rate at the start
   * @param everySteps steps from one multiplication to the next
   * @param factor what the rate is multiplied by, from 0 to 1
   */
  record Step(float rate, double everySteps, double factor) implements Schedule {
    /**
     * Checks the numbers.
     *
     * @param rate the rate at the start
     * @param everySteps steps from one multiplication to the next
     * @param factor what the rate is multiplied by, from 0 to 1
     */
    public Step {
      ConfigurationException.requireRange("learning rate", rate, 0, MAX_RATE);
      ConfigurationException.requireRange("steps between drops", everySteps, 1, MAX_STEPS);
      ConfigurationException.requireRange("factor of a drop", factor, 0, 1);
    }

    @Override
    public float learningRate(double step) {
      return (float) (rate * StrictMath.pow(factor, StrictMath.floor(step / everySteps)));
    }
  }

  /**
   * A straight line up to the first rate of another schedule, which then begins. The first step has
   * the rate {@code 1 / (steps + 1)} of that, not 0.
   *
   * @param steps length of the rise, 0 for none
   * @param then what follows; its step 0 is the end of the rise
   */
  record Warmup(double steps, Schedule then) implements Schedule {
    /**
     * Checks the numbers.
     *
     * @param steps length of the rise, 0 for none
     * @param then what follows; its step 0 is the end of the rise
     */
    public Warmup {
      ConfigurationException.requireRange("warm-up steps", steps, 0, MAX_STEPS);
      Objects.requireNonNull(then, "A warm-up needs the schedule that follows it.");
    }

    @Override
    public float learningRate(double step) {
      if (step < steps) {
        float peak = then.learningRate(0);
        return (float) (peak * (step + 1) / (steps + 1));
      }
      return then.learningRate(step - steps);
    }
  }
}
