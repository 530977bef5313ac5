package dev.starling.cuda.pass;

/**
 * Submits the matrix products of fully connected layers to a pass's stream. All addresses are the
 * device's; matrices lie row after row without gaps. Belongs to the thread of its pass; allocates
 * nothing.
 */
interface Products extends AutoCloseable {
  /**
   * {@code z = x w^T + bias}, then {@code max(0, z)} if hidden; sets {@code *poisoned} where a sum
   * is not finite.
   */
  void forward(Layer layer, long x, long z, long poisoned, int batch, boolean hidden);

  /** {@code dw = dz^T x}. */
  void weightGradient(Layer layer, long dz, long x, int batch);

  /** {@code dx = dz w} where {@code x} is above zero, else 0. */
  void inputGradient(Layer layer, long dz, long x, long dx, int batch);

  /** Gives a library's resources back, after the work in flight. Closing twice does nothing. */
  @Override
  default void close() {}

  /**
   * A layer in the memory of the device.
   *
   * @param in inputs
   * @param out outputs
   * @param weight address of the weight
   * @param bias address of the bias
   * @param weightGradient address of the weight's gradient
   * @param biasGradient address of the bias's gradient
   */
  record Layer(int in, int out, long weight, long bias, long weightGradient, long biasGradient) {}
}
