package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The reference of every kernel: the formulas of the {@linkplain dev.starling.engine.kernel
 * package}, one operation a line, one element at a time. {@link VectorKernels} gives the same bits
 * several times faster and uses this class for the elements that fill no vector.
 *
 * <p>Arguments as in the package: pairs of segment and byte offset, four-byte aligned, {@code
 * count} floats each. Thread-safe in that there is no state. Every method throws {@link
 * IllegalArgumentException} for a negative count, a misaligned start, a read-only output or a
 * partial overlap, {@link IndexOutOfBoundsException} for a range outside its segment, and {@link
 * IllegalStateException} for memory that has been closed.
 */
public final class ScalarKernels {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

  /** For floats that are moved, not computed: their bits stay what they are, NaN or not. */
  private static final ValueLayout.OfInt BITS =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

  private static final int LANES = 16;

  private ScalarKernels() {}

  /**
   * Computes {@code out = (x + y) * 0.5f}.
   *
   * @param x first vector
   * @param xo offset of {@code x}, bytes
   * @param y second vector
   * @param yo offset of {@code y}, bytes
   * @param out result; may be {@code x} or {@code y}
   * @param oo offset of {@code out}, bytes
   * @param count floats in each vector
   */
  public static void average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    Operands.require("x", x, xo, count);
    Operands.require("y", y, yo, count);
    Operands.requireOutput("out", out, oo, count);
    Operands.requireSameOrApart(out, oo, x, xo, count);
    Operands.requireSameOrApart(out, oo, y, yo, count);
    for (long i = 0; i < count; i++) {
      float s = get(x, xo, i) + get(y, yo, i);
      set(out, oo, i, s * 0.5f);
    }
  }

  /**
   * Computes {@code outX = outY = (x + y) * 0.5f}.
   *
   * @param x first vector
   * @param xo offset of {@code x}, bytes
   * @param y second vector
   * @param yo offset of {@code y}, bytes
   * @param outX one copy of the result; may be {@code x} or {@code y}
   * @param oxo offset of {@code outX}, bytes
   * @param outY the other copy of the result; may be {@code x} or {@code y}
   * @param oyo offset of {@code outY}, bytes
   * @param count floats in each vector
   */
  public static void averageBoth(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      long count) {
    Operands.require("x", x, xo, count);
    Operands.require("y", y, yo, count);
    Operands.requireOutput("outX", outX, oxo, count);
    Operands.requireOutput("outY", outY, oyo, count);
    Operands.requireSameOrApart(outX, oxo, x, xo, count);
    Operands.requireSameOrApart(outX, oxo, y, yo, count);
    Operands.requireSameOrApart(outX, oxo, outY, oyo, count);
    Operands.requireSameOrApart(outY, oyo, x, xo, count);
    Operands.requireSameOrApart(outY, oyo, y, yo, count);
    for (long i = 0; i < count; i++) {
      float s = get(x, xo, i) + get(y, yo, i);
      float m = s * 0.5f;
      set(outX, oxo, i, m);
      set(outY, oyo, i, m);
    }
  }

  /**
   * Computes {@code out = fma(-learningRate, u, x * keep)}.
   *
   * @param x parameters
   * @param xo offset of {@code x}, bytes
   * @param u update
   * @param uo offset of {@code u}, bytes
   * @param out result; may be {@code x} or {@code u}
   * @param oo offset of {@code out}, bytes
   * @param learningRate factor of the update
   * @param keep {@code 1 - decay} of a decoupled weight decay, 1 for none
   * @param count floats in each vector
   */
  public static void step(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count) {
    Operands.require("x", x, xo, count);
    Operands.require("u", u, uo, count);
    Operands.requireOutput("out", out, oo, count);
    Operands.requireSameOrApart(out, oo, x, xo, count);
    Operands.requireSameOrApart(out, oo, u, uo, count);
    for (long i = 0; i < count; i++) {
      float t = get(x, xo, i) * keep;
      set(out, oo, i, Math.fma(-learningRate, get(u, uo, i), t));
    }
  }

  /**
   * Computes {@code out = (fma(-learningRate, u, x * keep) + y) * 0.5f}.
   *
   * @param x parameters
   * @param xo offset of {@code x}, bytes
   * @param u update
   * @param uo offset of {@code u}, bytes
   * @param y the peer's parameters
   * @param yo offset of {@code y}, bytes
   * @param out result; may be {@code x}, {@code u} or {@code y}
   * @param oo offset of {@code out}, bytes
   * @param learningRate factor of the update
   * @param keep {@code 1 - decay} of a decoupled weight decay, 1 for none
   * @param count floats in each vector
   */
  public static void stepAverage(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment y,
      long yo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count) {
    Operands.require("x", x, xo, count);
    Operands.require("u", u, uo, count);
    Operands.require("y", y, yo, count);
    Operands.requireOutput("out", out, oo, count);
    Operands.requireSameOrApart(out, oo, x, xo, count);
    Operands.requireSameOrApart(out, oo, u, uo, count);
    Operands.requireSameOrApart(out, oo, y, yo, count);
    for (long i = 0; i < count; i++) {
      float t = get(x, xo, i) * keep;
      float a = Math.fma(-learningRate, get(u, uo, i), t);
      float s = a + get(y, yo, i);
      set(out, oo, i, s * 0.5f);
    }
  }

  /**
   * Computes {@link #stepAverage stepAverage} and writes its result twice.
   *
   * @param x parameters
   * @param xo offset of {@code x}, bytes
   * @param u update
   * @param uo offset of {@code u}, bytes
   * @param y the peer's parameters
   * @param yo offset of {@code y}, bytes
   * @param outX one copy of the result; may be {@code x}, {@code u} or {@code y}
   * @param oxo offset of {@code outX}, bytes
   * @param outY the other copy of the result; may be {@code x}, {@code u} or {@code y}
   * @param oyo offset of {@code outY}, bytes
   * @param learningRate factor of the update
   * @param keep {@code 1 - decay} of a decoupled weight decay, 1 for none
   * @param count floats in each vector
   */
  public static void stepAverageBoth(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      float learningRate,
      float keep,
      long count) {
    Operands.require("x", x, xo, count);
    Operands.require("u", u, uo, count);
    Operands.require("y", y, yo, count);
    Operands.requireOutput("outX", outX, oxo, count);
    Operands.requireOutput("outY", outY, oyo, count);
    Operands.requireSameOrApart(outX, oxo, x, xo, count);
    Operands.requireSameOrApart(outX, oxo, u, uo, count);
    Operands.requireSameOrApart(outX, oxo, y, yo, count);
    Operands.requireSameOrApart(outX, oxo, outY, oyo, count);
    Operands.requireSameOrApart(outY, oyo, x, xo, count);
    Operands.requireSameOrApart(outY, oyo, u, uo, count);
    Operands.requireSameOrApart(outY, oyo, y, yo, count);
    for (long i = 0; i < count; i++) {
      float t = get(x, xo, i) * keep;
      float a = Math.fma(-learningRate, get(u, uo, i), t);
      float s = a + get(y, yo, i);
      float m = s * 0.5f;
      set(outX, oxo, i, m);
      set(outY, oyo, i, m);
    }
  }

  /**
   * Computes {@code v = fma(mu, v, g)}, in place.
   *
   * @param v momentum, read and written
   * @param vo offset of {@code v}, bytes
   * @param g gradient
   * @param go offset of {@code g}, bytes
   * @param mu momentum factor
   * @param count floats in each vector
   */
  public static void momentum(
      MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    Operands.requireOutput("v", v, vo, count);
    Operands.require("g", g, go, count);
    Operands.requireSameOrApart(v, vo, g, go, count);
    for (long i = 0; i < count; i++) {
      set(v, vo, i, Math.fma(mu, get(v, vo, i), get(g, go, i)));
    }
  }

  /**
   * Computes {@code x = x * s}, in place.
   *
   * @param x vector, read and written
   * @param xo offset of {@code x}, bytes
   * @param s factor
   * @param count floats in the vector
   */
  public static void scale(MemorySegment x, long xo, float s, long count) {
    Operands.requireOutput("x", x, xo, count);
    for (long i = 0; i < count; i++) {
      set(x, xo, i, get(x, xo, i) * s);
    }
  }

  /**
   * Computes Nesterov momentum, in place: {@code v = fma(mu, v, g)}, then {@code g = fma(mu, v,
   * g)}.
   *
   * @param v momentum, read and written
   * @param vo offset of {@code v}, bytes
   * @param g gradient, read, and overwritten with the update
   * @param go offset of {@code g}, bytes
   * @param mu momentum factor
   * @param count floats in each vector
   */
  public static void nesterov(
      MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    Operands.requireOutput("v", v, vo, count);
    Operands.requireOutput("g", g, go, count);
    Operands.requireSameOrApart(v, vo, g, go, count);
    for (long i = 0; i < count; i++) {
      float gradient = get(g, go, i);
      float velocity = Math.fma(mu, get(v, vo, i), gradient);
      set(v, vo, i, velocity);
      set(g, go, i, Math.fma(mu, velocity, gradient));
    }
  }

  /**
   * Computes one step of Adam, in place: the two moments advance and the gradient becomes the
   * update.
   *
   * @param m first moment, read and written
   * @param mo offset of {@code m}, bytes
   * @param v second moment, read and written
   * @param vo offset of {@code v}, bytes
   * @param g gradient, read, and overwritten with the update
   * @param go offset of {@code g}, bytes
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param c1 bias correction of the first moment, {@code 1 / (1 - beta1^step)}
   * @param c2 bias correction of the second moment, {@code 1 / (1 - beta2^step)}
   * @param epsilon added to the root of the second moment
   * @param count floats in each vector
   */
  public static void adam(
      MemorySegment m,
      long mo,
      MemorySegment v,
      long vo,
      MemorySegment g,
      long go,
      float beta1,
      float beta2,
      float c1,
      float c2,
      float epsilon,
      long count) {
    Operands.requireOutput("m", m, mo, count);
    Operands.requireOutput("v", v, vo, count);
    Operands.requireOutput("g", g, go, count);
    Operands.requireSameOrApart(m, mo, v, vo, count);
    Operands.requireSameOrApart(m, mo, g, go, count);
    Operands.requireSameOrApart(v, vo, g, go, count);
    float b1 = 1f - beta1;
    float b2 = 1f - beta2;
    for (long i = 0; i < count; i++) {
      float gradient = get(g, go, i);
      float t = gradient * b1;
      float first = Math.fma(beta1, get(m, mo, i), t);
      float q = gradient * gradient;
      q = q * b2;
      float second = Math.fma(beta2, get(v, vo, i), q);
      float mh = first * c1;
      float vh = second * c2;
      // The root of a float, taken in double, is correctly rounded when it becomes a float.
      float d = (float) Math.sqrt(vh);
      d = d + epsilon;
      set(m, mo, i, first);
      set(v, vo, i, second);
      set(g, go, i, mh / d);
    }
  }

  /**
   * Computes {@code acc = acc + g}, in place.
   *
   * @param acc sum, read and written
   * @param ao offset of {@code acc}, bytes
   * @param g gradient
   * @param go offset of {@code g}, bytes
   * @param count floats in each vector
   */
  public static void accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    Operands.requireOutput("acc", acc, ao, count);
    Operands.require("g", g, go, count);
    Operands.requireSameOrApart(acc, ao, g, go, count);
    for (long i = 0; i < count; i++) {
      set(acc, ao, i, get(acc, ao, i) + get(g, go, i));
    }
  }

  /**
   * Computes {@code g = fma(decay, x, g)}, in place: L2 weight decay.
   *
   * @param g gradient, read and written
   * @param go offset of {@code g}, bytes
   * @param x parameters
   * @param xo offset of {@code x}, bytes
   * @param decay L2 coefficient
   * @param count floats in each vector
   */
  public static void addDecay(
      MemorySegment g, long go, MemorySegment x, long xo, float decay, long count) {
    Operands.requireOutput("g", g, go, count);
    Operands.require("x", x, xo, count);
    Operands.requireSameOrApart(g, go, x, xo, count);
    for (long i = 0; i < count; i++) {
      set(g, go, i, Math.fma(decay, get(x, xo, i), get(g, go, i)));
    }
  }

  /**
   * Finds the first NaN or infinity.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param count floats in the vector
   * @return its index, or -1 if all elements are finite
   */
  public static long firstNonFinite(MemorySegment x, long xo, long count) {
    Operands.require("x", x, xo, count);
    for (long i = 0; i < count; i++) {
      if (!Float.isFinite(get(x, xo, i))) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Sums {@code (x - y)²} in double, in the order the package documents.
   *
   * @param x first vector
   * @param xo offset of {@code x}, bytes
   * @param y second vector
   * @param yo offset of {@code y}, bytes
   * @param count floats in each vector
   * @return the squared Euclidean distance
   */
  public static double squaredDistance(
      MemorySegment x, long xo, MemorySegment y, long yo, long count) {
    Operands.require("x", x, xo, count);
    Operands.require("y", y, yo, count);
    double[] lanes = new double[LANES];
    long rounds = count - count % LANES;
    for (long i = 0; i < rounds; i++) {
      double d = (double) get(x, xo, i) - (double) get(y, yo, i);
      int k = (int) (i % LANES);
      lanes[k] = Math.fma(d, d, lanes[k]);
    }
    return addSquaredDistance(
        fold(lanes), x, xo + (rounds << 2), y, yo + (rounds << 2), count - rounds);
  }

  /** Adds the elements after the last whole round, one by one. */
  static double addSquaredDistance(
      double start, MemorySegment x, long xo, MemorySegment y, long yo, long count) {
    double result = start;
    for (long i = 0; i < count; i++) {
      double d = (double) get(x, xo, i) - (double) get(y, yo, i);
      result = Math.fma(d, d, result);
    }
    return result;
  }

  /**
   * Sums {@code x²} in double, in the order the package documents. No sum of squares of finite
   * floats overflows a double, so the result is finite exactly when every element is.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param count floats in the vector
   * @return the squared Euclidean norm
   */
  public static double squaredNorm(MemorySegment x, long xo, long count) {
    Operands.require("x", x, xo, count);
    double[] lanes = new double[LANES];
    long rounds = count - count % LANES;
    for (long i = 0; i < rounds; i++) {
      double e = get(x, xo, i);
      int k = (int) (i % LANES);
      lanes[k] = Math.fma(e, e, lanes[k]);
    }
    return addSquaredNorm(fold(lanes), x, xo + (rounds << 2), count - rounds);
  }

  /** Adds the elements after the last whole round, one by one. */
  static double addSquaredNorm(double start, MemorySegment x, long xo, long count) {
    double result = start;
    for (long i = 0; i < count; i++) {
      double e = get(x, xo, i);
      result = Math.fma(e, e, result);
    }
    return result;
  }

  /**
   * Sums a vector in double, in the order the package documents.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param count floats in the vector
   * @return the sum
   */
  public static double sum(MemorySegment x, long xo, long count) {
    Operands.require("x", x, xo, count);
    double[] lanes = new double[LANES];
    long rounds = count - count % LANES;
    for (long i = 0; i < rounds; i++) {
      double e = get(x, xo, i);
      lanes[(int) (i % LANES)] += e;
    }
    return addSum(fold(lanes), x, xo + (rounds << 2), count - rounds);
  }

  /** Adds the elements after the last whole round, one by one. */
  static double addSum(double start, MemorySegment x, long xo, long count) {
    double result = start;
    for (long i = 0; i < count; i++) {
      double e = get(x, xo, i);
      result = result + e;
    }
    return result;
  }

  private static double fold(double[] lanes) {
    for (int w = LANES / 2; w > 0; w /= 2) {
      for (int k = 0; k < w; k++) {
        lanes[k] += lanes[k + w];
      }
    }
    return lanes[0];
  }

  /**
   * Sets every element to one value.
   *
   * @param x vector, written
   * @param xo offset of {@code x}, bytes
   * @param value what to write
   * @param count floats in the vector
   */
  public static void fill(MemorySegment x, long xo, float value, long count) {
    Operands.requireOutput("x", x, xo, count);
    for (long i = 0; i < count; i++) {
      set(x, xo, i, value);
    }
  }

  /**
   * Rounds a gradient to bfloat16 and keeps what is lost for the next one: {@code s = gradient +
   * residual}, {@code gradient = s} rounded, {@code residual = s - gradient}, {@code packed} the
   * upper half of the gradient's bits. The package says what becomes of NaN and of huge values.
   *
   * @param gradient gradient, read, and overwritten with its rounded value
   * @param go offset of {@code gradient}, bytes
   * @param residual what earlier calls have lost, read and written; zeros at first
   * @param ro offset of {@code residual}, bytes
   * @param packed result, two bytes an element, little endian, apart from the others
   * @param po offset of {@code packed}, bytes, even
   * @param count floats in the gradient and in the residual, bfloat16 in the result
   */
  public static void packBf16(
      MemorySegment gradient,
      long go,
      MemorySegment residual,
      long ro,
      MemorySegment packed,
      long po,
      long count) {
    Operands.requireOutput("gradient", gradient, go, count);
    Operands.requireOutput("residual", residual, ro, count);
    Operands.requireBf16Output("packed", packed, po, count);
    Operands.requireApart(gradient, go, count << 2, residual, ro, count << 2);
    Operands.requireApart(packed, po, count << 1, gradient, go, count << 2);
    Operands.requireApart(packed, po, count << 1, residual, ro, count << 2);
    for (long i = 0; i < count; i++) {
      float s = get(gradient, go, i) + get(residual, ro, i);
      int b = Bf16.round(s);
      float rounded = Float.intBitsToFloat(b);
      set(gradient, go, i, rounded);
      set(residual, ro, i, Float.isFinite(rounded) ? s - rounded : 0f);
      packed.set(Bf16.LAYOUT, po + (i << 1), (short) (b >>> 16));
    }
  }

  /**
   * Widens bfloat16 to float, exactly: {@code out = } the float whose upper half is {@code packed}
   * and whose lower half is zero. NaNs keep their bits.
   *
   * @param packed elements of two bytes, little endian
   * @param po offset of {@code packed}, bytes, even
   * @param out result, apart from {@code packed}
   * @param oo offset of {@code out}, bytes
   * @param count bfloat16 to read, floats to write
   */
  public static void unpackBf16(
      MemorySegment packed, long po, MemorySegment out, long oo, long count) {
    Operands.requireBf16("packed", packed, po, count);
    Operands.requireOutput("out", out, oo, count);
    Operands.requireApart(out, oo, count << 2, packed, po, count << 1);
    for (long i = 0; i < count; i++) {
      int b = packed.get(Bf16.LAYOUT, po + (i << 1)) << 16;
      out.set(BITS, oo + (i << 2), b);
    }
  }

  private static float get(MemorySegment segment, long offsetBytes, long index) {
    return segment.get(FLOAT, offsetBytes + (index << 2));
  }

  private static void set(MemorySegment segment, long offsetBytes, long index, float value) {
    segment.set(FLOAT, offsetBytes + (index << 2), value);
  }
}
