package dev.starling.models;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Multinomial logistic regression: one fully connected layer and cross-entropy. Convex, so it
 * starts from zero whatever the seed.
 */
public final class SoftmaxRegression implements Model {
  private final DenseLayers layers;

  /**
   * Makes the model.
   *
   * @param inputs features of one sample, at least 1
   * @param classes number of classes, at least 2
   * @throws IllegalArgumentException if a size is out of range
   */
  public SoftmaxRegression(int inputs, int classes) {
    layers = new DenseLayers("softmax", inputs, classes);
  }

  @Override
  public String name() {
    return "softmax";
  }

  @Override
  public int inputs() {
    return layers.inputs();
  }

  @Override
  public int classes() {
    return layers.classes();
  }

  @Override
  public long parameterCount() {
    return layers.parameterCount();
  }

  @Override
  public List<TensorSpec> tensors() {
    return layers.tensors();
  }

  @Override
  public void initialise(MemorySegment parameters, RandomGenerator random) {
    layers.checkLength("parameter", parameters);
    parameters.asSlice(0, parameterCount() * Float.BYTES).fill((byte) 0);
  }

  @Override
  public Pass newPass(int maxBatch) {
    return new DensePass(layers, maxBatch);
  }
}
