package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of {@link VectorKernels}, over addresses it has checked. Those that write vectors do
 * the whole ones in {@code count} floats and return the bytes done; the caller does the rest. The
 * formulas are in the package's documentation.
 *
 * <p>They run over one segment that is all of memory. Through the callers' segments the code would
 * depend on which kinds of segments a process uses: with mapped, allocated and confined ones in
 * turn, the compiler gives up inlining or keeps discarding its code, at ten times the cost.
 */
final class VectorLoops {
  /** The widest vectors of this CPU, at best a cache line: for loops that write two outputs. */
  static final VectorSpecies<Float> LINE = FloatVector.SPECIES_PREFERRED;

  /**
   * The vectors of the other loops: at most 256 bits. Which width is better was measured on a CPU
   * with both. With two outputs, writing whole lines is 20 % faster in DRAM and 10 % in cache; with
   * one output, 512 bits are 10 % slower in cache and the same in DRAM. Loops in place gain nothing
   * from 512 bits, however many vectors they write.
   */
  private static final VectorSpecies<Float> SPECIES =
      LINE.vectorBitSize() > 256 ? FloatVector.SPECIES_256 : LINE;

  /** Every address, for loops in this package whose addresses have been checked. */
  static final MemorySegment MEMORY = allOfMemory();

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final int LINE_BYTES = LINE.vectorByteSize();

  // As receivers of broadcast these constants also tell the compiler the exact class of the result.
  // It would have to guess it from a profile when a process uses vectors of two widths, and then
  // allocates them.
  private static final FloatVector HALF = FloatVector.broadcast(SPECIES, 0.5f);
  private static final FloatVector HALF_LINE = FloatVector.broadcast(LINE, 0.5f);
  private static final FloatVector ZERO = FloatVector.zero(SPECIES);

  /** Vectors that {@link #finiteBytes} looks at before it asks whether to go on. */
  private static final int BLOCK_VECTORS = 16;

  private static final long BLOCK_BYTES = (long) BLOCK_VECTORS * VECTOR_BYTES;

  /** A quarter of the sixteen lanes of the sums, before and after widening. */
  private static final VectorSpecies<Float> QUARTER = FloatVector.SPECIES_128;

  private static final VectorSpecies<Double> WIDE = DoubleVector.SPECIES_256;
  private static final int QUARTER_BYTES = QUARTER.vectorByteSize();
  private static final int ROUND_BYTES = 4 * QUARTER_BYTES;

  /** Whether this CPU can do the sums; they need vectors of four doubles. */
  static final boolean HAS_WIDE = SPECIES.vectorBitSize() >= WIDE.vectorBitSize();

  private VectorLoops() {}

  /** Returns the bytes of the whole vectors in {@code count} floats. */
  private static long wholeBytes(long count) {
    return (count << 2) & -VECTOR_BYTES;
  }

  /** Returns the bytes of the whole sixteens in {@code count} floats. */
  static long wholeRoundBytes(long count) {
    return (count << 2) & -ROUND_BYTES;
  }

