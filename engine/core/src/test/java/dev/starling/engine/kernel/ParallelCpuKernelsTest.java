package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ParallelCpuKernelsTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int VECTORS = 5;
  private static final int LONGEST = 100_003;
  private static final int GUARD = 64;

  private static void await(Kernels kernels, long ticket) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!kernels.isComplete(ticket)) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "ticket " + ticket + " is never complete");
    }
  }

  private static MemorySegment[] vectors(Arena arena, Random random) {
    MemorySegment[] vectors = new MemorySegment[VECTORS];
    for (int i = 0; i < VECTORS; i++) {
      vectors[i] = arena.allocate(4L * (LONGEST + GUARD), 64);
      for (long k = 0; k < LONGEST + GUARD; k++) {
        vectors[i].setAtIndex(FLOAT, k, KernelCase.anyFloat(random));
      }
    }
    return vectors;
  }

  private static MemorySegment[] copies(Arena arena, MemorySegment[] from) {
    MemorySegment[] copies = new MemorySegment[from.length];
    for (int i = 0; i < from.length; i++) {
      copies[i] = arena.allocate(from[i].byteSize(), 64).copyFrom(from[i]);
    }
    return copies;
  }

  /** One random operation on random vectors, so that later ones depend on earlier ones. */
  private static long submit(Kernels kernels, Random random, MemorySegment[] v) {
    int a = random.nextInt(VECTORS);
    int b = (a + 1 + random.nextInt(VECTORS - 1)) % VECTORS;
    int c = a;
    while (c == a || c == b) {
      c = random.nextInt(VECTORS);
    }
    int d = a;
    while (d == a || d == b || d == c) {
      d = random.nextInt(VECTORS);
    }
    int e = VECTORS * (VECTORS - 1) / 2 - a - b - c - d;
    long n = random.nextInt(4) == 0 ? random.nextInt(100) : random.nextInt(LONGEST);
    long o = 4L * random.nextInt((int) (LONGEST - n + 1));
    float f = KernelCase.FACTORS[random.nextInt(5)];
    return switch (random.nextInt(10)) {
      case 0 -> kernels.average(v[a], o, v[b], o, v[c], o, n);
      case 1 -> kernels.averageBoth(v[a], o, v[b], o, v[c], o, v[d], o, n);
      case 2 -> kernels.step(v[a], o, v[b], o, v[c], o, f, 0.5f, n);
      case 3 -> kernels.stepAverage(v[a], o, v[b], o, v[c], o, v[d], o, f, 1f, n);
      case 4 -> kernels.stepAverageBoth(v[a], o, v[b], o, v[c], o, v[d], o, v[e], o, f, 1f, n);
      case 5 -> kernels.momentum(v[a], o, v[b], o, 0.9f, n);
      case 6 -> kernels.scale(v[a], o, f, n);
      case 7 -> kernels.nesterov(v[a], o, v[b], o, 0.9f, n);
      case 8 -> kernels.accumulate(v[a], o, v[b], o, n);
      default -> kernels.adam(v[a], o, v[b], o, v[c], o, 0.9f, 0.99f, 2f, 3f, 1e-8f, n);
    };
  }

  /** Operations are not polled one by one: each sees the results of all before it. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void shouldGiveTheBitsOfOneThreadWhenOperationsDependOnEachOther(int threads) {
    long seed = System.nanoTime();
    System.out.println("ParallelCpuKernelsTest seed " + seed);
    Random random = new Random(seed);
    try (Arena arena = Arena.ofShared();
        Kernels one = new CpuKernels();
        Kernels several = new ParallelCpuKernels(threads)) {
      MemorySegment[] expected = vectors(arena, random);
      MemorySegment[] actual = copies(arena, expected);
      for (int round = 0; round < 20; round++) {
        long operations = random.nextLong();
        Random first = new Random(operations);
        Random second = new Random(operations);
        long ticket = 0;
        for (int i = 0; i < 30; i++) {
          submit(one, first, expected);
          long next = submit(several, second, actual);
          assertTrue(next > ticket);
          ticket = next;
        }
        await(several, ticket);
        for (int i = 0; i < VECTORS; i++) {
          compare(expected[i], actual[i], "vector " + i + ", round " + round + ", seed " + seed);
        }
      }
    }
  }

  private static void compare(MemorySegment expected, MemorySegment actual, String where) {
    for (long k = 0; k < LONGEST + GUARD; k++) {
      // Any NaN equals any NaN.
      int e = Float.floatToIntBits(expected.getAtIndex(FLOAT, k));
      int a = Float.floatToIntBits(actual.getAtIndex(FLOAT, k));
      if (e != a) {
        assertEquals(e, a, where + ", element " + k);
      }
    }
  }

  @Test
  void shouldWakeItsHelpersWhenTheyHaveSleptForLong() {
    try (Arena arena = Arena.ofShared();
        Kernels kernels = new ParallelCpuKernels(3)) {
      MemorySegment x = arena.allocate(4L * LONGEST, 64);
      for (int round = 1; round <= 5; round++) {
        await(kernels, kernels.step(x, 0, x, 0, x, 0, -1f, 1f, LONGEST));
        awaitSleepingHelpers(2);
      }
      await(kernels, kernels.scale(x, 0, 2f, LONGEST));
      assertEquals(0f, x.getAtIndex(FLOAT, LONGEST - 1));
    }
  }

  private static void awaitSleepingHelpers(int count) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("starling-kernels-"))
            .filter(thread -> thread.getState() == Thread.State.WAITING)
            .count()
        < count) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "the helpers never sleep");
      LockSupport.parkNanos(100_000);
    }
  }

  @Test
  void shouldSubmitNothingWhenArgumentsAreRefused() {
    try (Arena arena = Arena.ofShared();
        Kernels kernels = new ParallelCpuKernels(2)) {
      MemorySegment x = arena.allocate(4L * 100_000, 64);
      assertThrows(
          IndexOutOfBoundsException.class, () -> kernels.average(x, 0, x, 0, x, 0, 100_001));
      assertThrows(
          IllegalArgumentException.class, () -> kernels.average(x, 0, x, 0, x, 100_000, 60_000));
      assertThrows(IllegalArgumentException.class, () -> kernels.scale(x.asReadOnly(), 0, 1f, 10));
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(1));
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(0));
      await(kernels, kernels.scale(x, 0, 1f, 100_000));
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(2));
    }
  }

  @Test
  void shouldFinishWhatIsInFlightWhenItIsClosed() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment x = arena.allocate(4L * LONGEST, 64);
      VectorKernels.fill(x, 0, 1f, LONGEST);
      try (Kernels kernels = new ParallelCpuKernels(4)) {
        for (int i = 0; i < 10; i++) {
          assertTrue(kernels.scale(x, 0, 2f, LONGEST) > 0);
        }
      }
      assertEquals(1024f * LONGEST, VectorKernels.sum(x, 0, LONGEST));
    }
  }

  @Test
  void shouldTakeMoreOperationsThanItHasRoomForAtOnce() {
    try (Arena arena = Arena.ofShared();
        Kernels kernels = new ParallelCpuKernels(2)) {
      MemorySegment x = arena.allocate(4L * LONGEST, 64);
      long ticket = 0;
      for (int i = 0; i < 1_000; i++) {
        ticket = kernels.scale(x, 0, 2f, i % 2 == 0 ? 20_000 : 10);
      }
      await(kernels, ticket);
      assertEquals(1_000, ticket);
    }
  }

  @Test
  void shouldUseOneThreadWhenOneIsAsked() {
    try (Kernels one = ParallelCpuKernels.of(1);
        Kernels two = ParallelCpuKernels.of(2)) {
      assertInstanceOf(CpuKernels.class, one);
      assertTrue(two.description().endsWith("2 threads"), two.description());
    }
    assertThrows(ConfigurationException.class, () -> new ParallelCpuKernels(1));
    assertThrows(ConfigurationException.class, () -> ParallelCpuKernels.of(257));
  }
}
