package dev.starling.models;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Shape and place of fully connected layers in the flat vector: weight {@code [out x in]}, then
 * bias {@code [out]}.
 */
final class DenseLayers {
  /** Widest layer: beyond this a typing error is more likely than a model. */
  static final int MAX_WIDTH = 1 << 20;

  /** Most parameters: 8 GiB of float32. */
  static final long MAX_PARAMETERS = 1L << 31;

  private final int[] widths;
  private final long[] weightOffsets;
  private final long parameterCount;
  private final List<TensorSpec> tensors;

  /**
   * Lays out the layers.
   *
   * @param name model name for messages
   * @param widths inputs, hidden widths, classes
   */
  DenseLayers(String name, int... widths) {
    this.widths = widths.clone();
    weightOffsets = new long[widths.length - 1];
    List<TensorSpec> specs = new ArrayList<>();
    long offset = 0;
    for (int layer = 0; layer < weightOffsets.length; layer++) {
      int in = checkWidth(name, widths[layer]);
      int out = checkWidth(name, widths[layer + 1]);
      weightOffsets[layer] = offset;
      specs.add(new TensorSpec("layer" + layer + ".weight", List.of(out, in), offset));
      offset += (long) out * in;
      specs.add(new TensorSpec("layer" + layer + ".bias", List.of(out), offset));
      offset += out;
    }
    if (widths[widths.length - 1] < 2) {
      throw new IllegalArgumentException(
          "model %s has %d classes; a classifier needs at least 2"
              .formatted(name, widths[widths.length - 1]));
    }
    if (offset > MAX_PARAMETERS) {
      throw new IllegalArgumentException(
          "model %s on %d inputs has %d parameters, more than the supported %d; use narrower layers"
              .formatted(name, widths[0], offset, MAX_PARAMETERS));
    }
    parameterCount = offset;
    tensors = List.copyOf(specs);
  }

  private static int checkWidth(String name, int width) {
    if (width < 1 || width > MAX_WIDTH) {
      throw new IllegalArgumentException(
          "model %s has a layer of width %d; use 1 to %d".formatted(name, width, MAX_WIDTH));
    }
    return width;
  }

  /** {@return number of layers} */
  int count() {
    return weightOffsets.length;
  }

  /**
   * {@return inputs of a layer}
   *
   * @param layer 0 for the one next to the input
   */
  int in(int layer) {
    return widths[layer];
  }

  /**
   * {@return outputs of a layer}
   *
   * @param layer 0 for the one next to the input
   */
  int out(int layer) {
    return widths[layer + 1];
  }

  /** {@return width of the input} */
  int inputs() {
    return widths[0];
  }

  /** {@return width of the output} */
  int classes() {
    return widths[widths.length - 1];
  }

  /** {@return width of the widest layer, input included} */
  int maxWidth() {
    int max = 0;
    for (int width : widths) {
      max = Math.max(max, width);
    }
    return max;
  }

  /**
   * {@return byte offset of a layer's weight}
   *
   * @param layer 0 for the one next to the input
   */
  long weightBytes(int layer) {
    return weightOffsets[layer] * Float.BYTES;
  }

  /**
   * {@return byte offset of a layer's bias}
   *
   * @param layer 0 for the one next to the input
   */
  long biasBytes(int layer) {
    return (weightOffsets[layer] + (long) in(layer) * out(layer)) * Float.BYTES;
  }

  /** {@return length of the flat vector in elements} */
  long parameterCount() {
    return parameterCount;
  }

  /** {@return the tensors without gaps} */
  List<TensorSpec> tensors() {
    return tensors;
  }

  /**
   * Refuses a segment that is too short.
   *
   * @param what what the segment holds, for the message
   * @param segment the segment
   */
  void checkLength(String what, MemorySegment segment) {
    if (segment.byteSize() < parameterCount * Float.BYTES) {
      throw new IllegalArgumentException(
          "the %s segment has %d bytes but the model's %d parameters need %d"
              .formatted(what, segment.byteSize(), parameterCount, parameterCount * Float.BYTES));
    }
  }

  /**
   * He et al. 2015 (arXiv:1502.01852, equation 10): normal weights of variance 2 / inputs before a
   * ReLU, and 1 / inputs for the output layer, which has none; biases zero.
   *
   * @param parameters receives the values
   * @param random source of randomness
   */
  void initialise(MemorySegment parameters, RandomGenerator random) {
    checkLength("parameter", parameters);
    for (int layer = 0; layer < count(); layer++) {
      double gain = layer == count() - 1 ? 1.0 : 2.0;
      double deviation = Math.sqrt(gain / in(layer));
      long weights = (long) in(layer) * out(layer);
      for (long i = 0; i < weights; i++) {
        parameters.set(
            ValueLayout.JAVA_FLOAT,
            weightBytes(layer) + i * Float.BYTES,
            (float) (deviation * random.nextGaussian()));
      }
      parameters.asSlice(biasBytes(layer), (long) out(layer) * Float.BYTES).fill((byte) 0);
    }
  }
}
