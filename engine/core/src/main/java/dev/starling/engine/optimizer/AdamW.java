package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adam (Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1) with
 * decoupled weight decay (Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019,
 * algorithm 2, with the decay multiplied by the learning rate). The formula of the kernel {@code
 * adam} is in {@link dev.starling.engine.kernel}; the gradient's buffer becomes the update.
 *
 * <p>A gradient that is the sum of several is divided by their number, so that its size and that of
 * the second moment do not depend on how many the agent found waiting. The decay is applied once a
 * step, by the combine: {@code keep = 1 - rate * weightDecay}.
 *
 * <p>Moments are float32, two vectors: a gradient element beyond 1.8e19 squares to infinity, and
 * its parameter gets no further updates. Clip gradients that can grow so large.
 *
 * <p>Belongs to one thread, the communication agent's; owns its state.
 */
public final class AdamW implements Optimizer {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;
  private static final double MAX_BETA = 0.999999;

  private final float beta1;
  private final float beta2;
  private final float epsilon;
  private final float weightDecay;
  private final State state;
  private float correction1;
  private float correction2;
  private boolean begun;

  /**
   * Creates the optimizer of one worker with the factors of the paper: 0.9, 0.999 and 1e-8.
   *
   * @param weightDecay decoupled weight decay, 0 for plain Adam
   * @param parameterCount parameters of the model
   */
  public AdamW(float weightDecay, long parameterCount) {
    this(BETA1, BETA2, EPSILON, weightDecay, parameterCount);
  }

  /**
   * Creates the optimizer of one worker.
   *
   * @param beta1 decay of the first moment, from 0 to 0.999999
   * @param beta2 decay of the second moment, from 0 to 0.999999
   * @param epsilon added to the root of the second moment, from 1e-30 to 1
   * @param weightDecay decoupled weight decay, 0 for plain Adam
   * @param parameterCount parameters of the model
   */
  public AdamW(float beta1, float beta2, float epsilon, float weightDecay, long parameterCount) {
    ConfigurationException.requireRange("beta1", beta1, 0, MAX_BETA);
    ConfigurationException.requireRange("beta2", beta2, 0, MAX_BETA);
    ConfigurationException.requireRange("epsilon", epsilon, 1e-30, 1);
    ConfigurationException.requireRange("weight decay", weightDecay, 0, 1);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    state = new State("moments of AdamW", 2, parameterCount);
  }

  /** Computes the bias corrections of the step, in double, each rounded to a float once. */
  @Override
  public void begin(long step) {
    State.requireStep(step);
    correction1 = correction(beta1, step);
    correction2 = correction(beta2, step);
    begun = true;
  }

  private static float correction(float beta, long step) {
    return (float) (1 / (1 - StrictMath.pow(beta, step)));
  }

  @Override
  public float gradientScale(int gradients) {
    return 1f / gradients;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if no step has been begun
   */
  @Override
  public long advance(Kernels kernels, MemorySegment gradient, long offsetBytes, long count) {
    if (!begun) {
      throw new IllegalStateException(
          "AdamW was advanced before its first step was begun; call begin(step) first.");
    }
    return kernels.adam(
        state.vector(0),
        offsetBytes,
        state.vector(1),
        offsetBytes,
        gradient,
        offsetBytes,
        beta1,
        beta2,
        correction1,
        correction2,
        epsilon,
        count);
  }

  @Override
  public MemorySegment update(MemorySegment gradient) {
    return gradient;
  }

  /** Returns {@code 1 - learningRate * weightDecay}, in double, rounded to a float once. */
  @Override
  public float keep(float learningRate) {
    return (float) (1 - (double) learningRate * weightDecay);
  }

  /** Returns 0: the decay is decoupled from the gradient. */
  @Override
  public float l2Decay() {
    return 0;
  }

  @Override
  public List<String> stateNames() {
    return List.of("first_moment", "second_moment");
  }

  @Override
  public MemorySegment state(int index) {
    return state.vector(index);
  }

  @Override
  public String specification() {
    return "adamw beta1="
        + beta1
        + " beta2="
        + beta2
        + " epsilon="
        + epsilon
        + " decay="
        + weightDecay;
  }

  @Override
  public MemorySegment stateMemory() {
    return state.pages();
  }

  @Override
  public long stateBytes() {
    return state.lengthBytes();
  }

  @Override
  public void close() {
    state.close();
  }
}
