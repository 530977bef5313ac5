package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.starling.engine.kernel.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The sources of the kernels against the engine's scalar reference, bit for bit, on the CPU. */
class KernelSourcesTest {
  private static final int PAD_BYTES = 32;
  private static final int[] GRIDS = {1, 1, 1, 3, 2, 5, 3, 32};
  private static final int[] SPECIAL = {
    0,
    0x80000000,
    0x3f800000,
    1,
    0x80000001,
    0x007fffff,
    0x00800000, // zeros, one, subnormals
    0x3f808000,
    0x3f818000,
    0x3f817fff,
    0x7f7f0000,
    0x7f7f7fff,
    0x7f7f8000, // edges of bfloat16
    0x7f7fffff,
    0xff7fffff,
    0x7f800000,
    0xff800000,
    0x7fc00000,
    0x7f800001
  };

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    System.out.println("KernelSourcesTest: seed " + seed);
  }

  /** The same computation by the engine: vectors, their offsets in bytes, factors, floats. */
  private interface Reference {
    void run(MemorySegment[] a, long[] at, float[] f, long count);
  }

  /**
   * A kernel.
   *
   * @param outputs how many of the last vectors may be the same as one of those before
   * @param sizes bytes of an element of each vector
   */
  private record Case(String name, int outputs, int floats, Reference reference, int... sizes) {}

  private static final List<Case> CASES =
      List.of(
          new Case(
              "average",
              1,
              0,
              (a, at, f, n) -> ScalarKernels.average(a[0], at[0], a[1], at[1], a[2], at[2], n),
              4,
              4,
              4),
          new Case(
              "averageBoth",
              2,
              0,
              (a, at, f, n) ->
                  ScalarKernels.averageBoth(a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], n),
              4,
              4,
              4,
              4),
          new Case(
              "step",
              1,
              2,
              (a, at, f, n) ->
                  ScalarKernels.step(a[0], at[0], a[1], at[1], a[2], at[2], f[0], f[1], n),
              4,
              4,
              4),
          new Case(
              "stepAverage",
              1,
              2,
              (a, at, f, n) ->
                  ScalarKernels.stepAverage(
                      a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], f[0], f[1], n),
              4,
              4,
              4,
              4),
          new Case(
              "stepAverageBoth",
              2,
              2,
              (a, at, f, n) ->
                  ScalarKernels.stepAverageBoth(
                      a[0], at[0], a[1], at[1], a[2], at[2], a[3], at[3], a[4], at[4], f[0], f[1],
                      n),
              4,
              4,
              4,
              4,
              4),
          new Case(
              "momentum",
              0,
              1,
              (a, at, f, n) -> ScalarKernels.momentum(a[0], at[0], a[1], at[1], f[0], n),
              4,
              4),
          new Case(
              "nesterov",
              0,
              1,
              (a, at, f, n) -> ScalarKernels.nesterov(a[0], at[0], a[1], at[1], f[0], n),
              4,
              4),
          new Case(
              "adam",
              0,
              5,
              (a, at, f, n) ->
                  ScalarKernels.adam(
                      a[0], at[0], a[1], at[1], a[2], at[2], f[0], f[1], f[2], f[3], f[4], n),
              4,
              4,
              4),
          new Case("scale", 0, 1, (a, at, f, n) -> ScalarKernels.scale(a[0], at[0], f[0], n), 4),
          new Case(
              "accumulate",
              0,
              0,
              (a, at, f, n) -> ScalarKernels.accumulate(a[0], at[0], a[1], at[1], n),
              4,
              4),
          new Case(
              "addDecay",
              0,
              1,
              (a, at, f, n) -> ScalarKernels.addDecay(a[0], at[0], a[1], at[1], f[0], n),
              4,
              4),
          new Case(
              "copy",
              1,
              0,
              (a, at, f, n) -> MemorySegment.copy(a[0], at[0], a[1], at[1], n << 2),
              4,
              4),
          new Case(
              "packBf16",
              0,
              0,
              (a, at, f, n) -> ScalarKernels.packBf16(a[0], at[0], a[1], at[1], a[2], at[2], n),
              4,
              4,
              2),
          new Case(
              "unpackBf16",
              0,
              0,
              (a, at, f, n) -> ScalarKernels.unpackBf16(a[0], at[0], a[1], at[1], n),
              2,
              4));

  @Test
  void shouldGiveTheBitsOfTheCpuWhateverLengthAlignmentAndGrid() throws Throwable {
    for (Case kernel : CASES) {
      for (int count = 0; count <= 70; count++) {
        compare(kernel, count);
        compare(kernel, count);
      }
      compare(kernel, 1023);
      compare(kernel, 4097);
    }
  }

  private void compare(Case kernel, int count) throws Throwable {
    int vectors = kernel.sizes().length;
    long[] at = new long[vectors];
    long stride = (count * 4L + 3 * PAD_BYTES) & -16L;
    boolean aligned = random.nextBoolean();
    int same = random.nextInt(4);
    for (int k = 0; k < vectors; k++) {
      int element = aligned ? same : random.nextInt(4);
      at[k] = k * stride + PAD_BYTES + (long) element * kernel.sizes()[k];
      if (k >= vectors - kernel.outputs() && random.nextInt(3) == 0) {
        at[k] = at[random.nextInt(vectors - kernel.outputs())];
      }
    }
    float[] floats = new float[kernel.floats()];
    for (int k = 0; k < floats.length; k++) {
      floats[k] = random.nextInt(8) == 0 ? 1f : random.nextFloat();
    }
    try (Arena own = Arena.ofConfined()) {
      MemorySegment expected = own.allocate(vectors * stride, 64);
      fill(expected);
      MemorySegment actual = own.allocate(vectors * stride, 64).copyFrom(expected);
      MemorySegment[] all = new MemorySegment[vectors];
      Arrays.fill(all, expected);
      kernel.reference().run(all, at, floats, count);
      int grid = random.nextInt(GRIDS.length / 2) * 2;
      launch(kernel, actual, at, floats, count, grid);
      String what =
          "%s, count %d, offsets %s, factors %s, grid %d x %d, seed %d"
              .formatted(
                  kernel.name(),
                  count,
                  Arrays.toString(at),
                  Arrays.toString(floats),
                  GRIDS[grid],
                  GRIDS[grid + 1],
                  seed);
      requireSameBits(expected, actual, what);
    }
  }

  private void launch(
      Case kernel, MemorySegment memory, long[] at, float[] floats, long count, int grid)
      throws Throwable {
    List<Object> arguments = new ArrayList<>();
    for (long offset : at) {
      arguments.add(memory.asSlice(offset));
    }
    for (float f : floats) {
      arguments.add(f);
    }
    arguments.add(count);
    CompiledKernels.launch(kernel.name(), GRIDS[grid], GRIDS[grid + 1], arguments);
  }

  private void fill(MemorySegment memory) {
    for (long i = 0; i < memory.byteSize() / 4; i++) {
      float value =
          switch (random.nextInt(6)) {
            case 0 -> Float.intBitsToFloat(SPECIAL[random.nextInt(SPECIAL.length)]);
            case 1 -> Float.intBitsToFloat(random.nextInt());
            default -> (float) random.nextGaussian();
          };
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
  }

  /** Any NaN equals any NaN; everything around the vectors is compared as well. */
  private static void requireSameBits(MemorySegment expected, MemorySegment actual, String what) {
    for (long i = 0; i < expected.byteSize() / 4; i++) {
      float e = expected.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      float a = actual.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (Float.floatToIntBits(e) != Float.floatToIntBits(a)) {
        fail("%s: at byte %d %s (%h) instead of %s (%h)".formatted(what, i * 4, a, a, e, e));
      }
    }
  }

  @Test
  void shouldFindTheFirstNonFiniteElementOfAChunk() throws Throwable {
    try (Arena own = Arena.ofConfined()) {
      MemorySegment memory = own.allocate(4 * 100, 64);
      MemorySegment first = own.allocate(8, 8);
      for (int count = 0; count < 80; count++) {
        int offset = random.nextInt(8);
        int grid = random.nextInt(GRIDS.length / 2) * 2;
        for (int bad = -1; bad < count; bad++) {
          memory.fill((byte) 0);
          // Not finite just outside the vector, and a second one behind the first.
          plant(memory, offset - 1);
          plant(memory, offset + count);
          if (bad >= 0) {
            plant(memory, offset + bad);
            plant(memory, offset + bad + random.nextInt(count - bad));
          }
          first.set(ValueLayout.JAVA_LONG, 0, -1);
          MemorySegment x = memory.asSlice(offset * 4L);
          CompiledKernels.launch(
              "firstNonFinite",
              GRIDS[grid],
              GRIDS[grid + 1],
              List.of(x, 1L << 33, (long) count, first));
          long expected = bad < 0 ? -1 : (1L << 33) + bad;
          assertEquals(expected, first.get(ValueLayout.JAVA_LONG, 0), "count " + count);
        }
      }
    }
  }

  private void plant(MemorySegment memory, int index) {
    if (index >= 0) {
      float bad = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, bad);
    }
  }
}
