package dev.starling.models;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Workspace of fully connected layers. Suffix {@code T} marks a matrix stored feature by feature
 * with the batch padded to {@code stride} columns; the others are stored sample by sample.
 */
final class DensePass implements Pass {
  private final DenseLayers layers;
  private final int maxBatch;

  /** Inputs of the first layer, transposed. */
  private final float[] inputT;

  /** Outputs of each layer, transposed: after ReLU, or logits for the last. */
  private final float[][] outputT;

  /** Outputs of the hidden layers, sample by sample. */
  private final float[][] output;

  /**
   * Loss gradient with respect to each layer's sums, rows padded with zeros to a multiple of the
   * tile.
   */
  private final float[][] delta;

  /** Where each sample starts in the data set's features. */
  private final int[] featureRows;

  /** Where each sample starts in {@link #output} of a hidden layer. */
  private final int[][] outputRows;

  private final int[] labels;

  /**
   * Allocates the workspace.
   *
   * @param layers layout
   * @param maxBatch largest batch
   */
  DensePass(DenseLayers layers, int maxBatch) {
    if (maxBatch < 1) {
      throw new IllegalArgumentException(
          "a batch of " + maxBatch + " samples holds nothing to compute; use at least 1");
    }
    long stride = roundUp(maxBatch, DenseKernels.TILE);
    if (stride * layers.maxWidth() > Integer.MAX_VALUE - 64) {
      throw new IllegalArgumentException(
          "a batch of %d samples with a layer of width %d exceeds what one array holds; use a batch of at most %d"
              .formatted(
                  maxBatch,
                  layers.maxWidth(),
                  (Integer.MAX_VALUE - 64) / layers.maxWidth() - DenseKernels.TILE));
    }
    this.layers = layers;
    this.maxBatch = maxBatch;
    int count = layers.count();
    inputT = new float[Math.toIntExact(stride * layers.inputs())];
    outputT = new float[count][];
    delta = new float[count][];
    output = new float[count - 1][];
    outputRows = new int[count - 1][maxBatch];
    for (int layer = 0; layer < count; layer++) {
      int out = layers.out(layer);
      outputT[layer] = new float[(int) stride * out];
      delta[layer] = new float[(int) roundUp(maxBatch, DenseKernels.ROWS) * out];
      if (layer < count - 1) {
        output[layer] = new float[maxBatch * out];
        for (int b = 0; b < maxBatch; b++) {
          outputRows[layer][b] = b * out;
        }
      }
    }
    featureRows = new int[maxBatch];
    labels = new int[maxBatch];
  }

  private static long roundUp(long value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  @Override
  public float gradient(MemorySegment parameters, Batch batch, MemorySegment gradient) {
    layers.checkLength("parameter", parameters);
    layers.checkLength("gradient", gradient);
    Dataset data = batch.data();
    checkData(data);
    int size = batch.size();
    if (size < 1 || size > maxBatch) {
      throw new IllegalArgumentException(
          "a batch of %d samples does not fit this pass; give it 1 to %d"
              .formatted(size, maxBatch));
    }
    for (int b = 0; b < size; b++) {
      featureRows[b] = data.featureOffset(batch.row(b));
      labels[b] = data.label(batch.row(b));
    }
    float[] features = data.features();
    if (!forward(parameters, features, size)) {
      fillNaN(gradient);
      return Float.NaN;
    }
    float loss = lossAndDelta(size);
    backward(parameters, features, size, gradient);
    return loss;
  }

  @Override
  public Evaluation evaluate(MemorySegment parameters, Dataset data) {
    layers.checkLength("parameter", parameters);
    checkData(data);
    int correct = 0;
    double loss = 0;
    for (int from = 0; from < data.count(); from += maxBatch) {
      int size = Math.min(maxBatch, data.count() - from);
      for (int b = 0; b < size; b++) {
        featureRows[b] = data.featureOffset(from + b);
        labels[b] = data.label(from + b);
      }
      if (forward(parameters, data.features(), size)) {
        int stride = stride(size);
        for (int b = 0; b < size; b++) {
          correct += largestIsLabel(b, stride) ? 1 : 0;
          loss += sampleLoss(b, stride);
        }
      } else {
        loss = Double.NaN;
      }
    }
    return new Evaluation((double) correct / data.count(), loss / data.count(), data.count());
  }

  private void checkData(Dataset data) {
    if (data.inputs() != layers.inputs() || data.classes() > layers.classes()) {
      throw new IllegalArgumentException(
          "data set %s has %d features and %d classes but the model takes %d and %d"
              .formatted(
                  data.name(), data.inputs(), data.classes(), layers.inputs(), layers.classes()));
    }
  }

  private static int stride(int size) {
    return (int) roundUp(size, DenseKernels.TILE);
  }

  /** Computes all layers; false if any sum is not finite. */
  private boolean forward(MemorySegment parameters, float[] features, int size) {
    int stride = stride(size);
    gather(features, size, stride);
    float[] in = inputT;
    boolean finite = true;
    for (int layer = 0; layer < layers.count(); layer++) {
      int out = layers.out(layer);
      DenseKernels.forward(
          parameters,
          layers.weightBytes(layer),
          layers.biasBytes(layer),
          layers.in(layer),
          out,
          in,
          stride,
          outputT[layer]);
      float floor = layer == layers.count() - 1 ? Float.NEGATIVE_INFINITY : 0f;
      finite &= clampAndCheck(outputT[layer], out * stride, floor);
      in = outputT[layer];
    }
    return finite;
  }

  private void gather(float[] features, int size, int stride) {
    int inputs = layers.inputs();
    for (int i = 0, to = 0; i < inputs; i++, to += stride) {
      for (int b = 0; b < size; b++) {
        inputT[to + b] = features[featureRows[b] + i];
      }
      for (int b = size; b < stride; b++) {
        inputT[to + b] = 0;
      }
    }
  }

  /** Applies {@code max(floor, z)}; false if any value was not finite before. */
  private static boolean clampAndCheck(float[] values, int length, float floor) {
    // z * 0 is 0 for every finite z and NaN for the others, and NaN stays in the sum.
    FloatVector poison = FloatVector.zero(DenseKernels.SPECIES);
    for (int i = 0; i < length; i += DenseKernels.LANES) {
      FloatVector z = FloatVector.fromArray(DenseKernels.SPECIES, values, i);
      poison = z.fma(FloatVector.zero(DenseKernels.SPECIES), poison);
      z.max(floor).intoArray(values, i);
    }
    return poison.reduceLanes(VectorOperators.ADD) == 0f;
  }

  private boolean largestIsLabel(int b, int stride) {
    float[] logits = outputT[layers.count() - 1];
    int label = labels[b];
    float own = logits[label * stride + b];
    for (int c = 0; c < layers.classes(); c++) {
      float other = logits[c * stride + b];
      if (other > own || (other == own && c < label)) {
        return false;
      }
    }
    return true;
  }

  private double sampleLoss(int b, int stride) {
    float[] logits = outputT[layers.count() - 1];
    float max = largestLogit(b, stride);
    double sum = 0;
    for (int c = 0; c < layers.classes(); c++) {
      sum += Math.exp(logits[c * stride + b] - max);
    }
    return Math.log(sum) + max - logits[labels[b] * stride + b];
  }

  private float largestLogit(int b, int stride) {
    float[] logits = outputT[layers.count() - 1];
    float max = logits[b];
    for (int c = 1; c < layers.classes(); c++) {
      max = Math.max(max, logits[c * stride + b]);
    }
    return max;
  }

  /** Mean cross-entropy; the last delta becomes {@code (softmax - one-hot) / size}. */
  private float lossAndDelta(int size) {
    int classes = layers.classes();
    int stride = stride(size);
    float[] logits = outputT[layers.count() - 1];
    float[] last = delta[layers.count() - 1];
    double loss = 0;
    for (int b = 0; b < size; b++) {
      float max = largestLogit(b, stride);
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        double power = Math.exp(logits[c * stride + b] - max);
        last[b * classes + c] = (float) power;
        sum += power;
      }
      double scale = 1.0 / (sum * size);
      for (int c = 0; c < classes; c++) {
        last[b * classes + c] = (float) (last[b * classes + c] * scale);
      }
      last[b * classes + labels[b]] -= 1f / size;
      loss += Math.log(sum) + max - logits[labels[b] * stride + b];
    }
    return (float) (loss / size);
  }

