package dev.starling.models;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The three matrix products of a fully connected layer, each as a register tile of four rows by two
 * vectors that runs over the whole inner dimension.
 *
 * <pre>
 *  forward         z^T[out x batch] = w[out x in]    . x^T[in x batch]    vectors along the batch
 *  inputGradient   dx[batch x in]   = dz[batch x out] . w[out x in]       vectors along the inputs
 *  weightGradient  dw[out x in]     = dz^T[out x batch] . x[batch x in]   vectors along the inputs
 * </pre>
 *
 * <p>In each product the vector operand is loaded and the other broadcast, so no lane is ever added
 * to another and every element is the same chain of fused multiply-adds on any vector width. A last
 * tile that would stick out is moved back to overlap the one before it, which writes the same bits
 * twice; matrices narrower than a tile take the scalar loop, as all do where vectors are not
 * compiled.
 */
final class DenseKernels {
  /** The widest vectors of this machine. */
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /**
   * The receiver of every {@code broadcast}: it tells the compiler the class of the result. Without
   * that, a JVM that also runs kernels of another width may allocate a vector for each call. Never
   * start a sum from it: a constant that meets computed vectors in a loop keeps them all on the
   * heap.
   */
  private static final FloatVector ZERO = FloatVector.zero(SPECIES);

  /** Floats in a vector. */
  static final int LANES = SPECIES.length();

  /** Columns of a tile. */
  static final int TILE = 2 * LANES;

  /** Rows of a tile. */
  static final int ROWS = 4;

  /**
   * An interpreter, and a JVM that stops at its first compiler, makes an object of every vector.
   */
  private static final boolean VECTORS =
      !System.getProperty("java.vm.info", "").matches(".*(interpreted mode|emulated-client).*");

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private DenseKernels() {}

  /**
   * {@code zt[o][b] = bias[o] + sum over i of w[o][i] * xt[i][b]}.
   *
   * @param parameters weights and biases
   * @param weight byte offset of the weight
   * @param bias byte offset of the bias
   * @param in columns of the weight
   * @param out rows of the weight
   * @param xt inputs, {@code in x stride}
   * @param stride padded batch, a multiple of {@link #TILE}
   * @param zt receives the sums, {@code out x stride}
   */
  static void forward(
      MemorySegment parameters,
      long weight,
      long bias,
      int in,
      int out,
      float[] xt,
      int stride,
      float[] zt) {
    if (!VECTORS) {
      forwardScalar(parameters, weight, bias, in, out, xt, stride, zt);
      return;
    }
    int o = 0;
    for (; o + ROWS <= out; o += ROWS) {
      for (int b = 0; b < stride; b += TILE) {
        forward4(parameters, weight, bias, in, o, xt, stride, b, zt);
      }
    }
    for (; o < out; o++) {
      for (int b = 0; b < stride; b += TILE) {
        forward1(parameters, weight, bias, in, o, xt, stride, b, zt);
      }
    }
  }

  static void forwardScalar(
      MemorySegment parameters,
      long weight,
      long bias,
      int in,
      int out,
      float[] xt,
      int stride,
      float[] zt) {
    for (int o = 0; o < out; o++) {
      long row = weight + (long) o * in * Float.BYTES;
      Arrays.fill(
          zt,
          o * stride,
          (o + 1) * stride,
          parameters.get(JAVA_FLOAT, bias + (long) o * Float.BYTES));
      for (int i = 0; i < in; i++) {
        float w = parameters.get(JAVA_FLOAT, row + (long) i * Float.BYTES);
        for (int b = 0; b < stride; b++) {
          zt[o * stride + b] = Math.fma(w, xt[i * stride + b], zt[o * stride + b]);
        }
      }
    }
  }

