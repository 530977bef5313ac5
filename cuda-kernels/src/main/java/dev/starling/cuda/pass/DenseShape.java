package dev.starling.cuda.pass;

import dev.starling.models.Mlp;
import dev.starling.models.Model;
import dev.starling.models.SoftmaxRegression;
import dev.starling.models.TensorSpec;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Sizes of a model's fully connected layers and where their tensors lie in the flat vector. */
final class DenseShape {
  private final int[] widths;
  private final long[] weightBytes;
  private final long[] biasBytes;
  private final long parameterCount;

  private DenseShape(Model model) {
    List<TensorSpec> tensors = model.tensors();
    int layers = tensors.size() / 2;
    widths = new int[layers + 1];
    weightBytes = new long[layers];
    biasBytes = new long[layers];
    widths[0] = model.inputs();
    for (int layer = 0; layer < layers; layer++) {
      TensorSpec weight = tensors.get(2 * layer);
      TensorSpec bias = tensors.get(2 * layer + 1);
      widths[layer + 1] = Math.toIntExact(bias.shape().getFirst());
      weightBytes[layer] = weight.offset() * Float.BYTES;
      biasBytes[layer] = bias.offset() * Float.BYTES;
    }
    parameterCount = model.parameterCount();
  }

  /**
   * Reads the shape of a model.
   *
   * @throws IllegalArgumentException if it is not one of the reference models
   */
  static DenseShape of(Model model) {
    if (!(model instanceof Mlp || model instanceof SoftmaxRegression)) {
      throw new IllegalArgumentException(
          "model %s cannot be computed on a GPU: use softmax or mlp, or its own pass on the CPU"
              .formatted(model.name()));
    }
    return new DenseShape(model);
  }

  int layers() {
    return weightBytes.length;
  }

  int in(int layer) {
    return widths[layer];
  }

  int out(int layer) {
    return widths[layer + 1];
  }

  int inputs() {
    return widths[0];
  }

  int classes() {
    return widths[widths.length - 1];
  }

  /** The most outputs of any layer. */
  int maxOut() {
    int max = 0;
    for (int layer = 0; layer < layers(); layer++) {
      max = Math.max(max, out(layer));
    }
    return max;
  }

  long weightBytes(int layer) {
    return weightBytes[layer];
  }

  long biasBytes(int layer) {
    return biasBytes[layer];
  }

  long parameterCount() {
    return parameterCount;
  }

  long lengthBytes() {
    return parameterCount * Float.BYTES;
  }

  /** Refuses a segment that is too short. */
  void checkLength(String what, MemorySegment segment) {
    if (segment.byteSize() < lengthBytes()) {
      throw new IllegalArgumentException(
          "the %s segment has %d bytes but the model's %d parameters need %d"
              .formatted(what, segment.byteSize(), parameterCount, lengthBytes()));
    }
  }

  /** Refuses a data set that does not fit. */
  void checkData(Dataset data) {
    if (data.inputs() != inputs() || data.classes() > classes()) {
      throw new IllegalArgumentException(
          "data set %s has %d features and %d classes but the model takes %d and %d"
              .formatted(data.name(), data.inputs(), data.classes(), inputs(), classes()));
    }
  }
}
