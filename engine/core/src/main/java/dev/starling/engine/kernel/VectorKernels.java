package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Every kernel with the vectors of this CPU. Bits are those of {@link ScalarKernels}, whatever the
 * width of the vectors.
 *
 * <p>Arguments as in the {@linkplain dev.starling.engine.kernel package}: pairs of segment and byte
 * offset, four-byte aligned, {@code count} floats each. Heap segments are allowed and slow: they
 * are computed by {@link ScalarKernels}. Thread-safe in that there is no state. Allocates nothing
 * once compiled.
 *
 * <p>Every method throws {@link IllegalArgumentException} for a negative count, a misaligned start,
 * a read-only output or a partial overlap, {@link IndexOutOfBoundsException} for a range outside
 * its segment, {@link IllegalStateException} for memory that has been closed, and {@link
 * WrongThreadException} for memory confined to another thread. This is looked at once, when the
 * call begins: <b>memory that another thread closes while the call runs crashes the JVM</b>.
 */
public final class VectorKernels {
  /**
   * The preferred vectors, but not above 256 bits: these kernels are bound by loads and stores,
   * where 512 bits were measured up to 12 % slower in cache, the same in DRAM, and always cross a
   * cache line when memory is misaligned.
   */
  private static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.vectorBitSize() > 256
          ? FloatVector.SPECIES_256
          : FloatVector.SPECIES_PREFERRED;

  private static final int VECTOR_BYTES = SPECIES.vectorByteSize();

  /**
   * All of memory, so that the loops run over addresses that {@link Operands} has checked. Through
   * the callers' segments the code would depend on which kinds of segments a process uses: with
   * mapped, allocated and confined ones in turn, the compiler gives up inlining or keeps discarding
   * its code, at ten times the cost.
   */
  private static final MemorySegment MEMORY = allOfMemory();

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final FloatVector HALF = FloatVector.broadcast(SPECIES, 0.5f);
  private static final FloatVector ZERO = FloatVector.zero(SPECIES);

  /** Vectors that {@link #firstNonFinite} looks at before it asks whether to go on. */
  private static final int BLOCK_VECTORS = 16;

  /** A quarter of the sixteen lanes of the sums, before and after widening. */
  private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;

  private static final VectorSpecies<Double> QUARTER_WIDE = DoubleVector.SPECIES_256;
  private static final int QUARTER_BYTES = QUARTER.vectorByteSize();
  private static final int ROUND_BYTES = 4 * QUARTER_BYTES;
  private static final boolean HAS_QUARTER_WIDE =
      SPECIES.vectorBitSize() >= QUARTER_WIDE.vectorBitSize();

  private VectorKernels() {}

