package dev.starling.models;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Multi-layer perceptron: fully connected layers with ReLU between them, cross-entropy at the end,
 * weights drawn as He et al. 2015 (arXiv:1502.01852) propose.
 */
public final class Mlp implements Model {
  /** Most hidden layers. */
  public static final int MAX_HIDDEN_LAYERS = 64;

  private final String name;
  private final DenseLayers layers;

  /**
   * Makes the model.
   *
   * @param inputs features of one sample, at least 1
   * @param classes number of classes, at least 2
   * @param hidden widths of the hidden layers from the input on, 1 to {@value #MAX_HIDDEN_LAYERS}
   *     of them
   * @throws IllegalArgumentException if a size is out of range
   */
  public Mlp(int inputs, int classes, int... hidden) {
    name =
        "mlp:" + Arrays.stream(hidden).mapToObj(String::valueOf).collect(Collectors.joining(","));
    if (hidden.length < 1 || hidden.length > MAX_HIDDEN_LAYERS) {
      throw new IllegalArgumentException(
          "model %s has %d hidden layers; use 1 to %d"
              .formatted(name, hidden.length, MAX_HIDDEN_LAYERS));
    }
    int[] widths = new int[hidden.length + 2];
    widths[0] = inputs;
    System.arraycopy(hidden, 0, widths, 1, hidden.length);
    widths[hidden.length + 1] = classes;
    layers = new DenseLayers(name, widths);
  }

  @Override
  public String name() {
    return name;
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
    layers.initialise(parameters, random);
  }

  @Override
  public Pass newPass(int maxBatch) {
    return new DensePass(layers, maxBatch);
  }
}
