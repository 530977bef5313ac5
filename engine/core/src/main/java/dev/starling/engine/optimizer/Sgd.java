package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Stochastic gradient descent, with heavy-ball momentum when its factor is not 0. */
public final class Sgd implements Optimizer {
  private final float momentum;
  private final float l2Decay;
  private final State state;

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
    state = momentum == 0 ? null : new State("momentum", 1, parameterCount);
  }

  @Override
  public void begin(long step) {
    State.requireStep(step);
  }

  @Override
  public long advance(Kernels kernels, MemorySegment gradient, long offsetBytes, long count) {
    return state == null
        ? DONE
        : kernels.momentum(state.vector(0), offsetBytes, gradient, offsetBytes, momentum, count);
  }

  @Override
  public MemorySegment update(MemorySegment gradient) {
    return state == null ? gradient : state.vector(0);
  }

  @Override
  public boolean changesGradient() {
    return false;
  }

  @Override
  public float l2Decay() {
    return l2Decay;
  }

  @Override
  public List<String> stateNames() {
    return state == null ? List.of() : List.of("momentum");
  }

  @Override
  public MemorySegment state(int index) {
    return state.vector(index);
  }

  @Override
  public String specification() {
    return "sgd momentum=" + momentum + " l2=" + l2Decay;
  }

  @Override
  public MemorySegment stateMemory() {
    return state == null ? null : state.pages();
  }

  @Override
  public long stateBytes() {
    return state == null ? 0 : state.lengthBytes();
  }

  @Override
  public void close() {
    if (state != null) {
      state.close();
    }
  }
}
