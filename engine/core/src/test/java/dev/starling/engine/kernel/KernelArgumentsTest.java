package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What kernels refuse, and in which words. */
@Timeout(60)
class KernelArgumentsTest {
  private static final float[] FACTORS = {0.1f, 1f, 1f, 1f, 1f};

  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] a = new MemorySegment[5];
  private final long[] at = new long[5];

  KernelArgumentsTest() {
    for (int i = 0; i < 5; i++) {
      a[i] = arena.allocate(400, 64);
    }
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private <T extends Throwable> void refuses(
      KernelCase kernel, Class<T> type, long count, String... words) {
    for (KernelCase.Call call : new KernelCase.Call[] {kernel.scalar, kernel.vector}) {
      T thrown = assertThrows(type, () -> call.on(a, at, FACTORS, count), kernel.name());
      for (String word : words) {
        assertTrue(thrown.getMessage().contains(word), thrown.getMessage());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldRefuseWhenARangeLeavesItsSegment(KernelCase kernel) {
    for (int i = 0; i < kernel.arguments(); i++) {
      at[i] = 8;
      refuses(kernel, IndexOutOfBoundsException.class, 99, "99 floats", "byte 8", "400 bytes");
      at[i] = -4;
      refuses(kernel, IndexOutOfBoundsException.class, 1, "byte -4");
      at[i] = Long.MAX_VALUE - 3;
      refuses(kernel, IndexOutOfBoundsException.class, 1, "400 bytes");
      at[i] = 0;
    }
    refuses(kernel, IndexOutOfBoundsException.class, 101, "101 floats");
    refuses(kernel, IndexOutOfBoundsException.class, Long.MAX_VALUE >>> 2, "400 bytes");
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldRefuseWhenCountIsNegativeOrAbsurd(KernelCase kernel) {
    refuses(kernel, IllegalArgumentException.class, -1, "-1 floats");
    refuses(kernel, IllegalArgumentException.class, Long.MAX_VALUE, "between 0 and");
    refuses(kernel, IllegalArgumentException.class, 1L << 62, "between 0 and");
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldRefuseWhenStartIsNotOnAFloat(KernelCase kernel) {
    for (int i = 0; i < kernel.arguments(); i++) {
      at[i] = 6;
      refuses(kernel, IllegalArgumentException.class, 2, "multiple of 4");
      at[i] = 0;
    }
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldRefuseWhenAnOutputIsReadOnly(KernelCase kernel) {
    for (int i = 0; i < kernel.arguments(); i++) {
      MemorySegment writable = a[i];
      a[i] = writable.asReadOnly();
      if (i >= kernel.inputs) {
        refuses(kernel, IllegalArgumentException.class, 2, "read-only");
      } else {
        assertDoesNotThrow(() -> kernel.vector.on(a, at, FACTORS, 2));
      }
      a[i] = writable;
    }
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldRefuseWhenAnOutputOverlapsAnotherArgumentPartly(KernelCase kernel) {
    for (int out = kernel.inputs; out < kernel.arguments(); out++) {
      for (int other = 0; other < kernel.arguments(); other++) {
        if (other != out) {
          MemorySegment[] before = a.clone();
          a[other] = a[out];
          at[other] = 4;
          refuses(kernel, IllegalArgumentException.class, 2, "overlaps", "8 bytes");
          at[other] = 8;
          assertDoesNotThrow(() -> kernel.vector.on(a, at, FACTORS, 2));
          assertDoesNotThrow(() -> kernel.scalar.on(a, at, FACTORS, 2));
          at[other] = 0;
          System.arraycopy(before, 0, a, 0, 5);
        }
      }
    }
  }

  @Test
  void shouldRefuseWhenHeapRangesOverlapPartly() {
    a[0] = MemorySegment.ofArray(new float[100]);
    a[2] = a[0];
    at[2] = 4;
    refuses(KernelCase.AVERAGE, IllegalArgumentException.class, 2, "overlaps");
    a[2] = MemorySegment.ofArray(new float[100]);
    assertDoesNotThrow(() -> KernelCase.AVERAGE.vector.on(a, at, FACTORS, 2));
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void shouldRefuseWhenMemoryIsClosed(KernelCase kernel) {
    for (int i = 0; i < kernel.arguments(); i++) {
      MemorySegment open = a[i];
      try (Arena shortLived = Arena.ofShared()) {
        a[i] = shortLived.allocate(400, 64);
      }
      refuses(kernel, IllegalStateException.class, 2);
      a[i] = open;
    }
  }

  @Test
  void shouldRefuseWhenMemoryIsConfinedToAnotherThread() throws InterruptedException {
    try (Arena confined = Arena.ofConfined()) {
      Arrays.fill(a, confined.allocate(400, 64));
      for (int i = 0; i < 5; i++) {
        at[i] = 64L * i;
      }
      for (KernelCase kernel : KernelCase.values()) {
        assertDoesNotThrow(() -> kernel.vector.on(a, at, FACTORS, 2));
      }
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread other =
          new Thread(
              () -> {
                for (KernelCase kernel : KernelCase.values()) {
                  refuses(kernel, WrongThreadException.class, 2);
                }
                assertThrows(WrongThreadException.class, () -> VectorKernels.sum(a[0], 0, 2));
                assertThrows(
                    WrongThreadException.class, () -> VectorKernels.squaredNorm(a[0], 0, 2));
                assertThrows(
                    WrongThreadException.class, () -> VectorKernels.firstNonFinite(a[0], 0, 2));
              });
      other.setUncaughtExceptionHandler((thread, thrown) -> failure.set(thrown));
      other.start();
      other.join();
      assertEquals(null, failure.get());
    }
  }

  @Test
  void shouldRefuseWhenSumsOrSearchLeaveTheirSegment() {
    MemorySegment x = a[0];
    Class<IndexOutOfBoundsException> outside = IndexOutOfBoundsException.class;
    assertThrows(outside, () -> VectorKernels.sum(x, 4, 100));
    assertThrows(outside, () -> ScalarKernels.sum(x, 4, 100));
    assertThrows(outside, () -> VectorKernels.squaredNorm(x, 4, 100));
    assertThrows(outside, () -> ScalarKernels.squaredNorm(x, 4, 100));
    assertThrows(outside, () -> VectorKernels.firstNonFinite(x, 4, 100));
    assertThrows(outside, () -> ScalarKernels.firstNonFinite(x, 4, 100));
    assertThrows(outside, () -> VectorKernels.squaredDistance(x, 0, x, 4, 100));
    assertThrows(outside, () -> ScalarKernels.squaredDistance(x, 4, x, 0, 100));
  }

  @Test
  void shouldWriteNothingWhenAnArgumentIsRefused() {
    a[0].set(ValueLayout.JAVA_FLOAT, 0, 4f);
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> VectorKernels.averageBoth(a[0], 0, a[1], 0, a[2], 0, a[3], 4, 100));
    assertEquals(0f, a[2].get(ValueLayout.JAVA_FLOAT, 0));

    assertThrows(
        IndexOutOfBoundsException.class,
        () -> VectorKernels.adam(a[0], 0, a[1], 0, a[2], 4, 0.9f, 0.9f, 1f, 1f, 1e-8f, 100));
    assertEquals(4f, a[0].get(ValueLayout.JAVA_FLOAT, 0));
  }
}
