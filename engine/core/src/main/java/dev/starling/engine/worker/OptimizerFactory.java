package dev.starling.engine.worker;

import dev.starling.engine.optimizer.Optimizer;

/** Creates the optimizer of each worker. */
@FunctionalInterface
public interface OptimizerFactory {
  /**
   * Creates one worker's optimizer.
   *
   * @param parameterCount parameters of the model
   * @return the optimizer, which the worker closes
   */
  Optimizer create(long parameterCount);
}
