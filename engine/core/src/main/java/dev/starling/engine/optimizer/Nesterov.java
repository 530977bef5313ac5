package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Stochastic gradient descent with Nesterov momentum, in the form that needs no look-ahead of the
 * parameters: {@code v' = fma(mu, v, g)}, {@code u = fma(mu, v', g)} (Sutskever et al., "On the
 * importance of initialization and momentum in deep learning", ICML 2013, rewritten for the
 * parameters at the looked-ahead point). The gradient's buffer becomes the update.
 *
 * <p>A gradient that is the sum of several counts as their sum. Belongs to one thread, the
 * communication agent's; owns its state.
 */
public final class Nesterov implements Optimizer {
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
  public Nesterov(float momentum, float l2Decay, long parameterCount) {
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
        : kernels.nesterov(state.vector(0), offsetBytes, gradient, offsetBytes, momentum, count);
  }

  @Override
  public MemorySegment update(MemorySegment gradient) {
    return gradient;
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
    return "nesterov momentum=" + momentum + " l2=" + l2Decay;
  }

  @Override
  public MemorySegment stateMemory() {
    return state.pages();
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