  static long average(long x, long y, long out, long count) {
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      FloatVector s = load(x + b).add(load(y + b));
      store(s.mul(HALF), out + b);
    }
    return bytes;
  }

  static long averageBoth(long x, long y, long outX, long outY, long count) {
    long bytes = (count << 2) & -LINE_BYTES;
    for (long b = 0; b < bytes; b += LINE_BYTES) {
      FloatVector s = loadLine(x + b).add(loadLine(y + b));
      FloatVector m = s.mul(HALF_LINE);
      storeLine(m, outX + b);
      storeLine(m, outY + b);
    }
    return bytes;
  }

  static long step(long x, long u, long out, float rate, float keep, long count) {
    FloatVector rates = HALF.broadcast(rate);
    FloatVector keeps = HALF.broadcast(keep);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      FloatVector t = load(x + b).mul(keeps);
      store(load(u + b).fma(rates, t), out + b);
    }
    return bytes;
  }

  static long stepAverage(long x, long u, long y, long out, float rate, float keep, long count) {
    FloatVector rates = HALF.broadcast(rate);
    FloatVector keeps = HALF.broadcast(keep);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      FloatVector t = load(x + b).mul(keeps);
      FloatVector a = load(u + b).fma(rates, t);
      FloatVector s = a.add(load(y + b));
      store(s.mul(HALF), out + b);
    }
    return bytes;
  }

  static long stepAverageBoth(
      long x, long u, long y, long outX, long outY, float rate, float keep, long count) {
    FloatVector rates = HALF_LINE.broadcast(rate);
    FloatVector keeps = HALF_LINE.broadcast(keep);
    long bytes = (count << 2) & -LINE_BYTES;
    for (long b = 0; b < bytes; b += LINE_BYTES) {
      FloatVector t = loadLine(x + b).mul(keeps);
      FloatVector a = loadLine(u + b).fma(rates, t);
      FloatVector s = a.add(loadLine(y + b));
      FloatVector m = s.mul(HALF_LINE);
      storeLine(m, outX + b);
      storeLine(m, outY + b);
    }
    return bytes;
  }

  static long momentum(long v, long g, float mu, long count) {
    FloatVector mus = HALF.broadcast(mu);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      store(load(v + b).fma(mus, load(g + b)), v + b);
    }
    return bytes;
  }

  static long scale(long x, float s, long count) {
    FloatVector factors = HALF.broadcast(s);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      store(load(x + b).mul(factors), x + b);
    }
    return bytes;
  }

  static long nesterov(long v, long g, float mu, long count) {
    FloatVector mus = HALF.broadcast(mu);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      FloatVector gradient = load(g + b);
      FloatVector velocity = load(v + b).fma(mus, gradient);
      store(velocity, v + b);
      store(velocity.fma(mus, gradient), g + b);
    }
    return bytes;
  }

  static long adam(
      long m,
      long v,
      long g,
      float beta1,
      float beta2,
      float c1,
      float c2,
      float epsilon,
      long count) {
    FloatVector beta1s = HALF.broadcast(beta1);
    FloatVector beta2s = HALF.broadcast(beta2);
    FloatVector b1s = HALF.broadcast(1f - beta1);
    FloatVector b2s = HALF.broadcast(1f - beta2);
    FloatVector c1s = HALF.broadcast(c1);
    FloatVector c2s = HALF.broadcast(c2);
    FloatVector epsilons = HALF.broadcast(epsilon);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      FloatVector gradient = load(g + b);
      FloatVector t = gradient.mul(b1s);
      FloatVector first = load(m + b).fma(beta1s, t);
      FloatVector q = gradient.mul(gradient).mul(b2s);
      FloatVector second = load(v + b).fma(beta2s, q);
      FloatVector mh = first.mul(c1s);
      FloatVector vh = second.mul(c2s);
      FloatVector d = vh.sqrt().add(epsilons);
      store(first, m + b);
      store(second, v + b);
      store(mh.div(d), g + b);
    }
    return bytes;
  }

  static long accumulate(long acc, long g, long count) {
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      store(load(acc + b).add(load(g + b)), acc + b);
    }
    return bytes;
  }

  static long addDecay(long g, long x, float decay, long count) {
    FloatVector decays = HALF.broadcast(decay);
    long bytes = wholeBytes(count);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      store(load(x + b).fma(decays, load(g + b)), g + b);
    }
    return bytes;
  }

  static long fill(long x, float value, long count) {
    long bytes = wholeBytes(count);
    FloatVector values = HALF.broadcast(value);
    for (long b = 0; b < bytes; b += VECTOR_BYTES) {
      store(values, x + b);
    }
    return bytes;
  }

  /** Returns the bytes of the blocks at the start that are finite throughout. */
  static long finiteBytes(long x, long count) {
    long whole = (count << 2) & -BLOCK_BYTES;
    long b = 0;
    while (b < whole && finite(x + b)) {
      b += BLOCK_BYTES;
    }
    return b;
  }

  private static boolean finite(long address) {
    // x * 0 is NaN for a non-finite x and a zero for any other, and NaN stays in a sum.
    FloatVector even = load(address).mul(ZERO);
    FloatVector odd = load(address + VECTOR_BYTES).mul(ZERO);
    for (int v = 2; v < BLOCK_VECTORS; v += 2) {
      even = load(address + (long) v * VECTOR_BYTES).fma(ZERO, even);
      odd = load(address + (long) (v + 1) * VECTOR_BYTES).fma(ZERO, odd);
    }
    return !even.add(odd).test(VectorOperators.IS_NAN).anyTrue();
  }

  static double squaredDistance(long x, long y, long bytes) {
    DoubleVector sum0 = DoubleVector.zero(WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    for (long b = 0; b < bytes; b += ROUND_BYTES) {
      DoubleVector d0 = wide(x + b).sub(wide(y + b));
      DoubleVector d1 = wide(x + b + QUARTER_BYTES).sub(wide(y + b + QUARTER_BYTES));
      DoubleVector d2 = wide(x + b + 2 * QUARTER_BYTES).sub(wide(y + b + 2 * QUARTER_BYTES));
      DoubleVector d3 = wide(x + b + 3 * QUARTER_BYTES).sub(wide(y + b + 3 * QUARTER_BYTES));
      sum0 = d0.fma(d0, sum0);
      sum1 = d1.fma(d1, sum1);
      sum2 = d2.fma(d2, sum2);
      sum3 = d3.fma(d3, sum3);
    }
    return fold(sum0, sum1, sum2, sum3);
  }

  static double squaredNorm(long x, long bytes) {
    DoubleVector sum0 = DoubleVector.zero(WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    for (long b = 0; b < bytes; b += ROUND_BYTES) {
      DoubleVector e0 = wide(x + b);
      DoubleVector e1 = wide(x + b + QUARTER_BYTES);
      DoubleVector e2 = wide(x + b + 2 * QUARTER_BYTES);
      DoubleVector e3 = wide(x + b + 3 * QUARTER_BYTES);
      sum0 = e0.fma(e0, sum0);
      sum1 = e1.fma(e1, sum1);
      sum2 = e2.fma(e2, sum2);
      sum3 = e3.fma(e3, sum3);
    }
    return fold(sum0, sum1, sum2, sum3);
  }

  static double sum(long x, long bytes) {
    DoubleVector sum0 = DoubleVector.zero(WIDE);
    DoubleVector sum1 = sum0;
    DoubleVector sum2 = sum0;
    DoubleVector sum3 = sum0;
    for (long b = 0; b < bytes; b += ROUND_BYTES) {
      sum0 = sum0.add(wide(x + b));
      sum1 = sum1.add(wide(x + b + QUARTER_BYTES));
      sum2 = sum2.add(wide(x + b + 2 * QUARTER_BYTES));
      sum3 = sum3.add(wide(x + b + 3 * QUARTER_BYTES));
    }
    return fold(sum0, sum1, sum2, sum3);
  }

  private static double fold(
      DoubleVector sum0, DoubleVector sum1, DoubleVector sum2, DoubleVector sum3) {
    DoubleVector four = sum0.add(sum2).add(sum1.add(sum3));
    double even = four.lane(0) + four.lane(2);
    double odd = four.lane(1) + four.lane(3);
    return even + odd;
  }

  private static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, MEMORY, address, ORDER);
  }

  private static FloatVector loadLine(long address) {
    return FloatVector.fromMemorySegment(LINE, MEMORY, address, ORDER);
  }

  private static void store(FloatVector vector, long address) {
    vector.intoMemorySegment(MEMORY, address, ORDER);
  }

  private static void storeLine(FloatVector vector, long address) {
    vector.intoMemorySegment(MEMORY, address, ORDER);
  }

  private static DoubleVector wide(long address) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(QUARTER, MEMORY, address, ORDER)
            .convertShape(VectorOperators.F2D, WIDE, 0);
  }

  @SuppressWarnings("restricted") // Only addresses that Operands has checked are accessed.
  private static MemorySegment allOfMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }
}