  private static void forward4(
      MemorySegment parameters,
      long weight,
      long bias,
      int in,
      int o,
      float[] xt,
      int stride,
      int b,
      float[] zt) {
    long rowBytes = (long) in * Float.BYTES;
    long row0 = weight + o * rowBytes;
    long row1 = row0 + rowBytes;
    long row2 = row1 + rowBytes;
    long row3 = row2 + rowBytes;
    long biasAt = bias + (long) o * Float.BYTES;
    FloatVector z00 = ZERO.broadcast(parameters.get(JAVA_FLOAT, biasAt));
    FloatVector z10 = ZERO.broadcast(parameters.get(JAVA_FLOAT, biasAt + 4));
    FloatVector z20 = ZERO.broadcast(parameters.get(JAVA_FLOAT, biasAt + 8));
    FloatVector z30 = ZERO.broadcast(parameters.get(JAVA_FLOAT, biasAt + 12));
    FloatVector z01 = z00;
    FloatVector z11 = z10;
    FloatVector z21 = z20;
    FloatVector z31 = z30;
    for (int i = 0, x = b; i < in; i++, x += stride) {
      FloatVector x0 = FloatVector.fromArray(SPECIES, xt, x);
      FloatVector x1 = FloatVector.fromArray(SPECIES, xt, x + LANES);
      long at = (long) i * Float.BYTES;
      FloatVector w0 = ZERO.broadcast(parameters.get(JAVA_FLOAT, row0 + at));
      z00 = w0.fma(x0, z00);
      z01 = w0.fma(x1, z01);
      FloatVector w1 = ZERO.broadcast(parameters.get(JAVA_FLOAT, row1 + at));
      z10 = w1.fma(x0, z10);
      z11 = w1.fma(x1, z11);
      FloatVector w2 = ZERO.broadcast(parameters.get(JAVA_FLOAT, row2 + at));
      z20 = w2.fma(x0, z20);
      z21 = w2.fma(x1, z21);
      FloatVector w3 = ZERO.broadcast(parameters.get(JAVA_FLOAT, row3 + at));
      z30 = w3.fma(x0, z30);
      z31 = w3.fma(x1, z31);
    }
    int to = o * stride + b;
    z00.intoArray(zt, to);
    z01.intoArray(zt, to + LANES);
    z10.intoArray(zt, to + stride);
    z11.intoArray(zt, to + stride + LANES);
    z20.intoArray(zt, to + 2 * stride);
    z21.intoArray(zt, to + 2 * stride + LANES);
    z30.intoArray(zt, to + 3 * stride);
    z31.intoArray(zt, to + 3 * stride + LANES);
  }

  private static void forward1(
      MemorySegment parameters,
      long weight,
      long bias,
      int in,
      int o,
      float[] xt,
      int stride,
      int b,
      float[] zt) {
    long row = weight + (long) o * in * Float.BYTES;
    FloatVector z0 = ZERO.broadcast(parameters.get(JAVA_FLOAT, bias + (long) o * Float.BYTES));
    FloatVector z1 = z0;
    for (int i = 0, x = b; i < in; i++, x += stride) {
      FloatVector w = ZERO.broadcast(parameters.get(JAVA_FLOAT, row + (long) i * Float.BYTES));
      z0 = w.fma(FloatVector.fromArray(SPECIES, xt, x), z0);
      z1 = w.fma(FloatVector.fromArray(SPECIES, xt, x + LANES), z1);
    }
    z0.intoArray(zt, o * stride + b);
    z1.intoArray(zt, o * stride + b + LANES);
  }

  /**
   * {@code dx[b][i] = sum over o of dz[b][o] * w[o][i]}.
   *
   * @param parameters weights
   * @param weight byte offset of the weight
   * @param in columns of the weight
   * @param out rows of the weight
   * @param dz gradient of the sums, {@code rows x out}
   * @param rows batch padded to a multiple of {@link #ROWS}
   * @param dx receives the gradient of the inputs, {@code rows x in}
   */
  static void inputGradient(
      MemorySegment parameters, long weight, int in, int out, float[] dz, int rows, float[] dx) {
    if (in < TILE || !VECTORS) {
      inputGradientScalar(parameters, weight, in, out, dz, rows, dx);
      return;
    }
    for (int column = 0; column < in; column += TILE) {
      int i = Math.min(column, in - TILE);
      for (int b = 0; b < rows; b += ROWS) {
        inputGradient4(parameters, weight, in, out, dz, b, i, dx);
      }
    }
  }

