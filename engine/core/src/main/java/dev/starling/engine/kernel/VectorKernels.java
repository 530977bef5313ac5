package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Every kernel with the vectors of this CPU. Bits are those of {@link ScalarKernels}, whatever the
 * width of the vectors.
 *
 * <p>Arguments as in the {@linkplain dev.starling.engine.kernel package}: pairs of segment and byte
 * offset, four-byte aligned, {@code count} floats each. Thread-safe in that there is no state.
 * Allocates nothing once compiled. Every method throws {@link IllegalArgumentException} for a
 * negative count, a misaligned start, a read-only output or a partial overlap, {@link
 * IndexOutOfBoundsException} for a range outside its segment, and {@link IllegalStateException} for
 * memory that has been closed.
 */
public final class VectorKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final FloatVector HALF = FloatVector.broadcast(SPECIES, 0.5f);
  private static final FloatVector ZERO = FloatVector.zero(SPECIES);

  /** Vectors that {@link #firstNonFinite} looks at before it asks whether to go on. */
  private static final int BLOCK_VECTORS = 16;

  /** A quarter of the sixteen lanes of the sums, before and after widening. */
  private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;

  private static final VectorSpecies<Double> QUARTER_WIDE = DoubleVector.SPECIES_256;
  private static final int QUARTER_BYTES = QUARTER.vectorByteSize();
  private static final boolean HAS_QUARTER_WIDE =
      SPECIES.vectorBitSize() >= QUARTER_WIDE.vectorBitSize();

  private VectorKernels() {}

  /**
   * Tells how wide the vectors are.
   *
   * @return bits in a vector: 512, 256 or 128
   */
  public static int vectorBits() {
    return SPECIES.vectorBitSize();
  }

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
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector s = load(xs, b).add(load(ys, b));
      store(s.mul(HALF), os, b);
    }
    ScalarKernels.average(xs, whole, ys, whole, os, whole, count - (whole >> 2));
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
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector s = load(xs, b).add(load(ys, b));
      FloatVector m = s.mul(HALF);
      store(m, oxs, b);
      store(m, oys, b);
    }
    ScalarKernels.averageBoth(xs, whole, ys, whole, oxs, whole, oys, whole, count - (whole >> 2));
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
    FloatVector rate = FloatVector.broadcast(SPECIES, -learningRate);
    FloatVector keeps = FloatVector.broadcast(SPECIES, keep);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector t = load(xs, b).mul(keeps);
      store(load(us, b).fma(rate, t), os, b);
    }
    ScalarKernels.step(xs, whole, us, whole, os, whole, learningRate, keep, count - (whole >> 2));
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
    FloatVector rate = FloatVector.broadcast(SPECIES, -learningRate);
    FloatVector keeps = FloatVector.broadcast(SPECIES, keep);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector t = load(xs, b).mul(keeps);
      FloatVector a = load(us, b).fma(rate, t);
      FloatVector s = a.add(load(ys, b));
      store(s.mul(HALF), os, b);
    }
    ScalarKernels.stepAverage(
        xs, whole, us, whole, ys, whole, os, whole, learningRate, keep, count - (whole >> 2));
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
    FloatVector rate = FloatVector.broadcast(SPECIES, -learningRate);
    FloatVector keeps = FloatVector.broadcast(SPECIES, keep);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector t = load(xs, b).mul(keeps);
      FloatVector a = load(us, b).fma(rate, t);
      FloatVector s = a.add(load(ys, b));
      FloatVector m = s.mul(HALF);
      store(m, oxs, b);
      store(m, oys, b);
    }
    ScalarKernels.stepAverageBoth(
        xs,
        whole,
        us,
        whole,
        ys,
        whole,
        oxs,
        whole,
        oys,
        whole,
        learningRate,
        keep,
        count - (whole >> 2));
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
    FloatVector mus = FloatVector.broadcast(SPECIES, mu);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(load(vs, b).fma(mus, load(gs, b)), vs, b);
    }
    ScalarKernels.momentum(vs, whole, gs, whole, mu, count - (whole >> 2));
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
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(load(as, b).add(load(gs, b)), as, b);
    }
    ScalarKernels.accumulate(as, whole, gs, whole, count - (whole >> 2));
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
    FloatVector decays = FloatVector.broadcast(SPECIES, decay);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(load(xs, b).fma(decays, load(gs, b)), gs, b);
    }
    ScalarKernels.addDecay(gs, whole, xs, whole, decay, count - (whole >> 2));
  }

  /**
   * Finds the first NaN or infinity. Stops within a kilobyte after it.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param count floats in the vector
   * @return its index, or -1 if all elements are finite
   */
  public static long firstNonFinite(MemorySegment x, long xo, long count) {
    MemorySegment xs = Operands.range("x", x, xo, count);
    long block = (long) BLOCK_VECTORS * VECTOR_BYTES;
    long whole = xs.byteSize() / block * block;
    long b = 0;
    for (; b < whole; b += block) {
      // x * 0 is NaN for a non-finite x and a zero for any other, and NaN stays in a sum.
      FloatVector even = load(xs, b).mul(0f);
      FloatVector odd = load(xs, b + VECTOR_BYTES).mul(0f);
      for (int v = 2; v < BLOCK_VECTORS; v += 2) {
        even = load(xs, b + (long) v * VECTOR_BYTES).fma(ZERO, even);
        odd = load(xs, b + (long) (v + 1) * VECTOR_BYTES).fma(ZERO, odd);
      }
      if (even.add(odd).test(VectorOperators.IS_NAN).anyTrue()) {
        break;
      }
    }
    long found = ScalarKernels.firstNonFinite(xs, b, Math.min(block, xs.byteSize() - b) >> 2);
    return found < 0 ? -1 : (b >> 2) + found;
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
    if (!HAS_QUARTER_WIDE) {
      return ScalarKernels.squaredDistance(x, xo, y, yo, count);
    }
    MemorySegment xs = Operands.range("x", x, xo, count);
    MemorySegment ys = Operands.range("y", y, yo, count);
    DoubleVector sum0 = DoubleVector.zero(QUARTER_WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    long whole = count >> 4 << 6;
    for (long b = 0; b < whole; b += 64) {
      DoubleVector d0 = difference(xs, ys, b);
      DoubleVector d1 = difference(xs, ys, b + QUARTER_BYTES);
      DoubleVector d2 = difference(xs, ys, b + 2 * QUARTER_BYTES);
      DoubleVector d3 = difference(xs, ys, b + 3 * QUARTER_BYTES);
      sum0 = d0.fma(d0, sum0);
      sum1 = d1.fma(d1, sum1);
      sum2 = d2.fma(d2, sum2);
      sum3 = d3.fma(d3, sum3);
    }
    if (xs.byteSize() > whole) {
      // Lanes beyond the end add fma(0, 0, lane) = lane.
      DoubleVector d0 = tail(xs, whole).sub(tail(ys, whole));
      DoubleVector d1 = tail(xs, whole + QUARTER_BYTES).sub(tail(ys, whole + QUARTER_BYTES));
      DoubleVector d2 =
          tail(xs, whole + 2 * QUARTER_BYTES).sub(tail(ys, whole + 2 * QUARTER_BYTES));
      DoubleVector d3 =
          tail(xs, whole + 3 * QUARTER_BYTES).sub(tail(ys, whole + 3 * QUARTER_BYTES));
      sum0 = d0.fma(d0, sum0);
      sum1 = d1.fma(d1, sum1);
      sum2 = d2.fma(d2, sum2);
      sum3 = d3.fma(d3, sum3);
    }
    return fold(sum0, sum1, sum2, sum3);
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
    if (!HAS_QUARTER_WIDE) {
      return ScalarKernels.sum(x, xo, count);
    }
    MemorySegment xs = Operands.range("x", x, xo, count);
    DoubleVector sum0 = DoubleVector.zero(QUARTER_WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    long whole = count >> 4 << 6;
    for (long b = 0; b < whole; b += 64) {
      sum0 = sum0.add(wide(xs, b));
      sum1 = sum1.add(wide(xs, b + QUARTER_BYTES));
      sum2 = sum2.add(wide(xs, b + 2 * QUARTER_BYTES));
      sum3 = sum3.add(wide(xs, b + 3 * QUARTER_BYTES));
    }
    if (xs.byteSize() > whole) {
      // Lanes beyond the end add +0, which changes no lane: none is ever -0.
      sum0 = sum0.add(tail(xs, whole));
      sum1 = sum1.add(tail(xs, whole + QUARTER_BYTES));
      sum2 = sum2.add(tail(xs, whole + 2 * QUARTER_BYTES));
      sum3 = sum3.add(tail(xs, whole + 3 * QUARTER_BYTES));
    }
    return fold(sum0, sum1, sum2, sum3);
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
    FloatVector values = FloatVector.broadcast(SPECIES, value);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(values, xs, b);
    }
    ScalarKernels.fill(xs, whole, value, count - (whole >> 2));
  }

  private static long wholeVectors(long count) {
    return (count << 2) & -VECTOR_BYTES;
  }

  private static FloatVector load(MemorySegment segment, long offsetBytes) {
    return FloatVector.fromMemorySegment(SPECIES, segment, offsetBytes, ORDER);
  }

  private static void store(FloatVector vector, MemorySegment segment, long offsetBytes) {
    vector.intoMemorySegment(segment, offsetBytes, ORDER);
  }

  private static DoubleVector wide(MemorySegment segment, long offsetBytes) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(QUARTER, segment, offsetBytes, ORDER)
            .convertShape(VectorOperators.F2D, QUARTER_WIDE, 0);
  }

  private static DoubleVector difference(MemorySegment x, MemorySegment y, long offsetBytes) {
    return wide(x, offsetBytes).sub(wide(y, offsetBytes));
  }

  /** Widens a quarter of which the segment may hold only a part; the rest is zero. */
  private static DoubleVector tail(MemorySegment segment, long offsetBytes) {
    VectorMask<Float> inside = QUARTER.indexInRange(offsetBytes >> 2, segment.byteSize() >> 2);
    return (DoubleVector)
        FloatVector.fromMemorySegment(QUARTER, segment, offsetBytes, ORDER, inside)
            .convertShape(VectorOperators.F2D, QUARTER_WIDE, 0);
  }

  private static double fold(
      DoubleVector sum0, DoubleVector sum1, DoubleVector sum2, DoubleVector sum3) {
    DoubleVector four = sum0.add(sum2).add(sum1.add(sum3));
    double low = four.lane(0) + four.lane(2);
    double high = four.lane(1) + four.lane(3);
    return low + high;
  }
}
