package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;

/** Stochastic gradient descent, with heavy-ball momentum when its factor is not 0. */
public final class Sgd implements Optimizer {
  private final float momentum;
  private final float l2Decay;
  private final PrivateMemory velocity;

  /**
   * Creates the optimizer of one worker.
   *
   * @param momentum the factor {@code mu}, from 0 (plain SGD, no state) to below 1
   * @param l2Decay weight decay added to the gradient
   * @param parameterCount parameters of the model
   */
  public Sgd(float momentum, float l2Decay, long parameterCount) {
    ConfigurationException.requireRange("momentum", momentum, 0, 0.99999);
    ConfigurationException.requireRange("weight decay", l2Decay, 0, 1);
    this.momentum = momentum;
    this.l2Decay = l2Decay;
    velocity =
        momentum == 0 ? null : PrivateMemory.allocate("momentum", parameterCount * Float.BYTES);
  }

  @Override
  public long advance(Kernels kernels, MemorySegment gradient, long offsetBytes, long count) {
    return velocity == null
        ? DONE
        : kernels.momentum(velocity.segment(), offsetBytes, gradient, offsetBytes, momentum, count);
  }

  @Override
  public MemorySegment update(MemorySegment gradient) {
    return velocity == null ? gradient : velocity.segment();
  }

  @Override
  public float l2Decay() {
    return l2Decay;
  }

  @Override
  public void close() {
    if (velocity != null) {
      velocity.close();
    }
  }
}
