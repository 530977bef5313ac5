package dev.starling.cuda.kernel;

import dev.starling.engine.kernel.ScalarKernels;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Every operation on vectors of one segment, by a device and by the engine's scalar reference. */
enum TestOperation {
  AVERAGE(
      Operation.AVERAGE,
      0,
      (k, m, a, f, n) -> k.average(m[0], a[0], m[1], a[1], m[2], a[2], n),
      (m, a, f, n) -> ScalarKernels.average(m[0], a[0], m[1], a[1], m[2], a[2], n)),
  AVERAGE_BOTH(
      Operation.AVERAGE_BOTH,
      0,
      (k, m, a, f, n) -> k.averageBoth(m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], n),
      (m, a, f, n) -> ScalarKernels.averageBoth(m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], n)),
  STEP(
      Operation.STEP,
      2,
      (k, m, a, f, n) -> k.step(m[0], a[0], m[1], a[1], m[2], a[2], f[0], f[1], n),
      (m, a, f, n) -> ScalarKernels.step(m[0], a[0], m[1], a[1], m[2], a[2], f[0], f[1], n)),
  STEP_AVERAGE(
      Operation.STEP_AVERAGE,
      2,
      (k, m, a, f, n) ->
          k.stepAverage(m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], f[0], f[1], n),
      (m, a, f, n) ->
          ScalarKernels.stepAverage(m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], f[0], f[1], n)),
  STEP_AVERAGE_BOTH(
      Operation.STEP_AVERAGE_BOTH,
      2,
      (k, m, a, f, n) ->
          k.stepAverageBoth(
              m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], m[4], a[4], f[0], f[1], n),
      (m, a, f, n) ->
          ScalarKernels.stepAverageBoth(
              m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], m[4], a[4], f[0], f[1], n)),
  MOMENTUM(
      Operation.MOMENTUM,
      1,
      (k, m, a, f, n) -> k.momentum(m[0], a[0], m[1], a[1], f[0], n),
      (m, a, f, n) -> ScalarKernels.momentum(m[0], a[0], m[1], a[1], f[0], n)),
  SCALE(
      Operation.SCALE,
      1,
      (k, m, a, f, n) -> k.scale(m[0], a[0], f[0], n),
      (m, a, f, n) -> ScalarKernels.scale(m[0], a[0], f[0], n)),
  NESTEROV(
      Operation.NESTEROV,
      1,
      (k, m, a, f, n) -> k.nesterov(m[0], a[0], m[1], a[1], f[0], n),
      (m, a, f, n) -> ScalarKernels.nesterov(m[0], a[0], m[1], a[1], f[0], n)),
  ADAM(
      Operation.ADAM,
      5,
      (k, m, a, f, n) ->
          k.adam(m[0], a[0], m[1], a[1], m[2], a[2], f[0], f[1], f[2], f[3], f[4], n),
      (m, a, f, n) ->
          ScalarKernels.adam(m[0], a[0], m[1], a[1], m[2], a[2], f[0], f[1], f[2], f[3], f[4], n)),
  ACCUMULATE(
      Operation.ACCUMULATE,
      0,
      (k, m, a, f, n) -> k.accumulate(m[0], a[0], m[1], a[1], n),
      (m, a, f, n) -> ScalarKernels.accumulate(m[0], a[0], m[1], a[1], n)),
  ADD_DECAY(
      Operation.ADD_DECAY,
      1,
      (k, m, a, f, n) -> k.addDecay(m[0], a[0], m[1], a[1], f[0], n),
      (m, a, f, n) -> ScalarKernels.addDecay(m[0], a[0], m[1], a[1], f[0], n)),
  PACK_BF16(
      Operation.PACK_BF16,
      0,
      (k, m, a, f, n) -> k.packBf16(m[0], a[0], m[1], a[1], m[2], a[2], n),
      (m, a, f, n) -> ScalarKernels.packBf16(m[0], a[0], m[1], a[1], m[2], a[2], n)),
  UNPACK_BF16(
      Operation.UNPACK_BF16,
      0,
      (k, m, a, f, n) -> k.unpackBf16(m[0], a[0], m[1], a[1], n),
      (m, a, f, n) -> ScalarKernels.unpackBf16(m[0], a[0], m[1], a[1], n)),
  COPY(
      Operation.COPY,
      0,
      (k, m, a, f, n) -> k.copy(m[0], a[0], m[1], a[1], n),
      (m, a, f, n) -> MemorySegment.copy(m[0], a[0], m[1], a[1], n << 2));

  private final Operation operation;
  private final int numbers;
  private final Device device;
  private final Reference reference;

  /** A call of the kernels under test: vectors, their offsets in bytes, numbers, elements. */
  interface Device {
    long submit(CudaKernels kernels, MemorySegment[] m, long[] at, float[] f, long n);
  }

  /** The same by the engine. */
  interface Reference {
    void run(MemorySegment[] m, long[] at, float[] f, long n);
  }

  TestOperation(Operation operation, int numbers, Device device, Reference reference) {
    this.operation = operation;
    this.numbers = numbers;
    this.device = device;
    this.reference = reference;
  }

  Operation operation() {
    return operation;
  }

  long submit(CudaKernels kernels, MemorySegment[] m, long[] at, float[] f, long n) {
    return device.submit(kernels, m, at, f, n);
  }

  void run(MemorySegment[] m, long[] at, float[] f, long n) {
    reference.run(m, at, f, n);
  }

  /** Numbers that keep values within reach, and now and then one that does not. */
  float[] numbers(Random random) {
    float[] f = new float[numbers];
    for (int i = 0; i < numbers; i++) {
      f[i] = random.nextInt(20) == 0 ? Float.intBitsToFloat(random.nextInt()) : random.nextFloat();
    }
    return f;
  }
}
