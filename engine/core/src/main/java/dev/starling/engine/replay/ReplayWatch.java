package dev.starling.engine.replay;

import dev.starling.engine.optimizer.Optimizer;
import java.lang.foreign.MemorySegment;

/** Is told of states that it asked for, while they are there. Called from the replaying thread. */
public interface ReplayWatch {
  /**
   * A stripe has a version that was asked for.
   *
   * @param chain the chain
   * @param stripe the stripe
   * @param version the version
   * @param content its parameters, float32; valid during the call
   */
  void stripe(ChainId chain, int stripe, long version, MemorySegment content);

  /**
   * The optimizer of a chain is where a checkpoint was taken.
   *
   * @param chain the chain
   * @param set the set's number
   * @param optimizerStep how many steps it has made
   * @param optimizer its state; valid during the call
   */
  default void optimizer(ChainId chain, long set, long optimizerStep, Optimizer optimizer) {}
}
