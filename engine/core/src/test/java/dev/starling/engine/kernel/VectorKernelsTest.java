package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class VectorKernelsTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final int LONGEST = 4099;

  private final long seed = new Random().nextLong();

  private String seedMessage() {
    return "seed " + seed + "L";
  }

  private void printSeed(String test) {
    System.out.println("VectorKernelsTest." + test + ": " + seedMessage());
  }

  @Test
  void shouldGiveScalarBitsWhenLengthIsAnythingUpToSomePages() {
    printSeed("lengths");
    try (Arena arena = Arena.ofConfined()) {
      KernelSweep sweep = new KernelSweep(seed, arena, LONGEST);
      for (int count = 0; count <= LONGEST; count++) {
        sweep.all(count);
      }
    }
  }

  @Test
  void shouldGiveScalarBitsWhenLengthIsAroundAMillion() {
    printSeed("million");
    int longest = (1 << 20) + 1;
    try (Arena arena = Arena.ofShared()) {
      KernelSweep sweep = new KernelSweep(seed, arena, longest);
      for (int count = longest - 2; count <= longest; count++) {
        sweep.all(count);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldGiveScalarBitsWhenOutputIsAnInput(KernelCase kernel) {
    printSeed("inPlace");
    try (Arena arena = Arena.ofConfined()) {
      KernelSweep sweep = new KernelSweep(seed, arena, LONGEST);
      for (int input = 0; input < kernel.inputs; input++) {
        for (int output = 0; output < kernel.outputs; output++) {
          for (int count : new int[] {0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 1000, 4096, LONGEST}) {
            sweep.inPlace(kernel, input, output, count);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"-XX:MaxVectorSize=16, 128", "-XX:MaxVectorSize=32, 256", "-XX:UseAVX=2, 256"})
  void shouldGiveScalarBitsWhenTheCpuHasLess(String flag, int bits)
      throws IOException, InterruptedException {
    printSeed("width");
    int widest = Math.min(VectorKernels.vectorBits(), bits);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx128m");
    command.add(flag);
    command.add("--add-modules=jdk.incubator.vector");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(KernelSweep.class.getName());
    command.addAll(List.of(Long.toString(seed), "600", Integer.toString(widest)));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(child.waitFor(60, TimeUnit.SECONDS), "the child JVM did not end");
      assertEquals(0, child.exitValue(), output);
      assertTrue(output.contains("same bits"), output);
    } finally {
      child.destroyForcibly();
    }
  }

  @Test
  void shouldGiveScalarBitsWhenSegmentsAreOnTheHeap() {
    Random random = new Random(seed);
    for (KernelCase kernel : KernelCase.values()) {
      MemorySegment[] expected = new MemorySegment[5];
      MemorySegment[] actual = new MemorySegment[5];
      for (int i = 0; i < 5; i++) {
        float[] values = new float[101];
        for (int k = 0; k < values.length; k++) {
          values[k] = KernelCase.anyFloat(random);
        }
        expected[i] = MemorySegment.ofArray(values.clone());
        actual[i] = MemorySegment.ofArray(values.clone());
      }
      long[] at = {4, 4, 4, 4, 4};
      float[] factors = {0.3f, 0.9f, 1.25f, 3f, 1e-3f};
      kernel.scalar.on(expected, at, factors, 100);
      kernel.vector.on(actual, at, factors, 100);
      for (int i = 0; i < 5; i++) {
        for (long k = 0; k < 101; k++) {
          assertEquals(
              Float.floatToIntBits(expected[i].getAtIndex(FLOAT, k)),
              Float.floatToIntBits(actual[i].getAtIndex(FLOAT, k)),
              kernel + ", " + seedMessage());
        }
      }
    }
  }

  @Test
  void shouldGiveScalarBitsWhenAdamRunsForManyStepsOnGradientsOfEverySize() {
    printSeed("adam");
    Random random = new Random(seed);
    int count = 1021;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment[] expected = new MemorySegment[3];
      MemorySegment[] actual = new MemorySegment[3];
      for (int i = 0; i < 3; i++) {
        expected[i] = arena.allocate(4L * (count + 3), 64);
        actual[i] = arena.allocate(4L * (count + 3), 64);
      }
      long[] at = {4, 12, 8};
      for (int step = 1; step <= 60; step++) {
        for (int i = 0; i < count; i++) {
          // From subnormal gradients and squares that vanish to squares that overflow.
          float g = (float) (random.nextGaussian() * Math.pow(10, i % 82 - 44));
          expected[2].set(FLOAT, at[2] + 4L * i, g);
          actual[2].set(FLOAT, at[2] + 4L * i, g);
        }
        float c1 = (float) (1 / (1 - Math.pow(0.9, step)));
        float c2 = (float) (1 / (1 - Math.pow(0.999, step)));
        float[] factors = {0.9f, 0.999f, c1, c2, 1e-8f};
        KernelCase.ADAM.scalar.on(expected, at, factors, count);
        KernelCase.ADAM.vector.on(actual, at, factors, count);
        for (int i = 0; i < 3; i++) {
          assertEquals(-1, expected[i].mismatch(actual[i]), "argument " + i + ", " + seedMessage());
        }
      }
      assertEquals(-1, VectorKernels.firstNonFinite(actual[0], at[0], count), seedMessage());
      assertEquals(-1, VectorKernels.firstNonFinite(actual[2], at[2], count), seedMessage());
    }
  }

  @Test
  void shouldGiveANonFiniteNormExactlyWhenAnElementIs() {
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    int count = 531;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * (count + 1), 64);
      VectorKernels.fill(x, 4, -Float.MAX_VALUE, count);
      double most = (double) Float.MAX_VALUE * Float.MAX_VALUE;
      assertEquals(most * count, VectorKernels.squaredNorm(x, 4, count), most * 1e-12);
      for (int i = 0; i < count; i++) {
        long at = 4 + 4L * i;
        x.set(FLOAT, at, bad[i % bad.length]);
        assertEquals(false, Double.isFinite(VectorKernels.squaredNorm(x, 4, count)), "at " + i);
        assertEquals(false, Double.isFinite(ScalarKernels.squaredNorm(x, 4, count)), "at " + i);
        assertEquals(true, Double.isFinite(VectorKernels.squaredNorm(x, 4, i)), "before " + i);
        x.set(FLOAT, at, Float.MAX_VALUE);
      }
    }
  }

  @Test
  void shouldFindTheFirstNonFiniteWhereverItIs() {
    float[] bad = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    int count = 1031;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * (count + 2), 64);
      for (long i = 0; i < count + 2; i++) {
        x.setAtIndex(FLOAT, i, (i & 1) == 0 ? Float.MAX_VALUE : -Float.MIN_VALUE);
      }
      x.setAtIndex(FLOAT, 0, Float.NaN);
      x.setAtIndex(FLOAT, count + 1, Float.NaN);
      assertEquals(-1, VectorKernels.firstNonFinite(x, 4, count));
      for (int i = count - 1; i >= 0; i--) {
        // Those found before stay in place, behind the one that has to be found now.
        x.setAtIndex(FLOAT, i + 1, bad[i % bad.length]);
        assertEquals(i, VectorKernels.firstNonFinite(x, 4, count));
        assertEquals(i, ScalarKernels.firstNonFinite(x, 4, count));
        assertEquals(-1, VectorKernels.firstNonFinite(x, 4, i));
      }
      assertEquals(-1, VectorKernels.firstNonFinite(x, 4, 0));
    }
  }

  @Test
  void shouldFindASingleNonFiniteWhenAllOthersAreFinite() {
    int count = 700;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(4L * count, 64);
      for (int i = 0; i < count; i++) {
        x.setAtIndex(FLOAT, i, Float.NEGATIVE_INFINITY);
        assertEquals(i, VectorKernels.firstNonFinite(x, 0, count));
        x.setAtIndex(FLOAT, i, 0f);
      }
    }
  }

  @Test
  void shouldReachBeyondTwoBillionElementsAndFourGibibytes() throws Throwable {
    long count = (1L << 31) + 1021;
    long bytes = (count << 2) + (1 << 20);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = reserve(bytes, arena);
      assertEquals(-1, VectorKernels.firstNonFinite(memory, 0, count));
      memory.set(FLOAT, (count - 1) << 2, Float.NaN);
      assertEquals(count - 1, VectorKernels.firstNonFinite(memory, 0, count));
      memory.set(FLOAT, (count - 1) << 2, 2.5f);
      assertEquals(2.5, VectorKernels.sum(memory, 0, count));

      long far = (1L << 32) + 4;
      VectorKernels.fill(memory, far, 3f, 1001);
      VectorKernels.average(memory, far, memory, 8, memory, bytes - 4004, 1001);
      assertEquals(0f, memory.get(FLOAT, far - 4));
      assertEquals(0f, memory.get(FLOAT, far + 4004));
      assertEquals(1.5f, memory.get(FLOAT, bytes - 4004));
      assertEquals(1.5f, memory.get(FLOAT, bytes - 4));
    }
  }

  /** Reserves zeros that cost no memory until they are written. */
  @SuppressWarnings("restricted")
  private static MemorySegment reserve(long bytes, Arena arena) throws Throwable {
    int readWrite = 1 | 2;
    int privateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
    Linker linker = Linker.nativeLinker();
    ValueLayout.OfLong size = ValueLayout.JAVA_LONG;
    ValueLayout.OfInt number = ValueLayout.JAVA_INT;
    MethodHandle mmap =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(size, size, size, number, number, number, size));
    MethodHandle munmap =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("munmap"),
            FunctionDescriptor.of(number, size, size));
    long address = (long) mmap.invokeExact(0L, bytes, readWrite, privateAnonymousNoReserve, -1, 0L);
    Assumptions.assumeTrue(
        address != -1, "mmap refused to reserve " + bytes + " bytes (address space is limited)");
    return MemorySegment.ofAddress(address)
        .reinterpret(
            bytes,
            arena,
            ignored -> {
              try {
                assertEquals(0, (int) munmap.invokeExact(address, bytes));
              } catch (Throwable e) {
                throw new AssertionError("munmap could not be called", e);
              }
            });
  }

  @ParameterizedTest
  @CsvSource({
    "'mixed mode, sharing',true",
    "'mixed mode, emulated-client, sharing',false",
    "'interpreted mode, sharing',false",
    "'',true"
  })
  void shouldKnowWhetherAJvmCompilesVectors(String vmInfo, boolean compiled) {
    assertEquals(compiled, VectorKernels.compilesVectors(vmInfo));
  }
}
