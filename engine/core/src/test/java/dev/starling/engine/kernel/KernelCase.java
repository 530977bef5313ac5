package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Every element-wise kernel in one shape, so that tests can go through all of them. */
enum KernelCase {
  AVERAGE(
      2,
      1,
      (a, at, f, n) -> ScalarKernels.average(a[0], at[0], a[1], at[1], a[2], at[2], n),
      (a, at, f, n) -> VectorKernels.average(a[0], at[0], a[1], at[1], a[2], at[2], n)),
  AVERAGE_BOTH(
      2,
      2,
      (a, at, f, n) ->
          ScalarKernels.averageBoth(a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], n),
      (a, at, f, n) ->
          VectorKernels.averageBoth(a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], n)),
  STEP(
      2,
      1,
      (a, at, f, n) -> ScalarKernels.step(a[0], at[0], a[1], at[1], a[2], at[2], f[0], f[1], n),
      (a, at, f, n) -> VectorKernels.step(a[0], at[0], a[1], at[1], a[2], at[2], f[0], f[1], n)),
  STEP_AVERAGE(
      3,
      1,
      (a, at, f, n) ->
          ScalarKernels.stepAverage(
              a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], f[0], f[1], n),
      (a, at, f, n) ->
          VectorKernels.stepAverage(
              a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], f[0], f[1], n)),
  STEP_AVERAGE_BOTH(
      3,
      2,
      (a, at, f, n) ->
          ScalarKernels.stepAverageBoth(
              a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], a[4], at[4], f[0], f[1], n),
      (a, at, f, n) ->
          VectorKernels.stepAverageBoth(
              a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], a[4], at[4], f[0], f[1], n)),
  MOMENTUM(
      1,
      1,
      (a, at, f, n) -> ScalarKernels.momentum(a[1], at[1], a[0], at[0], f[0], n),
      (a, at, f, n) -> VectorKernels.momentum(a[1], at[1], a[0], at[0], f[0], n)),
  ACCUMULATE(
      1,
      1,
      (a, at, f, n) -> ScalarKernels.accumulate(a[1], at[1], a[0], at[0], n),
      (a, at, f, n) -> VectorKernels.accumulate(a[1], at[1], a[0], at[0], n)),
  ADD_DECAY(
      1,
      1,
      (a, at, f, n) -> ScalarKernels.addDecay(a[1], at[1], a[0], at[0], f[0], n),
      (a, at, f, n) -> VectorKernels.addDecay(a[1], at[1], a[0], at[0], f[0], n)),
  SCALE(
      0,
      1,
      (a, at, f, n) -> ScalarKernels.scale(a[0], at[0], f[0], n),
      (a, at, f, n) -> VectorKernels.scale(a[0], at[0], f[0], n)),
  NESTEROV(
      0,
      2,
      (a, at, f, n) -> ScalarKernels.nesterov(a[0], at[0], a[1], at[1], f[0], n),
      (a, at, f, n) -> VectorKernels.nesterov(a[0], at[0], a[1], at[1], f[0], n)),
  ADAM(
      0,
      3,
      (a, at, f, n) ->
          ScalarKernels.adam(
              a[0], at[0], a[1], at[1], a[2], at[2], f[0], f[1], f[2], f[3], f[4], n),
      (a, at, f, n) ->
          VectorKernels.adam(
              a[0], at[0], a[1], at[1], a[2], at[2], f[0], f[1], f[2], f[3], f[4], n)),
  FILL(
      0,
      1,
      (a, at, f, n) -> ScalarKernels.fill(a[0], at[0], f[0], n),
      (a, at, f, n) -> VectorKernels.fill(a[0], at[0], f[0], n));

  /** A kernel called on the first arguments of {@code a}; the outputs come last. */
  interface Call {
    void on(MemorySegment[] a, long[] at, float[] factors, long count);
  }

  /** The factors a kernel is tried with: ordinary, neutral, and each kind of strange. */
  static final float[] FACTORS = {
    0.1f,
    1f,
    0f,
    -0f,
    0.9f,
    0.9995f,
    -2.5f,
    1e-39f,
    Float.MIN_VALUE,
    3e38f,
    Float.NaN,
    Float.POSITIVE_INFINITY
  };

  /** How many factors a call gets; most kernels look at the first one or two only. */
  static final int FACTOR_COUNT = 5;

  private static final float[] ORDINARY = {0.9f, 0.999f, 1.5f, 2.5f, 1e-8f};

  final int inputs;
  final int outputs;
  final Call scalar;
  final Call vector;

  KernelCase(int inputs, int outputs, Call scalar, Call vector) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.scalar = scalar;
    this.vector = vector;
  }

  int arguments() {
    return inputs + outputs;
  }

  /** Factors as in use, or each of any kind, one time in two. */
  static float[] factors(Random random) {
    float[] factors = ORDINARY.clone();
    if (random.nextBoolean()) {
      for (int i = 0; i < FACTOR_COUNT; i++) {
        factors[i] = FACTORS[random.nextInt(FACTORS.length)];
      }
    }
    return factors;
  }

  /** A float of any kind: ordinary, huge, subnormal, zero, infinite, NaN, or random bits. */
  static float anyFloat(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextFloat() * 1e-38f;
      case 1 -> Float.MIN_VALUE * random.nextInt(-4, 5);
      case 2 -> random.nextBoolean() ? 0f : -0f;
      case 3 -> random.nextBoolean() ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY;
      case 4 -> Float.intBitsToFloat(0x7f800001 | random.nextInt());
      case 5 -> (random.nextFloat() - 0.5f) * 2 * Float.MAX_VALUE;
      case 6 -> Float.intBitsToFloat(random.nextInt());
      default -> (float) random.nextGaussian();
    };
  }
}