  private static void inputGradient4(
      MemorySegment parameters,
      long weight,
      int in,
      int out,
      float[] dz,
      int b,
      int i,
      float[] dx) {
    FloatVector d00 = FloatVector.zero(SPECIES);
    FloatVector d01 = d00;
    FloatVector d10 = d00;
    FloatVector d11 = d00;
    FloatVector d20 = d00;
    FloatVector d21 = d00;
    FloatVector d30 = d00;
    FloatVector d31 = d00;
    long rowBytes = (long) in * Float.BYTES;
    long first = weight + (long) i * Float.BYTES;
    long laneBytes = (long) LANES * Float.BYTES;
    int z0 = b * out;
    int z1 = z0 + out;
    int z2 = z1 + out;
    int z3 = z2 + out;
    for (int o = 0; o < out; o++) {
      long at = first + o * rowBytes;
      FloatVector w0 = FloatVector.fromMemorySegment(SPECIES, parameters, at, ORDER);
      FloatVector w1 = FloatVector.fromMemorySegment(SPECIES, parameters, at + laneBytes, ORDER);
      FloatVector s0 = ZERO.broadcast(dz[z0 + o]);
      d00 = s0.fma(w0, d00);
      d01 = s0.fma(w1, d01);
      FloatVector s1 = ZERO.broadcast(dz[z1 + o]);
      d10 = s1.fma(w0, d10);
      d11 = s1.fma(w1, d11);
      FloatVector s2 = ZERO.broadcast(dz[z2 + o]);
      d20 = s2.fma(w0, d20);
      d21 = s2.fma(w1, d21);
      FloatVector s3 = ZERO.broadcast(dz[z3 + o]);
      d30 = s3.fma(w0, d30);
      d31 = s3.fma(w1, d31);
    }
    int to = b * in + i;
    d00.intoArray(dx, to);
    d01.intoArray(dx, to + LANES);
    d10.intoArray(dx, to + in);
    d11.intoArray(dx, to + in + LANES);
    d20.intoArray(dx, to + 2 * in);
    d21.intoArray(dx, to + 2 * in + LANES);
    d30.intoArray(dx, to + 3 * in);
    d31.intoArray(dx, to + 3 * in + LANES);
  }

  static void inputGradientScalar(
      MemorySegment parameters, long weight, int in, int out, float[] dz, int rows, float[] dx) {
    for (int b = 0; b < rows; b++) {
      for (int i = 0; i < in; i++) {
        float sum = 0;
        for (int o = 0; o < out; o++) {
          long at = weight + ((long) o * in + i) * Float.BYTES;
          sum = Math.fma(dz[b * out + o], parameters.get(JAVA_FLOAT, at), sum);
        }
        dx[b * in + i] = sum;
      }
    }
  }

  /**
   * {@code dw[o][i] = sum over b of dz[b][o] * x[rows[b] + i]}.
   *
   * @param dz gradient of the sums, {@code batch x out}
   * @param x array that holds the inputs
   * @param rows where in {@code x} each sample's inputs start
   * @param batch number of samples
   * @param in columns of the weight
   * @param out rows of the weight
   * @param gradient receives the gradient of the weight
   * @param weight byte offset of the weight
   */
  static void weightGradient(
      float[] dz,
      float[] x,
      int[] rows,
      int batch,
      int in,
      int out,
      MemorySegment gradient,
      long weight) {
    if (in < TILE || !VECTORS) {
      weightGradientScalar(dz, x, rows, batch, in, out, gradient, weight);
      return;
    }
    for (int column = 0; column < in; column += TILE) {
      int i = Math.min(column, in - TILE);
      int o = 0;
      for (; o + ROWS <= out; o += ROWS) {
        weightGradient4(dz, x, rows, batch, in, out, o, i, gradient, weight);
      }
      for (; o < out; o++) {
        weightGradient1(dz, x, rows, batch, in, out, o, i, gradient, weight);
      }
    }
  }