  /**
   * Tells how wide the vectors are.
   *
   * @return bits in a vector: 256 or 128
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
    if (!(x.isNative() && y.isNative() && out.isNative())) {
      ScalarKernels.average(x, xo, y, yo, out, oo, count);
      return;
    }
    long xa = Operands.address("x", x, xo, count);
    long ya = Operands.address("y", y, yo, count);
    long oa = Operands.writableAddress("out", out, oo, count);
    Operands.requireSameOrApart(oa, xa, count);
    Operands.requireSameOrApart(oa, ya, count);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector s = load(xa + b).add(load(ya + b));
      store(s.mul(HALF), oa + b);
    }
    ScalarKernels.average(x, xo + whole, y, yo + whole, out, oo + whole, count - (whole >> 2));
    Operands.hold(x, y, out);
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
    if (!(x.isNative() && y.isNative() && outX.isNative() && outY.isNative())) {
      ScalarKernels.averageBoth(x, xo, y, yo, outX, oxo, outY, oyo, count);
      return;
    }
    long xa = Operands.address("x", x, xo, count);
    long ya = Operands.address("y", y, yo, count);
    long oxa = Operands.writableAddress("outX", outX, oxo, count);
    long oya = Operands.writableAddress("outY", outY, oyo, count);
    Operands.requireSameOrApart(oxa, xa, count);
    Operands.requireSameOrApart(oxa, ya, count);
    Operands.requireSameOrApart(oxa, oya, count);
    Operands.requireSameOrApart(oya, xa, count);
    Operands.requireSameOrApart(oya, ya, count);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector s = load(xa + b).add(load(ya + b));
      FloatVector m = s.mul(HALF);
      store(m, oxa + b);
      store(m, oya + b);
    }
    ScalarKernels.averageBoth(
        x, xo + whole, y, yo + whole, outX, oxo + whole, outY, oyo + whole, count - (whole >> 2));
    Operands.hold(x, y, outX, outY);
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
    if (!(x.isNative() && u.isNative() && out.isNative())) {
      ScalarKernels.step(x, xo, u, uo, out, oo, learningRate, keep, count);
      return;
    }
    long xa = Operands.address("x", x, xo, count);
    long ua = Operands.address("u", u, uo, count);
    long oa = Operands.writableAddress("out", out, oo, count);
    Operands.requireSameOrApart(oa, xa, count);
    Operands.requireSameOrApart(oa, ua, count);
    FloatVector rate = FloatVector.broadcast(SPECIES, -learningRate);
    FloatVector keeps = FloatVector.broadcast(SPECIES, keep);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector t = load(xa + b).mul(keeps);
      store(load(ua + b).fma(rate, t), oa + b);
    }
    ScalarKernels.step(
        x, xo + whole, u, uo + whole, out, oo + whole, learningRate, keep, count - (whole >> 2));
    Operands.hold(x, u, out);
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
    if (!(x.isNative() && u.isNative() && y.isNative() && out.isNative())) {
      ScalarKernels.stepAverage(x, xo, u, uo, y, yo, out, oo, learningRate, keep, count);
      return;
    }
    long xa = Operands.address("x", x, xo, count);
    long ua = Operands.address("u", u, uo, count);
    long ya = Operands.address("y", y, yo, count);
    long oa = Operands.writableAddress("out", out, oo, count);
    Operands.requireSameOrApart(oa, xa, count);
    Operands.requireSameOrApart(oa, ua, count);
    Operands.requireSameOrApart(oa, ya, count);
    FloatVector rate = FloatVector.broadcast(SPECIES, -learningRate);
    FloatVector keeps = FloatVector.broadcast(SPECIES, keep);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector t = load(xa + b).mul(keeps);
      FloatVector a = load(ua + b).fma(rate, t);
      FloatVector s = a.add(load(ya + b));
      store(s.mul(HALF), oa + b);
    }
    ScalarKernels.stepAverage(
        x,
        xo + whole,
        u,
        uo + whole,
        y,
        yo + whole,
        out,
        oo + whole,
        learningRate,
        keep,
        count - (whole >> 2));
    Operands.hold(x, u, y, out);
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
    if (!(x.isNative() && u.isNative() && y.isNative() && outX.isNative() && outY.isNative())) {
      ScalarKernels.stepAverageBoth(
          x, xo, u, uo, y, yo, outX, oxo, outY, oyo, learningRate, keep, count);
      return;
    }
    long xa = Operands.address("x", x, xo, count);
    long ua = Operands.address("u", u, uo, count);
    long ya = Operands.address("y", y, yo, count);
    long oxa = Operands.writableAddress("outX", outX, oxo, count);
    long oya = Operands.writableAddress("outY", outY, oyo, count);
    Operands.requireSameOrApart(oxa, xa, count);
    Operands.requireSameOrApart(oxa, ua, count);
    Operands.requireSameOrApart(oxa, ya, count);
    Operands.requireSameOrApart(oxa, oya, count);
    Operands.requireSameOrApart(oya, xa, count);
    Operands.requireSameOrApart(oya, ua, count);
    Operands.requireSameOrApart(oya, ya, count);
    FloatVector rate = FloatVector.broadcast(SPECIES, -learningRate);
    FloatVector keeps = FloatVector.broadcast(SPECIES, keep);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      FloatVector t = load(xa + b).mul(keeps);
      FloatVector a = load(ua + b).fma(rate, t);
      FloatVector s = a.add(load(ya + b));
      FloatVector m = s.mul(HALF);
      store(m, oxa + b);
      store(m, oya + b);
    }
    ScalarKernels.stepAverageBoth(
        x,
        xo + whole,
        u,
        uo + whole,
        y,
        yo + whole,
        outX,
        oxo + whole,
        outY,
        oyo + whole,
        learningRate,
        keep,
        count - (whole >> 2));
    Operands.hold(x, u, y, outX, outY);
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
    if (!(v.isNative() && g.isNative())) {
      ScalarKernels.momentum(v, vo, g, go, mu, count);
      return;
    }
    long va = Operands.writableAddress("v", v, vo, count);
    long ga = Operands.address("g", g, go, count);
    Operands.requireSameOrApart(va, ga, count);
    FloatVector mus = FloatVector.broadcast(SPECIES, mu);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(load(va + b).fma(mus, load(ga + b)), va + b);
    }
    ScalarKernels.momentum(v, vo + whole, g, go + whole, mu, count - (whole >> 2));
    Operands.hold(v, g);
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
    if (!(acc.isNative() && g.isNative())) {
      ScalarKernels.accumulate(acc, ao, g, go, count);
      return;
    }
    long aa = Operands.writableAddress("acc", acc, ao, count);
    long ga = Operands.address("g", g, go, count);
    Operands.requireSameOrApart(aa, ga, count);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(load(aa + b).add(load(ga + b)), aa + b);
    }
    ScalarKernels.accumulate(acc, ao + whole, g, go + whole, count - (whole >> 2));
    Operands.hold(acc, g);
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
    if (!(g.isNative() && x.isNative())) {
      ScalarKernels.addDecay(g, go, x, xo, decay, count);
      return;
    }
    long ga = Operands.writableAddress("g", g, go, count);
    long xa = Operands.address("x", x, xo, count);
    Operands.requireSameOrApart(ga, xa, count);
    FloatVector decays = FloatVector.broadcast(SPECIES, decay);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(load(xa + b).fma(decays, load(ga + b)), ga + b);
    }
    ScalarKernels.addDecay(g, go + whole, x, xo + whole, decay, count - (whole >> 2));
    Operands.hold(g, x);
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
    if (!x.isNative()) {
      return ScalarKernels.firstNonFinite(x, xo, count);
    }
    long xa = Operands.address("x", x, xo, count);
    long block = (long) BLOCK_VECTORS * VECTOR_BYTES;
    long whole = (count << 2) & -block;
    long b = 0;
    while (b < whole && allFinite(xa + b)) {
      b += block;
    }
    long rest = count - (b >> 2);
    long found = ScalarKernels.firstNonFinite(x, xo + b, b < whole ? block >> 2 : rest);
    Operands.hold(x, x);
    return found < 0 ? -1 : (b >> 2) + found;
  }

  private static boolean allFinite(long address) {
    // x * 0 is NaN for a non-finite x and a zero for any other, and NaN stays in a sum.
    FloatVector even = load(address).mul(0f);
    FloatVector odd = load(address + VECTOR_BYTES).mul(0f);
    for (int v = 2; v < BLOCK_VECTORS; v += 2) {
      even = load(address + (long) v * VECTOR_BYTES).fma(ZERO, even);
      odd = load(address + (long) (v + 1) * VECTOR_BYTES).fma(ZERO, odd);
    }
    return !even.add(odd).test(VectorOperators.IS_NAN).anyTrue();
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
    if (!(HAS_QUARTER_WIDE && x.isNative() && y.isNative())) {
      return ScalarKernels.squaredDistance(x, xo, y, yo, count);
    }
    long xa = Operands.address("x", x, xo, count);
    long ya = Operands.address("y", y, yo, count);
    DoubleVector sum0 = DoubleVector.zero(QUARTER_WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    long whole = wholeRounds(count);
    for (long b = 0; b < whole; b += ROUND_BYTES) {
      DoubleVector d0 = wide(xa + b).sub(wide(ya + b));
      DoubleVector d1 = wide(xa + b + QUARTER_BYTES).sub(wide(ya + b + QUARTER_BYTES));
      DoubleVector d2 = wide(xa + b + 2 * QUARTER_BYTES).sub(wide(ya + b + 2 * QUARTER_BYTES));
      DoubleVector d3 = wide(xa + b + 3 * QUARTER_BYTES).sub(wide(ya + b + 3 * QUARTER_BYTES));
      sum0 = d0.fma(d0, sum0);
      sum1 = d1.fma(d1, sum1);
      sum2 = d2.fma(d2, sum2);
      sum3 = d3.fma(d3, sum3);
    }
    double result = fold(sum0, sum1, sum2, sum3);
    result =
        ScalarKernels.addSquaredDistance(
            result, x, xo + whole, y, yo + whole, count - (whole >> 2));
    Operands.hold(x, y);
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
    if (!(HAS_QUARTER_WIDE && x.isNative())) {
      return ScalarKernels.sum(x, xo, count);
    }
    long xa = Operands.address("x", x, xo, count);
    DoubleVector sum0 = DoubleVector.zero(QUARTER_WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    long whole = wholeRounds(count);
    for (long b = 0; b < whole; b += ROUND_BYTES) {
      sum0 = sum0.add(wide(xa + b));
      sum1 = sum1.add(wide(xa + b + QUARTER_BYTES));
      sum2 = sum2.add(wide(xa + b + 2 * QUARTER_BYTES));
      sum3 = sum3.add(wide(xa + b + 3 * QUARTER_BYTES));
    }
    double result = fold(sum0, sum1, sum2, sum3);
    result = ScalarKernels.addSum(result, x, xo + whole, count - (whole >> 2));
    Operands.hold(x, x);
    return result;
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
    if (!x.isNative()) {
      ScalarKernels.fill(x, xo, value, count);
      return;
    }
    long xa = Operands.writableAddress("x", x, xo, count);
    FloatVector values = FloatVector.broadcast(SPECIES, value);
    long whole = wholeVectors(count);
    for (long b = 0; b < whole; b += VECTOR_BYTES) {
      store(values, xa + b);
    }
    ScalarKernels.fill(x, xo + whole, value, count - (whole >> 2));
    Operands.hold(x, x);
  }

  private static long wholeVectors(long count) {
    return (count << 2) & -VECTOR_BYTES;
  }

  private static long wholeRounds(long count) {
    return (count << 2) & -ROUND_BYTES;
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, MEMORY, address, ORDER);
  }

  private static void store(FloatVector vector, long address) {
    vector.intoMemorySegment(MEMORY, address, ORDER);
  }

  private static DoubleVector wide(long address) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(QUARTER, MEMORY, address, ORDER)
            .convertShape(VectorOperators.F2D, QUARTER_WIDE, 0);
  }

  private static double fold(
      DoubleVector sum0, DoubleVector sum1, DoubleVector sum2, DoubleVector sum3) {
    DoubleVector four = sum0.add(sum2).add(sum1.add(sum3));
    double low = four.lane(0) + four.lane(2);
    double high = four.lane(1) + four.lane(3);
    return low + high;
  }

  @SuppressWarnings("restricted") // Only addresses that Operands has checked are accessed.
  private static MemorySegment allOfMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }
}
