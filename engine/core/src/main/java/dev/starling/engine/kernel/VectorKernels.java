package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Every kernel with the vectors of this CPU. Bits are those of {@link ScalarKernels}, whatever the
 * width of the vectors.
 *
 * <p>Arguments as in the {@linkplain dev.starling.engine.kernel package}: pairs of segment and byte
 * offset, four-byte aligned, {@code count} floats each. Heap segments are allowed and slow: they
 * are computed by {@link ScalarKernels}, and so is everything on a JVM whose compiler does not know
 * vectors ({@link #areVectorsCompiled}): there each of them would be an object. Thread-safe in that
 * there is no state. Allocates nothing once compiled.
 *
 * <p>Every method throws {@link IllegalArgumentException} for a negative count, a misaligned start,
 * a read-only output or a partial overlap, {@link IndexOutOfBoundsException} for a range outside
 * its segment, {@link IllegalStateException} for memory that has been closed, and {@link
 * WrongThreadException} for memory confined to another thread. This is looked at once, when the
 * call begins: <b>memory that another thread closes while the call runs crashes the JVM</b>.
 */
public final class VectorKernels {
  private static final boolean VECTORS = compilesVectors(System.getProperty("java.vm.info", ""));

  private VectorKernels() {}

  /** An interpreter, and a JVM that stops at its first compiler, has no vectors. */
  static boolean compilesVectors(String vmInfo) {
    return !vmInfo.contains("interpreted mode") && !vmInfo.contains("emulated-client");
  }

  /**
   * Tells whether this JVM compiles operations on vectors to instructions. One that was started
   * with {@code -Xint} or {@code -XX:TieredStopAtLevel=1} does not.
   *
   * @return whether vectors are used
   */
  public static boolean areVectorsCompiled() {
    return VECTORS;
  }

  /**
   * Tells how wide the widest vectors in use are.
   *
   * @return bits in a vector: 512, 256 or 128
   */
  public static int vectorBits() {
    return VectorLoops.LINE.vectorBitSize();
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
    long done = 0;
    if (VECTORS && x.isNative() && y.isNative() && out.isNative()) {
      long xa = Operands.address("x", x, xo, count);
      long ya = Operands.address("y", y, yo, count);
      long oa = Operands.writableAddress("out", out, oo, count);
      Operands.requireSameOrApart(oa, xa, count);
      Operands.requireSameOrApart(oa, ya, count);
      done = VectorLoops.average(xa, ya, oa, count);
    }
    ScalarKernels.average(x, xo + done, y, yo + done, out, oo + done, count - (done >> 2));
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
    long done = 0;
    if (VECTORS && x.isNative() && y.isNative() && outX.isNative() && outY.isNative()) {
      long xa = Operands.address("x", x, xo, count);
      long ya = Operands.address("y", y, yo, count);
      long oxa = Operands.writableAddress("outX", outX, oxo, count);
      long oya = Operands.writableAddress("outY", outY, oyo, count);
      Operands.requireSameOrApart(oxa, xa, count);
      Operands.requireSameOrApart(oxa, ya, count);
      Operands.requireSameOrApart(oxa, oya, count);
      Operands.requireSameOrApart(oya, xa, count);
      Operands.requireSameOrApart(oya, ya, count);
      done = VectorLoops.averageBoth(xa, ya, oxa, oya, count);
    }
    ScalarKernels.averageBoth(
        x, xo + done, y, yo + done, outX, oxo + done, outY, oyo + done, count - (done >> 2));
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
    long done = 0;
    if (VECTORS && x.isNative() && u.isNative() && out.isNative()) {
      long xa = Operands.address("x", x, xo, count);
      long ua = Operands.address("u", u, uo, count);
      long oa = Operands.writableAddress("out", out, oo, count);
      Operands.requireSameOrApart(oa, xa, count);
      Operands.requireSameOrApart(oa, ua, count);
      done = VectorLoops.step(xa, ua, oa, -learningRate, keep, count);
    }
    ScalarKernels.step(
        x, xo + done, u, uo + done, out, oo + done, learningRate, keep, count - (done >> 2));
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
    long done = 0;
    if (VECTORS && x.isNative() && u.isNative() && y.isNative() && out.isNative()) {
      long xa = Operands.address("x", x, xo, count);
      long ua = Operands.address("u", u, uo, count);
      long ya = Operands.address("y", y, yo, count);
      long oa = Operands.writableAddress("out", out, oo, count);
      Operands.requireSameOrApart(oa, xa, count);
      Operands.requireSameOrApart(oa, ua, count);
      Operands.requireSameOrApart(oa, ya, count);
      done = VectorLoops.stepAverage(xa, ua, ya, oa, -learningRate, keep, count);
    }
    ScalarKernels.stepAverage(
        x,
        xo + done,
        u,
        uo + done,
        y,
        yo + done,
        out,
        oo + done,
        learningRate,
        keep,
        count - (done >> 2));
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
    long done = 0;
    if (VECTORS
        && x.isNative()
        && u.isNative()
        && y.isNative()
        && outX.isNative()
        && outY.isNative()) {
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
      done = VectorLoops.stepAverageBoth(xa, ua, ya, oxa, oya, -learningRate, keep, count);
    }
    ScalarKernels.stepAverageBoth(
        x,
        xo + done,
        u,
        uo + done,
        y,
        yo + done,
        outX,
        oxo + done,
        outY,
        oyo + done,
        learningRate,
        keep,
        count - (done >> 2));
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
    long done = 0;
    if (VECTORS && v.isNative() && g.isNative()) {
      long va = Operands.writableAddress("v", v, vo, count);
      long ga = Operands.address("g", g, go, count);
      Operands.requireSameOrApart(va, ga, count);
      done = VectorLoops.momentum(va, ga, mu, count);
    }
    ScalarKernels.momentum(v, vo + done, g, go + done, mu, count - (done >> 2));
    Operands.hold(v, g);
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
    long done = 0;
    if (VECTORS && x.isNative()) {
      done = VectorLoops.scale(Operands.writableAddress("x", x, xo, count), s, count);
    }
    ScalarKernels.scale(x, xo + done, s, count - (done >> 2));
    Operands.hold(x, x);
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
    long done = 0;
    if (VECTORS && v.isNative() && g.isNative()) {
      long va = Operands.writableAddress("v", v, vo, count);
      long ga = Operands.writableAddress("g", g, go, count);
      Operands.requireSameOrApart(va, ga, count);
      done = VectorLoops.nesterov(va, ga, mu, count);
    }
    ScalarKernels.nesterov(v, vo + done, g, go + done, mu, count - (done >> 2));
    Operands.hold(v, g);
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
    long done = 0;
    if (VECTORS && m.isNative() && v.isNative() && g.isNative()) {
      long ma = Operands.writableAddress("m", m, mo, count);
      long va = Operands.writableAddress("v", v, vo, count);
      long ga = Operands.writableAddress("g", g, go, count);
      Operands.requireSameOrApart(ma, va, count);
      Operands.requireSameOrApart(ma, ga, count);
      Operands.requireSameOrApart(va, ga, count);
      done = VectorLoops.adam(ma, va, ga, beta1, beta2, c1, c2, epsilon, count);
    }
    long rest = count - (done >> 2);
    ScalarKernels.adam(
        m, mo + done, v, vo + done, g, go + done, beta1, beta2, c1, c2, epsilon, rest);
    Operands.hold(m, v, g);
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
    long done = 0;
    if (VECTORS && acc.isNative() && g.isNative()) {
      long aa = Operands.writableAddress("acc", acc, ao, count);
      long ga = Operands.address("g", g, go, count);
      Operands.requireSameOrApart(aa, ga, count);
      done = VectorLoops.accumulate(aa, ga, count);
    }
    ScalarKernels.accumulate(acc, ao + done, g, go + done, count - (done >> 2));
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
    long done = 0;
    if (VECTORS && g.isNative() && x.isNative()) {
      long ga = Operands.writableAddress("g", g, go, count);
      long xa = Operands.address("x", x, xo, count);
      Operands.requireSameOrApart(ga, xa, count);
      done = VectorLoops.addDecay(ga, xa, decay, count);
    }
    ScalarKernels.addDecay(g, go + done, x, xo + done, decay, count - (done >> 2));
    Operands.hold(g, x);
  }

  /**
   * Finds the first NaN or infinity. Looks at no element further than half a kilobyte behind it.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param count floats in the vector
   * @return its index, or -1 if all elements are finite
   */
  public static long firstNonFinite(MemorySegment x, long xo, long count) {
    long finite = 0;
    if (VECTORS && x.isNative()) {
      finite = VectorLoops.finiteBytes(Operands.address("x", x, xo, count), count);
    }
    // What is next is a block that is not finite throughout, or the rest.
    long found = ScalarKernels.firstNonFinite(x, xo + finite, count - (finite >> 2));
    Operands.hold(x, x);
    return found < 0 ? -1 : (finite >> 2) + found;
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
    if (!(VectorLoops.HAS_WIDE && x.isNative() && y.isNative())) {
      return ScalarKernels.squaredDistance(x, xo, y, yo, count);
    }
    long xa = Operands.address("x", x, xo, count);
    long ya = Operands.address("y", y, yo, count);
    long whole = VectorLoops.wholeRoundBytes(count);
    double rounds = VectorLoops.squaredDistance(xa, ya, whole);
    long rest = count - (whole >> 2);
    double all = ScalarKernels.addSquaredDistance(rounds, x, xo + whole, y, yo + whole, rest);
    Operands.hold(x, y);
    return all;
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
    if (!(VectorLoops.HAS_WIDE && x.isNative())) {
      return ScalarKernels.squaredNorm(x, xo, count);
    }
    long xa = Operands.address("x", x, xo, count);
    long whole = VectorLoops.wholeRoundBytes(count);
    double rounds = VectorLoops.squaredNorm(xa, whole);
    double all = ScalarKernels.addSquaredNorm(rounds, x, xo + whole, count - (whole >> 2));
    Operands.hold(x, x);
    return all;
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
    if (!(VectorLoops.HAS_WIDE && x.isNative())) {
      return ScalarKernels.sum(x, xo, count);
    }
    long xa = Operands.address("x", x, xo, count);
    long whole = VectorLoops.wholeRoundBytes(count);
    double rounds = VectorLoops.sum(xa, whole);
    double all = ScalarKernels.addSum(rounds, x, xo + whole, count - (whole >> 2));
    Operands.hold(x, x);
    return all;
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
    long done = 0;
    if (VECTORS && x.isNative()) {
      done = VectorLoops.fill(Operands.writableAddress("x", x, xo, count), value, count);
    }
    ScalarKernels.fill(x, xo + done, value, count - (done >> 2));
    Operands.hold(x, x);
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
    long done = 0;
    if (VECTORS && gradient.isNative() && residual.isNative() && packed.isNative()) {
      long ga = Operands.writableAddress("gradient", gradient, go, count);
      long ra = Operands.writableAddress("residual", residual, ro, count);
      long pa = Operands.writableBf16Address("packed", packed, po, count);
      Operands.requireApart(ga, count << 2, ra, count << 2);
      Operands.requireApart(pa, count << 1, ga, count << 2);
      Operands.requireApart(pa, count << 1, ra, count << 2);
      done = VectorBf16.pack(ga, ra, pa, count);
    }
    long rest = count - (done >> 2);
    ScalarKernels.packBf16(
        gradient, go + done, residual, ro + done, packed, po + (done >> 1), rest);
    Operands.hold(gradient, residual, packed);
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
    long done = 0;
    if (VECTORS && packed.isNative() && out.isNative()) {
      long pa = Operands.bf16Address("packed", packed, po, count);
      long oa = Operands.writableAddress("out", out, oo, count);
      Operands.requireApart(oa, count << 2, pa, count << 1);
      done = VectorBf16.unpack(pa, oa, count);
    }
    ScalarKernels.unpackBf16(packed, po + (done >> 1), out, oo + done, count - (done >> 2));
    Operands.hold(packed, out);
  }
}