  private static void weightGradient4(
      float[] dz,
      float[] x,
      int[] rows,
      int batch,
      int in,
      int out,
      int o,
      int i,
      MemorySegment gradient,
      long weight) {
    FloatVector g00 = FloatVector.zero(SPECIES);
    FloatVector g01 = g00;
    FloatVector g10 = g00;
    FloatVector g11 = g00;
    FloatVector g20 = g00;
    FloatVector g21 = g00;
    FloatVector g30 = g00;
    FloatVector g31 = g00;
    for (int b = 0, z = o; b < batch; b++, z += out) {
      int at = rows[b] + i;
      FloatVector x0 = FloatVector.fromArray(SPECIES, x, at);
      FloatVector x1 = FloatVector.fromArray(SPECIES, x, at + LANES);
      FloatVector s0 = ZERO.broadcast(dz[z]);
      g00 = s0.fma(x0, g00);
      g01 = s0.fma(x1, g01);
      FloatVector s1 = ZERO.broadcast(dz[z + 1]);
      g10 = s1.fma(x0, g10);
      g11 = s1.fma(x1, g11);
      FloatVector s2 = ZERO.broadcast(dz[z + 2]);
      g20 = s2.fma(x0, g20);
      g21 = s2.fma(x1, g21);
      FloatVector s3 = ZERO.broadcast(dz[z + 3]);
      g30 = s3.fma(x0, g30);
      g31 = s3.fma(x1, g31);
    }
    long rowBytes = (long) in * Float.BYTES;
    long laneBytes = (long) LANES * Float.BYTES;
    long to = weight + o * rowBytes + (long) i * Float.BYTES;
    g00.intoMemorySegment(gradient, to, ORDER);
    g01.intoMemorySegment(gradient, to + laneBytes, ORDER);
    g10.intoMemorySegment(gradient, to + rowBytes, ORDER);
    g11.intoMemorySegment(gradient, to + rowBytes + laneBytes, ORDER);
    g20.intoMemorySegment(gradient, to + 2 * rowBytes, ORDER);
    g21.intoMemorySegment(gradient, to + 2 * rowBytes + laneBytes, ORDER);
    g30.intoMemorySegment(gradient, to + 3 * rowBytes, ORDER);
    g31.intoMemorySegment(gradient, to + 3 * rowBytes + laneBytes, ORDER);
  }

  private static void weightGradient1(
      float[] dz,
      float[] x,
      int[] rows,
      int batch,
      int in,
      int out,
      int o,
      int i,
      MemorySegment gradient,
      long weight) {
    FloatVector g0 = FloatVector.zero(SPECIES);
    FloatVector g1 = g0;
    for (int b = 0, z = o; b < batch; b++, z += out) {
      FloatVector s = ZERO.broadcast(dz[z]);
      g0 = s.fma(FloatVector.fromArray(SPECIES, x, rows[b] + i), g0);
      g1 = s.fma(FloatVector.fromArray(SPECIES, x, rows[b] + i + LANES), g1);
    }
    long to = weight + ((long) o * in + i) * Float.BYTES;
    g0.intoMemorySegment(gradient, to, ORDER);
    g1.intoMemorySegment(gradient, to + (long) LANES * Float.BYTES, ORDER);
  }

  static void weightGradientScalar(
      float[] dz,
      float[] x,
      int[] rows,
      int batch,
      int in,
      int out,
      MemorySegment gradient,
      long weight) {
    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        float sum = 0;
        for (int b = 0; b < batch; b++) {
          sum = Math.fma(dz[b * out + o], x[rows[b] + i], sum);
        }
        gradient.set(JAVA_FLOAT, weight + ((long) o * in + i) * Float.BYTES, sum);
      }
    }
  }
}
