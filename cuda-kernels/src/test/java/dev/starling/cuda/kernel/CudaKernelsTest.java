package dev.starling.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.DeviceMemory;
import dev.starling.cuda.FakeCuda;
import dev.starling.engine.kernel.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Operations by a device against the engine's scalar reference, bit for bit, in both placements:
 * chains of operations on the same vectors, submitted without waiting, so that a wrong order or a
 * missing copy shows.
 */
class CudaKernelsTest {
  /** Small, so that vectors take many pieces. */
  private static final long PIECE_BYTES = 4096;

  private static final int SLOTS = 32;
  private static final int VECTORS = 7;
  private static final int BF16_VECTOR = VECTORS - 1;
  private static final long VECTOR_BYTES = 20480;
  private static final long PAGE_BYTES = 4096;
  private static final int CHAIN = 7;
  private static final int[] LONG = {1023, 1024, 1025, 2047, 2048, 2049, 3072, 4095, 4096, 4097};
  private static final int[] SPECIAL = {
    0,
    0x80000000,
    1,
    0x80000001,
    0x007fffff,
    0x00800000,
    0x3f808000,
    0x3f818000,
    0x7f7fffff,
    0xff7fffff,
    0x7f7f8000,
    0x7f800000,
    0xff800000,
    0x7fc00000,
    0x7f800001
  };

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private Arena arena;
  private MemorySegment host;
  private MemorySegment expected;

  @BeforeEach
  void enter() {
    FakeCuda.enter();
    System.out.println("CudaKernelsTest: seed " + seed);
    arena = Arena.ofShared();
    host = arena.allocate(VECTORS * VECTOR_BYTES, PAGE_BYTES);
    expected = arena.allocate(VECTORS * VECTOR_BYTES, PAGE_BYTES);
  }

  @AfterEach
  void leave() {
    if (arena != null) {
      arena.close();
    }
  }

  private CudaKernels open(PlacementKind kind, long schedule) {
    if (FakeCuda.isFake()) {
      FakeCuda.reset(schedule);
    }
    CudaKernels.PlacementMaker maker =
        kind == PlacementKind.STAGED
            ? (context, slots) -> new StagedPlacement(context, slots, PIECE_BYTES)
            : kind::make;
    CudaKernels kernels = new CudaKernels(CudaContext.open(0), maker, SLOTS, "test");
    kernels.register("host", host);
    return kernels;
  }