  private void backward(
      MemorySegment parameters, float[] features, int size, MemorySegment gradient) {
    int stride = stride(size);
    int rows = (int) roundUp(size, DenseKernels.ROWS);
    for (int layer = layers.count() - 1; layer >= 0; layer--) {
      int in = layers.in(layer);
      int out = layers.out(layer);
      float[] dz = delta[layer];
      Arrays.fill(dz, size * out, rows * out, 0f);
      biasGradient(dz, size, out, gradient, layers.biasBytes(layer));
      if (layer == 0) {
        DenseKernels.weightGradient(
            dz, features, featureRows, size, in, out, gradient, layers.weightBytes(layer));
      } else {
        float[] x = output[layer - 1];
        transpose(outputT[layer - 1], stride, in, size, x);
        DenseKernels.weightGradient(
            dz, x, outputRows[layer - 1], size, in, out, gradient, layers.weightBytes(layer));
        DenseKernels.inputGradient(
            parameters, layers.weightBytes(layer), in, out, dz, rows, delta[layer - 1]);
        zeroWhereIdle(delta[layer - 1], x, size * in);
      }
    }
  }

  private static void transpose(float[] from, int stride, int width, int size, float[] to) {
    for (int b = 0; b < size; b++) {
      for (int i = 0, at = b; i < width; i++, at += stride) {
        to[b * width + i] = from[at];
      }
    }
  }

  /** Derivative of ReLU: clears the gradient where the output is zero. */
  private static void zeroWhereIdle(float[] gradient, float[] output, int length) {
    int i = 0;
    for (; i + DenseKernels.LANES <= length; i += DenseKernels.LANES) {
      VectorMask<Float> active =
          FloatVector.fromArray(DenseKernels.SPECIES, output, i).compare(VectorOperators.GT, 0f);
      FloatVector.zero(DenseKernels.SPECIES)
          .blend(FloatVector.fromArray(DenseKernels.SPECIES, gradient, i), active)
          .intoArray(gradient, i);
    }
    for (; i < length; i++) {
      gradient[i] = output[i] > 0 ? gradient[i] : 0f;
    }
  }

  private static void biasGradient(float[] dz, int size, int out, MemorySegment gradient, long to) {
    for (int o = 0; o < out; o++) {
      float sum = 0;
      for (int b = 0; b < size; b++) {
        sum += dz[b * out + o];
      }
      gradient.set(JAVA_FLOAT, to + (long) o * Float.BYTES, sum);
    }
  }

  private void fillNaN(MemorySegment gradient) {
    for (long i = 0; i < layers.parameterCount(); i++) {
      gradient.set(JAVA_FLOAT, i * Float.BYTES, Float.NaN);
    }
  }
}
