package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Between float and bfloat16: the rounding, what is kept of it, and equal bits of both sides. */
@Timeout(120)
class Bf16KernelsTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final int LONGEST = 4097;
  private static final float LARGEST = Float.intBitsToFloat(0x7f7f0000);

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  private String seedMessage() {
    return "seed " + seed + "L";
  }

  private void printSeed(String test) {
    System.out.println("Bf16KernelsTest." + test + ": " + seedMessage());
  }

  @Test
  void shouldGiveScalarBitsWhenLengthIsAnythingUpToSomePages() {
    printSeed("lengths");
    try (Arena arena = Arena.ofConfined()) {
      Bf16Sweep sweep = new Bf16Sweep(seed, arena, LONGEST);
      for (int count = 0; count <= LONGEST; count++) {
        sweep.all(count);
      }
    }
  }

  /** Runs both sides on the heap and in native memory; all must agree with {@code bits}. */
  private static void packs(int bits, float residual, float... gradients) {
    for (float gradient : gradients) {
      int count = 40;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment g = arena.allocate(4L * count, 64);
        MemorySegment r = arena.allocate(4L * count, 64);
        MemorySegment p = arena.allocate(2L * count, 64);
        VectorKernels.fill(g, 0, gradient, count);
        VectorKernels.packBf16(g, 0, r, 0, p, 0, count);
        for (long i = 0; i < count; i++) {
          int packed = Short.toUnsignedInt(p.getAtIndex(ValueLayout.JAVA_SHORT, i));
          String what = gradient + " gave 0x" + Integer.toHexString(packed);
          assertEquals(bits, packed, what);
          assertEquals(bits << 16, g.getAtIndex(INT, i), what);
          assertEquals(residual, r.getAtIndex(FLOAT, i), what);
        }
      }
    }
  }

  @Test
  void shouldRoundToNearestAndTiesToEven() {
    packs(0x3f80, 0f, 1f);
    packs(0x3f80, 0x1p-8f, 1f + 0x1p-8f);
    packs(0x3f81, -0x1p-8f + 0x1p-23f, 1f + 0x1p-8f + 0x1p-23f);
    packs(0x3f82, -0x1p-8f, 1f + 3 * 0x1p-8f);
    packs(0xbf82, 0x1p-8f, -1f - 3 * 0x1p-8f);
    packs(0x4000, -0x1p-8f, 2f - 0x1p-8f);
    // The sum of a negative and a positive zero.
    packs(0x0000, 0f, -0f);
  }

  @Test
  void shouldKeepSubnormals() {
    packs(0x0000, Float.MIN_VALUE, Float.MIN_VALUE);
    packs(0x8000, -0x7fff * Float.MIN_VALUE, -0x7fff * Float.MIN_VALUE);
    packs(0x0001, -0x7fff * Float.MIN_VALUE, 0x8001 * Float.MIN_VALUE);
    packs(0x0080, -Float.MIN_VALUE, Float.MIN_NORMAL - Float.MIN_VALUE);
  }

  @Test
  void shouldStayFiniteWhenAFiniteValueRoundsBeyondTheLargest() {
    packs(0x7f7f, 0f, LARGEST);
    packs(0x7f7f, Float.MAX_VALUE - LARGEST, Float.MAX_VALUE);
    packs(0xff7f, LARGEST - Float.MAX_VALUE, -Float.MAX_VALUE);
    packs(0x7f7f, 0x1p119f, LARGEST + 0x1p119f);
    packs(0x7f7f, 0x1p119f - 0x1p104f, LARGEST + 0x1p119f - 0x1p104f);
  }

  @Test
  void shouldKeepNoResidualWhenTheSumIsNotFinite() {
    packs(0x7f80, 0f, Float.POSITIVE_INFINITY);
    packs(0xff80, 0f, Float.NEGATIVE_INFINITY);
    // Quiet, signalling, negative, all bits set, and one whose upper half is that of an infinity.
    for (int nan : new int[] {0x7fc00000, 0x7fa00000, 0xffc00001, 0xffffffff, 0x7f800001}) {
      packs(0x7fc0, 0f, Float.intBitsToFloat(nan));
    }
    float[] g = {Float.MAX_VALUE, Float.POSITIVE_INFINITY};
    float[] r = {Float.MAX_VALUE, Float.NEGATIVE_INFINITY};
    short[] p = new short[2];
    pack(g, r, p);
    assertArrayEquals(new short[] {0x7f80, 0x7fc0}, p, "the sum overflows, and is a NaN");
    assertArrayEquals(new float[] {0f, 0f}, r);
  }

  private static void pack(float[] g, float[] r, short[] p) {
    ScalarKernels.packBf16(
        MemorySegment.ofArray(g),
        0,
        MemorySegment.ofArray(r),
        0,
        MemorySegment.ofArray(p),
        0,
        g.length);
  }

  /** Works the rounding out in another way: the nearest of the neighbours, in exact arithmetic. */
  @Test
  void shouldRoundToTheNearestOfAllWhenAnyFiniteFloatIsGiven() {
    printSeed("nearest");
    for (int i = 0; i < 300_000; i++) {
      float s = anyFinite();
      int below = Float.floatToRawIntBits(s) & 0xffff0000;
      float down = Float.intBitsToFloat(below);
      // Away from zero.
      float up = Float.intBitsToFloat(below + 0x10000);
      float expected = down;
      if (Float.isFinite(up)) {
        BigDecimal exact = new BigDecimal(s);
        BigDecimal toDown = exact.subtract(new BigDecimal(down)).abs();
        BigDecimal toUp = new BigDecimal(up).subtract(exact).abs();
        int order = toUp.compareTo(toDown);
        boolean downIsEven = (below & 0x10000) == 0;
        expected = order < 0 || (order == 0 && !downIsEven) ? up : down;
      }
      assertEquals(expected, Float.intBitsToFloat(Bf16.round(s)), s + ", " + seedMessage());
    }
  }

  private float anyFinite() {
    while (true) {
      int bits = random.nextInt();
      if (random.nextInt(4) == 0) {
        bits = bits & 0xffff0000 | 0x8000;
      }
      float s = random.nextInt(4) == 0 ? KernelCase.anyFloat(random) : Float.intBitsToFloat(bits);
      if (Float.isFinite(s)) {
        return s;
      }
    }
  }

  @Test
  void shouldLoseNothingOfTheSumWhenItIsFinite() {
    printSeed("identity");
    int count = 100_003;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment g = arena.allocate(4L * count, 64);
      MemorySegment r = arena.allocate(4L * count, 64);
      MemorySegment p = arena.allocate(2L * count, 64);
      float[] s = new float[count];
      for (int i = 0; i < count; i++) {
        g.setAtIndex(FLOAT, i, anyFinite());
        r.setAtIndex(FLOAT, i, random.nextBoolean() ? 0f : anyFinite() * 0x1p-8f);
        s[i] = g.getAtIndex(FLOAT, i) + r.getAtIndex(FLOAT, i);
      }
      VectorKernels.packBf16(g, 0, r, 0, p, 0, count);
      int finite = 0;
      for (int i = 0; i < count; i++) {
        float rounded = g.getAtIndex(FLOAT, i);
        float lost = r.getAtIndex(FLOAT, i);
        assertTrue(Float.isFinite(lost), s[i] + ", " + seedMessage());
        if (Float.isFinite(s[i])) {
          finite++;
          BigDecimal both = new BigDecimal(rounded).add(new BigDecimal(lost));
          assertEquals(0, new BigDecimal(s[i]).compareTo(both), s[i] + ", " + seedMessage());
          assertEquals(s[i] + 0f, rounded + lost + 0f, s[i] + ", " + seedMessage());
        }
      }
      assertTrue(finite > count * 0.9, finite + " of " + count + ", " + seedMessage());
    }
  }

  @Test
  void shouldTrackTheSumOfInputsOverManySteps() {
    printSeed("sum");
    int count = 1027;
    int steps = 500;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment g = arena.allocate(4L * count, 64);
      MemorySegment r = arena.allocate(4L * count, 64);
      MemorySegment p = arena.allocate(2L * count, 64);
      MemorySegment out = arena.allocate(4L * count, 64);
      double[] in = new double[count];
      double[] logged = new double[count];
      for (int step = 0; step < steps; step++) {
        for (int i = 0; i < count; i++) {
          // Multiples of 2^-20 below four: sums of a few are exact as floats, of all as doubles.
          float gradient = random.nextInt(-(1 << 22), 1 << 22) * 0x1p-20f;
          g.setAtIndex(FLOAT, i, gradient);
          in[i] += gradient;
        }
        VectorKernels.packBf16(g, 0, r, 0, p, 0, count);
        VectorKernels.unpackBf16(p, 0, out, 0, count);
        assertEquals(-1, g.mismatch(out), "what is applied is what is logged, " + seedMessage());
        for (int i = 0; i < count; i++) {
          logged[i] += out.getAtIndex(FLOAT, i);
        }
      }
      for (int i = 0; i < count; i++) {
        float lost = r.getAtIndex(FLOAT, i);
        assertEquals(in[i], logged[i] + lost, "element " + i + ", " + seedMessage());
        assertTrue(Math.abs(lost) <= 0x1p-6f, lost + " is left over, " + seedMessage());
      }
    }
  }

  @Test
  void shouldUnpackEachOfAllBfloat16ToItsUpperHalf() {
    int count = 1 << 16;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment p = arena.allocate(2L * count, 64);
      MemorySegment out = arena.allocate(4L * count, 64);
      for (int i = 0; i < count; i++) {
        p.set(ValueLayout.JAVA_BYTE, 2L * i, (byte) i);
        p.set(ValueLayout.JAVA_BYTE, 2L * i + 1, (byte) (i >> 8));
      }
      VectorKernels.unpackBf16(p, 0, out, 0, count);
      for (int i = 0; i < count; i++) {
        assertEquals(i << 16, out.getAtIndex(INT, i));
      }
      out.fill((byte) 1);
      ScalarKernels.unpackBf16(p, 0, out, 0, count);
      for (int i = 0; i < count; i++) {
        assertEquals(i << 16, out.getAtIndex(INT, i));
      }
    }
  }

  @Test
  void shouldGiveScalarBitsWhenSegmentsAreOnTheHeapAndReadOnly() {
    float[] g = new float[101];
    short[] p = new short[101];
    for (int i = 0; i < 101; i++) {
      g[i] = anyFinite();
    }
    MemorySegment packed = MemorySegment.ofArray(p);
    float[] vector = g.clone();
    VectorKernels.packBf16(
        MemorySegment.ofArray(vector), 4, MemorySegment.ofArray(new float[101]), 4, packed, 2, 100);
    float[] out = new float[101];
    VectorKernels.unpackBf16(packed.asReadOnly(), 2, MemorySegment.ofArray(out), 4, 100);
    out[0] = g[0];
    assertArrayEquals(vector, out, seedMessage());
    assertEquals(0, p[0]);
    assertEquals((short) (Bf16.round(g[100]) >>> 16), p[100], seedMessage());
  }

  /** One of the two sides. */
  private interface Pack {
    void on(MemorySegment g, long go, MemorySegment r, long ro, MemorySegment p, long po, long n);
  }

  /** One of the two sides. */
  private interface Unpack {
    void on(MemorySegment p, long po, MemorySegment out, long oo, long n);
  }

  private static void refuses(Class<? extends Exception> type, String word, Runnable call) {
    String message = assertThrows(type, call::run).getMessage();
    assertTrue(message.contains(word), message);
  }

  @Test
  void shouldRefuseWhatIsOutsideMisalignedReadOnlyOrShared() {
    Class<IndexOutOfBoundsException> outside = IndexOutOfBoundsException.class;
    Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
    for (Pack pack : new Pack[] {ScalarKernels::packBf16, VectorKernels::packBf16}) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment a = arena.allocate(400, 64);
        MemorySegment b = arena.allocate(400, 64);
        MemorySegment p = arena.allocate(200, 64);
        MemorySegment read = p.asReadOnly();
        refuses(outside, "'packed': 100 bfloat16", () -> pack.on(a, 0, b, 0, p, 2, 100));
        refuses(outside, "'gradient': 100 floats", () -> pack.on(a, 4, b, 0, p, 0, 100));
        refuses(outside, "'residual': 100 floats", () -> pack.on(a, 0, b, 4, p, 0, 100));
        refuses(outside, "byte -2", () -> pack.on(a, 0, b, 0, p, -2, 1));
        refuses(wrong, "-1 floats", () -> pack.on(a, 0, b, 0, p, 0, -1));
        refuses(wrong, "multiple of 2", () -> pack.on(a, 0, b, 0, p, 1, 1));
        refuses(wrong, "multiple of 4", () -> pack.on(a, 2, b, 0, p, 0, 1));
        refuses(wrong, "'packed' is written", () -> pack.on(a, 0, b, 0, read, 0, 1));
        refuses(wrong, "'gradient' is written", () -> pack.on(a.asReadOnly(), 0, b, 0, p, 0, 1));
        refuses(wrong, "'residual' is written", () -> pack.on(a, 0, b.asReadOnly(), 0, p, 0, 1));
        refuses(wrong, "separate ranges", () -> pack.on(a, 0, a, 0, p, 0, 1));
        refuses(wrong, "separate ranges", () -> pack.on(a, 0, a, 196, p, 0, 50));
        refuses(wrong, "separate ranges", () -> pack.on(a, 4, b, 0, a, 2, 2));
        refuses(wrong, "separate ranges", () -> pack.on(a, 0, b, 0, b, 6, 2));
        assertDoesNotThrow(() -> pack.on(a, 4, a, 12, a, 0, 2));
        assertDoesNotThrow(() -> pack.on(a, 0, a, 8, a, 16, 2));
        assertDoesNotThrow(() -> pack.on(a, 0, a, 0, a, 0, 0));
      }
    }
    MemorySegment heap = MemorySegment.ofArray(new float[100]);
    refuses(wrong, "separate ranges", () -> ScalarKernels.packBf16(heap, 0, heap, 4, heap, 80, 2));
  }

  @Test
  void shouldRefuseToUnpackWhatIsOutsideMisalignedReadOnlyOrShared() {
    Class<IndexOutOfBoundsException> outside = IndexOutOfBoundsException.class;
    Class<IllegalArgumentException> wrong = IllegalArgumentException.class;
    for (Unpack unpack : new Unpack[] {ScalarKernels::unpackBf16, VectorKernels::unpackBf16}) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment p = arena.allocate(200, 64);
        MemorySegment out = arena.allocate(400, 64);
        refuses(outside, "'packed': 100 bfloat16", () -> unpack.on(p, 2, out, 0, 100));
        refuses(outside, "'out': 100 floats", () -> unpack.on(p, 0, out, 4, 100));
        refuses(wrong, "multiple of 2", () -> unpack.on(p, 3, out, 0, 1));
        refuses(wrong, "multiple of 4", () -> unpack.on(p, 0, out, 6, 1));
        refuses(wrong, "'out' is written", () -> unpack.on(p, 0, out.asReadOnly(), 0, 1));
        refuses(wrong, "separate ranges", () -> unpack.on(out, 0, out, 0, 1));
        refuses(wrong, "separate ranges", () -> unpack.on(out, 14, out, 0, 4));
        assertDoesNotThrow(() -> unpack.on(out, 16, out, 0, 4));
      }
      Arena closed = Arena.ofShared();
      MemorySegment gone = closed.allocate(64, 64);
      closed.close();
      assertThrows(IllegalStateException.class, () -> unpack.on(gone, 0, gone, 32, 1));
    }
  }
}
