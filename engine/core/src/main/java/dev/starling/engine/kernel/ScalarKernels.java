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
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment ys = Operands.range("y", y, yo, count);
    MemorySegment os = Operands.output("out", out, oo, count);
    Operands.sameOrApart(os, xs);
    Operands.sameOrApart(os, ys);
    for (long i = 0; i < count; i++) {
      float s = xs.getAtIndex(FLOAT, i) + ys.getAtIndex(FLOAT, i);
      os.setAtIndex(FLOAT, i, s * 0.5f);
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment ys = Operands.range("y", y, yo, count);
    MemorySegment oxs = Operands.output("outX", outX, oxo, count);
    MemorySegment oys = Operands.output("outY", outY, oyo, count);
    Operands.sameOrApart(oxs, xs);
    Operands.sameOrApart(oxs, ys);
    Operands.sameOrApart(oxs, oys);
    Operands.sameOrApart(oys, xs);
    Operands.sameOrApart(oys, ys);
    for (long i = 0; i < count; i++) {
      float s = xs.getAtIndex(FLOAT, i) + ys.getAtIndex(FLOAT, i);
      float m = s * 0.5f;
      oxs.setAtIndex(FLOAT, i, m);
      oys.setAtIndex(FLOAT, i, m);
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment us = Operands.range("u", u, uo, count);
    MemorySegment os = Operands.output("out", out, oo, count);
    Operands.sameOrApart(os, xs);
    Operands.sameOrApart(os, us);
    for (long i = 0; i < count; i++) {
      float t = xs.getAtIndex(FLOAT, i) * keep;
      os.setAtIndex(FLOAT, i, Math.fma(-learningRate, us.getAtIndex(FLOAT, i), t));
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment us = Operands.range("u", u, uo, count);
    MemorySegment ys = Operands.range("y", y, yo, count);
    MemorySegment os = Operands.output("out", out, oo, count);
    Operands.sameOrApart(os, xs);
    Operands.sameOrApart(os, us);
    Operands.sameOrApart(os, ys);
    for (long i = 0; i < count; i++) {
      float t = xs.getAtIndex(FLOAT, i) * keep;
      float a = Math.fma(-learningRate, us.getAtIndex(FLOAT, i), t);
      float s = a + ys.getAtIndex(FLOAT, i);
      os.setAtIndex(FLOAT, i, s * 0.5f);
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment us = Operands.range("u", u, uo, count);
    MemorySegment ys = Operands.range("y", y, yo, count);
    MemorySegment oxs = Operands.output("outX", outX, oxo, count);
    MemorySegment oys = Operands.output("outY", outY, oyo, count);
    Operands.sameOrApart(oxs, xs);
    Operands.sameOrApart(oxs, us);
    Operands.sameOrApart(oxs, ys);
    Operands.sameOrApart(oxs, oys);
    Operands.sameOrApart(oys, xs);
    Operands.sameOrApart(oys, us);
    Operands.sameOrApart(oys, ys);
    for (long i = 0; i < count; i++) {
      float t = xs.getAtIndex(FLOAT, i) * keep;
      float a = Math.fma(-learningRate, us.getAtIndex(FLOAT, i), t);
      float s = a + ys.getAtIndex(FLOAT, i);
      float m = s * 0.5f;
      oxs.setAtIndex(FLOAT, i, m);
      oys.setAtIndex(FLOAT, i, m);
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
    MemorySegment vs = Operands.output("v", v, vo, count);
    MemorySegment gs = Operands.range("g", g, go, count);
    Operands.sameOrApart(vs, gs);
    for (long i = 0; i < count; i++) {
      vs.setAtIndex(FLOAT, i, Math.fma(mu, vs.getAtIndex(FLOAT, i), gs.getAtIndex(FLOAT, i)));
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
    MemorySegment as = Operands.output("acc", acc, ao, count);
    MemorySegment gs = Operands.range("g", g, go, count);
    Operands.sameOrApart(as, gs);
    for (long i = 0; i < count; i++) {
      as.setAtIndex(FLOAT, i, as.getAtIndex(FLOAT, i) + gs.getAtIndex(FLOAT, i));
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
    MemorySegment gs = Operands.output("g", g, go, count);
    MemorySegment xs = Operands.range("x", x, xo, count);
    Operands.sameOrApart(gs, xs);
    for (long i = 0; i < count; i++) {
      gs.setAtIndex(FLOAT, i, Math.fma(decay, xs.getAtIndex(FLOAT, i), gs.getAtIndex(FLOAT, i)));
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    for (long i = 0; i < count; i++) {
      if (!Float.isFinite(xs.getAtIndex(FLOAT, i))) {
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment ys = Operands.range("y", y, yo, count);
    double[] lanes = new double[LANES];
    for (long i = 0; i < count; i++) {
      double d = (double) xs.getAtIndex(FLOAT, i) - (double) ys.getAtIndex(FLOAT, i);
      int k = (int) (i % LANES);
      lanes[k] = Math.fma(d, d, lanes[k]);
    }
    return fold(lanes);
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
    MemorySegment xs = Operands.range("x", x, xo, count);
    double[] lanes = new double[LANES];
    for (long i = 0; i < count; i++) {
      double e = xs.getAtIndex(FLOAT, i);
      lanes[(int) (i % LANES)] += e;
    }
    return fold(lanes);
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
    MemorySegment xs = Operands.output("x", x, xo, count);
    for (long i = 0; i < count; i++) {
      xs.setAtIndex(FLOAT, i, value);
    }
  }
}
