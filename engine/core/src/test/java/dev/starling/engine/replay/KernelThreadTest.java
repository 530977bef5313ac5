package dev.starling.engine.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KernelThreadTest {
  private static final long COUNT = 20_000;

  @Test
  void shouldGiveTheSameBitsInTheSameOrderWhenManyOperationsWait() {
    long seed = System.nanoTime();
    try (Arena arena = Arena.ofShared();
        KernelThread thread = new KernelThread();
        CpuKernels expected = new CpuKernels()) {
      MemorySegment[] one = vectors(arena, seed);
      MemorySegment[] other = vectors(arena, seed);
      submit(thread, one, seed, 1_000);
      submit(expected, other, seed, 1_000);
      thread.drain();
      for (int i = 0; i < one.length; i++) {
        assertEquals(-1, one[i].mismatch(other[i]), "vector " + i + ", seed " + seed);
      }
    }
  }

  private static MemorySegment[] vectors(Arena arena, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    MemorySegment[] vectors = new MemorySegment[3];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = arena.allocate(COUNT * Float.BYTES, 64);
      for (long at = 0; at < COUNT; at++) {
        vectors[i].setAtIndex(ValueLayout.JAVA_FLOAT, at, random.nextFloat() - 0.5f);
      }
    }
    return vectors;
  }

  private static void submit(Kernels kernels, MemorySegment[] v, long seed, int operations) {
    SplittableRandom random = new SplittableRandom(seed);
    long last = 0;
    for (int i = 0; i < operations; i++) {
      long count = random.nextBoolean() ? COUNT : 1 + random.nextInt(100);
      long ticket =
          switch (random.nextInt(4)) {
            case 0 -> kernels.step(v[0], 0, v[1], 0, v[0], 0, 0.1f, 0.99f, count);
            case 1 -> kernels.momentum(v[1], 0, v[2], 0, 0.9f, count);
            case 2 -> kernels.averageBoth(v[0], 0, v[2], 0, v[0], 0, v[2], 0, count);
            default ->
                kernels.stepAverageBoth(
                    v[0], 0, v[1], 0, v[2], 0, v[0], 0, v[2], 0, 0.1f, 1f, count);
          };
      assertTrue(ticket > last, "ticket " + ticket + " after " + last + ", seed " + seed);
      last = ticket;
    }
  }

  @Test
  void shouldSayThatAnOperationFailedWhenItsResultIsAwaited() {
    try (Arena arena = Arena.ofShared();
        KernelThread thread = new KernelThread()) {
      MemorySegment x = arena.allocate(COUNT * Float.BYTES, 64);
      assertThrows(
          StarlingException.class,
          () -> {
            thread.scale(x, 0, 2f, COUNT + 1);
            thread.drain();
          });
    }
  }

  @Test
  void shouldComputeWhatWasSubmittedBeforeItIsClosedAndCloseTwice() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment x = arena.allocate(COUNT * Float.BYTES, 64);
      x.set(ValueLayout.JAVA_FLOAT, 0, 1f);
      KernelThread thread = new KernelThread();
      for (int i = 0; i < 10; i++) {
        thread.scale(x, 0, 2f, COUNT);
      }
      thread.close();
      thread.close();
      assertEquals(1024f, x.get(ValueLayout.JAVA_FLOAT, 0));
    }
  }
}