  static void await(CudaKernels kernels, long ticket) {
    long start = System.nanoTime();
    while (!kernels.isComplete(ticket)) {
      assertTrue(
          System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20),
          () -> "ticket " + ticket + " is not complete");
    }
  }

  private static void assertClean() {
    if (FakeCuda.isFake()) {
      assertEquals(List.of(), FakeCuda.violations());
      assertEquals(Map.of(), FakeCuda.live());
      assertEquals(0, FakeCuda.count("pageableCopies"));
    }
  }

  private long count(int round) {
    return round <= 70 ? round : LONG[random.nextInt(LONG.length)];
  }

  private void fill() {
    for (long i = 0; i < host.byteSize(); i += 4) {
      int bits =
          random.nextInt(8) == 0
              ? SPECIAL[random.nextInt(SPECIAL.length)]
              : Float.floatToRawIntBits((float) random.nextGaussian());
      host.set(ValueLayout.JAVA_INT, i, bits);
    }
    MemorySegment.copy(host, 0, expected, 0, host.byteSize());
  }

  private void assertSame(String what) {
    for (long i = 0; i < host.byteSize(); i += 4) {
      int want = expected.get(ValueLayout.JAVA_INT, i);
      int got = host.get(ValueLayout.JAVA_INT, i);
      if (want != got && !(isNaN(want) && isNaN(got))) {
        fail(
            "%s: vector %d, byte %d: %08x instead of %08x"
                .formatted(what, i / VECTOR_BYTES, i % VECTOR_BYTES, got, want));
      }
    }
  }

  private static boolean isNaN(int bits) {
    return Float.isNaN(Float.intBitsToFloat(bits));
  }

  /**
   * Picks a vector for each operand; outputs may fall on inputs where that is allowed. bfloat16
   * have a vector of their own, since which NaN a float is would decide what unpacks from its
   * halves.
   */
  private int[] vectors(Operation operation) {
    List<Integer> left = new ArrayList<>();
    for (int i = 0; i < BF16_VECTOR; i++) {
      left.add(i);
    }
    int[] chosen = new int[operation.vectors()];
    for (int i = 0; i < chosen.length; i++) {
      boolean again = operation.isInPlace() && i > 0 && random.nextInt(3) == 0;
      chosen[i] =
          operation.operand(i).elementBytes() == Short.BYTES
              ? BF16_VECTOR
              : again ? chosen[random.nextInt(i)] : left.remove(random.nextInt(left.size()));
    }
    return chosen;
  }

  /** Submits an operation on random vectors and does the same to the expected ones. */
  private String submit(CudaKernels kernels, MemorySegment[] memory, long count) {
    TestOperation[] all = TestOperation.values();
    TestOperation operation = all[random.nextInt(all.length)];
    int[] chosen = vectors(operation.operation());
    long[] starts = new long[VECTORS];
    long shared = random.nextInt(4) * 4L;
    for (int i = 0; i < VECTORS; i++) {
      starts[i] = random.nextBoolean() ? shared : random.nextInt(8) * 4L;
    }
    if (random.nextBoolean()) {
      starts[BF16_VECTOR] += 2;
    }
    MemorySegment[] m = new MemorySegment[chosen.length];
    MemorySegment[] e = new MemorySegment[chosen.length];
    long[] at = new long[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      m[i] = memory[chosen[i]];
      e[i] = expected.asSlice(chosen[i] * VECTOR_BYTES, VECTOR_BYTES);
      at[i] = starts[chosen[i]];
    }
    float[] numbers = operation.numbers(random);
    operation.submit(kernels, m, at, numbers, count);
    operation.run(e, at, numbers, count);
    return operation + Arrays.toString(chosen) + "+" + Arrays.toString(at);
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldGiveTheBitsOfTheCpuWhenOperationsFollowOneAnother(PlacementKind kind) {
    for (int round = 0; round < 140; round++) {
      try (CudaKernels kernels = open(kind, seed + round)) {
        fill();
        MemorySegment[] memory = new MemorySegment[VECTORS];
        List<DeviceMemory> device = new ArrayList<>();
        for (int i = 0; i < VECTORS; i++) {
          memory[i] = host.asSlice(i * VECTOR_BYTES, VECTOR_BYTES);
          if (random.nextInt(5) == 0) {
            DeviceMemory own = kernels.context().allocate("vector", VECTOR_BYTES);
            kernels.copy(memory[i], 0, own.segment(), 0, VECTOR_BYTES / 4);
            memory[i] = own.segment();
            device.add(own);
          }
        }
        StringBuilder what = new StringBuilder("round " + round + ", " + kind);
        for (int i = 0; i < CHAIN; i++) {
          long count = count(round);
          what.append(", ").append(submit(kernels, memory, count)).append(" of ").append(count);
          if (random.nextInt(4) == 0) {
            kernels.isComplete(1);
          }
        }
        long last = 0;
        for (int i = 0; i < VECTORS; i++) {
          MemorySegment own = host.asSlice(i * VECTOR_BYTES, VECTOR_BYTES);
          if (memory[i].address() != own.address()) {
            last = kernels.copy(memory[i], 0, own, 0, VECTOR_BYTES / 4);
          }
        }
        last = kernels.scale(host, 0, 1f, 0);
        await(kernels, last);
        assertSame(what.toString());
      }
      assertClean();
    }
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldFindTheFirstElementThatIsNotFiniteAfterAllBefore(PlacementKind kind) {
    for (int round = 0; round < 60; round++) {
      try (CudaKernels kernels = open(kind, seed + round)) {
        host.fill((byte) 0);
        long count = round < 30 ? round : LONG[random.nextInt(LONG.length)];
        long at = random.nextInt(4) * 4L;
        for (int i = random.nextInt(3); i > 0 && count > 0; i--) {
          float bad = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
          host.set(ValueLayout.JAVA_FLOAT, at + 4L * random.nextInt((int) count), bad);
        }
        long expectedIndex = ScalarKernels.firstNonFinite(host, at, count);
        // The vector gets there only by what was submitted before, and is gone after.
        kernels.copy(host, at, host, VECTOR_BYTES, count);
        long ticket = kernels.firstNonFinite(host, VECTOR_BYTES, count);
        kernels.copy(host, 2 * VECTOR_BYTES, host, VECTOR_BYTES, count);
        long none = kernels.firstNonFinite(host, VECTOR_BYTES, count);
        await(kernels, none);
        assertEquals(expectedIndex, kernels.firstNonFinite(ticket));
        assertEquals(-1, kernels.firstNonFinite(none));
      }
      assertClean();
    }
  }
}
