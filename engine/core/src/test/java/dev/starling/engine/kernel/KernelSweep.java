package dev.starling.engine.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/**
 * Compares vector with scalar kernels bit for bit. Also a program, so that a test can run it in a
 * JVM with narrower vectors: arguments are the seed, the longest length and the vector width that
 * is expected.
 */
final class KernelSweep {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Floats around each argument that no kernel may touch. */
  private static final int GUARD = 16;

  private static final int POOL = 1 << 16;

  private final Random random;
  private final MemorySegment pool;
  private final MemorySegment[] expected = new MemorySegment[5];
  private final MemorySegment[] actual = new MemorySegment[5];
  private final long[] at = new long[5];

  KernelSweep(long seed, Arena arena, int longest) {
    random = new Random(seed);
    pool = arena.allocate(4L * (POOL + longest + 3 * GUARD), 64);
    for (long i = 0; i < pool.byteSize() >> 2; i++) {
      pool.setAtIndex(FLOAT, i, KernelCase.anyFloat(random));
    }
    for (int i = 0; i < 5; i++) {
      expected[i] = arena.allocate(4L * (longest + 3 * GUARD), 64);
      actual[i] = arena.allocate(4L * (longest + 3 * GUARD), 64);
    }
  }

  public static void main(String[] args) {
    long seed = Long.parseLong(args[0]);
    int longest = Integer.parseInt(args[1]);
    int bits = Integer.parseInt(args[2]);
    if (VectorKernels.vectorBits() != bits) {
      throw new AssertionError("vectors have " + VectorKernels.vectorBits() + " bits, not " + bits);
    }
    try (Arena arena = Arena.ofConfined()) {
      KernelSweep sweep = new KernelSweep(seed, arena, longest);
      Bf16Sweep bf16 = new Bf16Sweep(seed, arena, longest);
      for (int count = 0; count <= longest; count++) {
        sweep.all(count);
        bf16.all(count);
      }
    }
    System.out.println("same bits");
  }

  /** Compares every kernel at one length, each argument at another random misalignment. */
  void all(int count) {
    for (KernelCase kernel : KernelCase.values()) {
      apart(kernel, count);
    }
    sums(count);
  }

  /** Compares one kernel on separate arguments. */
  void apart(KernelCase kernel, int count) {
    fillArguments(count);
    float[] factors = KernelCase.factors(random);
    kernel.scalar.on(expected, at, factors, count);
    kernel.vector.on(actual, at, factors, count);
    for (int i = 0; i < 5; i++) {
      compare(kernel + " argument " + i, count, i);
    }
  }

  /** Compares one kernel with output {@code output} in the place of input {@code input}. */
  void inPlace(KernelCase kernel, int input, int output, int count) {
    fillArguments(count);
    float[] factors = KernelCase.factors(random);
    MemorySegment[] e = expected.clone();
    MemorySegment[] a = actual.clone();
    long[] where = at.clone();
    e[kernel.inputs + output] = e[input];
    a[kernel.inputs + output] = a[input];
    where[kernel.inputs + output] = where[input];
    kernel.scalar.on(e, where, factors, count);
    kernel.vector.on(a, where, factors, count);
    for (int i = 0; i < 5; i++) {
      compare(kernel + " in place of " + input + ", argument " + i, count, i);
    }
  }

  private void sums(int count) {
    fillArguments(count);
    same(
        "sum of " + count,
        ScalarKernels.sum(expected[0], at[0], count),
        VectorKernels.sum(expected[0], at[0], count));
    same(
        "squaredDistance of " + count,
        ScalarKernels.squaredDistance(expected[0], at[0], expected[1], at[1], count),
        VectorKernels.squaredDistance(expected[0], at[0], expected[1], at[1], count));
    same(
        "squaredNorm of " + count,
        ScalarKernels.squaredNorm(expected[0], at[0], count),
        VectorKernels.squaredNorm(expected[0], at[0], count));
    MemorySegment finite = expected[2];
    for (int i = 0; i < count; i++) {
      finite.set(FLOAT, at[2] + 4L * i, (float) random.nextGaussian());
      expected[3].set(FLOAT, at[3] + 4L * i, (float) random.nextGaussian());
    }
    same(
        "sum of " + count + " finite",
        ScalarKernels.sum(finite, at[2], count),
        VectorKernels.sum(finite, at[2], count));
    same(
        "squaredNorm of " + count + " finite",
        ScalarKernels.squaredNorm(finite, at[2], count),
        VectorKernels.squaredNorm(finite, at[2], count));
    same(
        "squaredDistance of " + count + " finite",
        ScalarKernels.squaredDistance(finite, at[2], expected[3], at[3], count),
        VectorKernels.squaredDistance(finite, at[2], expected[3], at[3], count));
  }

  private void fillArguments(int count) {
    for (int i = 0; i < 5; i++) {
      at[i] = 4L * (GUARD + random.nextInt(GUARD));
      long bytes = 4L * (count + 3 * GUARD);
      MemorySegment from = pool.asSlice(4L * random.nextInt(POOL), bytes);
      MemorySegment.copy(from, 0, expected[i], 0, bytes);
      MemorySegment.copy(from, 0, actual[i], 0, bytes);
    }
  }

  private void compare(String what, int count, int argument) {
    long bytes = 4 * (count + 3L * GUARD);
    long from = 0;
    while (from < bytes) {
      long same =
          MemorySegment.mismatch(expected[argument], from, bytes, actual[argument], from, bytes);
      if (same < 0) {
        return;
      }
      long i = (from + same) >> 2;
      float e = expected[argument].getAtIndex(FLOAT, i);
      float a = actual[argument].getAtIndex(FLOAT, i);
      if (Float.floatToIntBits(e) != Float.floatToIntBits(a)) {
        long index = i - (at[argument] >> 2);
        throw new AssertionError(
            what + " of " + count + " differs at " + index + ": scalar " + e + ", vector " + a);
      }
      from = (i + 1) << 2;
    }
  }

  private static void same(String what, double expected, double actual) {
    if (Double.doubleToLongBits(expected) != Double.doubleToLongBits(actual)) {
      throw new AssertionError(what + " differs: scalar " + expected + ", vector " + actual);
    }
  }
}
