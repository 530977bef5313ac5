package dev.starling.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaException;
import dev.starling.cuda.FakeCuda;
import dev.starling.cuda.TestContexts;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.VectorKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tickets, refusals, failures of the device, registration and the end, on the fake driver. */
class CudaTicketsTest {
  private static final int SLOTS = 8;
  private static final long PAGE_BYTES = 4096;
  private static final long FLOATS = 64;
  private static final long SHORT_NS = TimeUnit.MILLISECONDS.toNanos(500);

  private final long seed = System.nanoTime();
  private Arena arena;
  private MemorySegment memory;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    System.out.println("CudaTicketsTest: seed " + seed);
    FakeCuda.reset(seed);
    arena = Arena.ofShared();
    memory = arena.allocate(4 * PAGE_BYTES, PAGE_BYTES);
  }

  @AfterEach
  void leave() {
    if (arena != null) {
      arena.close();
    }
  }

  private static CudaKernels open(PlacementKind kind) {
    return new CudaKernels(CudaContext.open(0), kind::make, SLOTS, "test");
  }

  private CudaKernels openOnMemory(PlacementKind kind) {
    CudaKernels kernels = open(kind);
    kernels.register("memory", memory);
    return kernels;
  }

  private static void assertClean() {
    assertEquals(List.of(), FakeCuda.violations());
    assertEquals(Map.of(), FakeCuda.live());
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldIssueRisingTicketsThatCompleteInOrder(PlacementKind kind) {
    try (CudaKernels kernels = openOnMemory(kind)) {
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(0));
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(1));
      for (long ticket = 1; ticket <= 5 * SLOTS; ticket++) {
        // Nothing is launched for no elements, and the ticket waits for those before all the same.
        long count = ticket % 3 == 0 ? 0 : FLOATS;
        assertEquals(ticket, kernels.scale(memory, 0, 2f, count));
        if (ticket % SLOTS == 0) {
          CudaKernelsTest.await(kernels, ticket);
          for (long earlier = 1; earlier <= ticket; earlier++) {
            assertTrue(kernels.isComplete(earlier));
          }
        }
      }
      assertThrows(IllegalArgumentException.class, () -> kernels.isComplete(5 * SLOTS + 1));
    }
    assertEquals(5 * SLOTS - 5 * SLOTS / 3, FakeCuda.count("launches"));
    assertClean();
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldNotBeCompleteBeforeTheDeviceIs(PlacementKind kind) {
    try (CudaKernels kernels = openOnMemory(kind)) {
      FakeCuda.setHang(true);
      long ticket = kernels.scale(memory, 0, 2f, FLOATS);
      long nothing = kernels.scale(memory, 0, 2f, 0);
      for (int i = 0; i < 100; i++) {
        assertFalse(kernels.isComplete(ticket));
        assertFalse(kernels.isComplete(nothing));
      }
      FakeCuda.setHang(false);
      CudaKernelsTest.await(kernels, nothing);
      assertTrue(kernels.isComplete(ticket));
    }
    assertClean();
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldRefuseMoreOperationsThanThereAreSlots(PlacementKind kind) {
    try (CudaKernels kernels = openOnMemory(kind)) {
      FakeCuda.setHang(true);
      for (int i = 0; i < SLOTS; i++) {
        kernels.scale(memory, 0, 2f, FLOATS);
      }
      long calls = FakeCuda.callCount("cuLaunchKernel");
      String message =
          assertThrows(IllegalStateException.class, () -> kernels.scale(memory, 0, 2f, FLOATS))
              .getMessage();
      assertTrue(message.startsWith(SLOTS + " operations are in flight"), message);
      assertThrows(IllegalStateException.class, () -> kernels.firstNonFinite(memory, 0, 1));
      assertEquals(calls, FakeCuda.callCount("cuLaunchKernel"));
      FakeCuda.setHang(false);
      CudaKernelsTest.await(kernels, SLOTS);
      assertEquals(SLOTS + 1, kernels.scale(memory, 0, 2f, FLOATS));
      CudaKernelsTest.await(kernels, SLOTS + 1);
    }
    assertClean();
  }

  @Test
  void shouldGiveResultsOfSearchesOnlyToTheirTickets() {
    try (CudaKernels kernels = openOnMemory(PlacementKind.MAPPED)) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, 9, Float.NaN);
      FakeCuda.setHang(true);
      long search = kernels.firstNonFinite(memory, 0, FLOATS);
      assertThrows(IllegalStateException.class, () -> kernels.firstNonFinite(search));
      FakeCuda.setHang(false);
      long scaling = kernels.scale(memory, PAGE_BYTES, 1f, FLOATS);
      CudaKernelsTest.await(kernels, scaling);
      assertEquals(9, kernels.firstNonFinite(search));
      assertThrows(IllegalArgumentException.class, () -> kernels.firstNonFinite(scaling));
      for (int i = 0; i < SLOTS; i++) {
        CudaKernelsTest.await(kernels, kernels.firstNonFinite(memory, 0, 9));
      }
      assertThrows(IllegalArgumentException.class, () -> kernels.firstNonFinite(search));
      assertEquals(-1, kernels.firstNonFinite(search + SLOTS));
    }
    assertClean();
  }

  /** Arguments that are now and then wrong, given to both; both accept or refuse with one text. */
  @Test
  void shouldRefuseWhatTheCpuRefuses() {
    Random random = new Random(seed);
    MemorySegment readOnly = memory.asReadOnly();
    Arena closed = Arena.ofShared();
    MemorySegment gone = closed.allocate(64);
    closed.close();
    int refused = 0;
    try (CudaKernels kernels = openOnMemory(PlacementKind.MAPPED);
        Arena elsewhere = Arena.ofShared()) {
      for (int i = 0; i < 3000; i++) {
        long count = random.nextInt(30) == 0 ? -1 - random.nextLong(1L << 62) : random.nextInt(20);
        MemorySegment[] m = new MemorySegment[5];
        long[] at = new long[5];
        for (int k = 0; k < 5; k++) {
          int kind = random.nextInt(60);
          m[k] = kind == 0 ? readOnly : kind == 1 ? gone : memory;
          at[k] =
              switch (random.nextInt(12)) {
                case 0 -> random.nextInt(200);
                case 1 -> memory.byteSize() - random.nextInt(100);
                case 2 -> -4;
                default -> 4L * random.nextInt(4000);
              };
        }
        TestOperation[] all = TestOperation.values();
        TestOperation operation = all[random.nextInt(all.length - 1)];
        float[] f = operation.numbers(random);
        Throwable cpu = thrown(() -> vectors(operation, m, at, f, count));
        Throwable device = thrown(() -> operation.submit(kernels, m, at, f, count));
        assertEquals(String.valueOf(cpu), String.valueOf(device), () -> "seed " + seed);
        refused += cpu == null ? 0 : 1;
        if (cpu == null) {
          kernels.context().awaitIdle();
        }
      }
      assertTrue(elsewhere.scope().isAlive());
    }
    assertTrue(refused > 500 && refused < 2900, "refused " + refused);
    assertClean();
  }

  private static Throwable thrown(Runnable call) {
    try {
      call.run();
      return null;
    } catch (RuntimeException failed) {
      return failed;
    }
  }

  private static void vectors(
      TestOperation operation, MemorySegment[] m, long[] a, float[] f, long n) {
    switch (operation) {
      case AVERAGE -> VectorKernels.average(m[0], a[0], m[1], a[1], m[2], a[2], n);
      case AVERAGE_BOTH ->
          VectorKernels.averageBoth(m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], n);
      case STEP -> VectorKernels.step(m[0], a[0], m[1], a[1], m[2], a[2], f[0], f[1], n);
      case STEP_AVERAGE ->
          VectorKernels.stepAverage(m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], f[0], f[1], n);
      case STEP_AVERAGE_BOTH ->
          VectorKernels.stepAverageBoth(
              m[0], a[0], m[1], a[1], m[2], a[2], m[3], a[3], m[4], a[4], f[0], f[1], n);
      case MOMENTUM -> VectorKernels.momentum(m[0], a[0], m[1], a[1], f[0], n);
      case SCALE -> VectorKernels.scale(m[0], a[0], f[0], n);
      case NESTEROV -> VectorKernels.nesterov(m[0], a[0], m[1], a[1], f[0], n);
      case ADAM ->
          VectorKernels.adam(m[0], a[0], m[1], a[1], m[2], a[2], f[0], f[1], f[2], f[3], f[4], n);
      case ACCUMULATE -> VectorKernels.accumulate(m[0], a[0], m[1], a[1], n);
      case ADD_DECAY -> VectorKernels.addDecay(m[0], a[0], m[1], a[1], f[0], n);
      case PACK_BF16 -> VectorKernels.packBf16(m[0], a[0], m[1], a[1], m[2], a[2], n);
      case UNPACK_BF16 -> VectorKernels.unpackBf16(m[0], a[0], m[1], a[1], n);
      case COPY -> throw new IllegalStateException("the CPU has none");
    }
  }

  @Test
  void shouldRefuseMemoryThatNobodyRegistered() {
    try (CudaKernels kernels = open(PlacementKind.MAPPED)) {
      Kernels.Registration first = kernels.register("first page", memory.asSlice(0, PAGE_BYTES));
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> kernels.momentum(memory, 0, memory, PAGE_BYTES, 1f, FLOATS))
              .getMessage();
      assertTrue(message.startsWith("Kernel argument 'g' (256 bytes at 0x"), message);
      assertTrue(message.contains("'first page' (4096 bytes"), message);
      MemorySegment heap = MemorySegment.ofArray(new float[64]);
      assertThrows(IllegalArgumentException.class, () -> kernels.scale(heap, 0, 1f, FLOATS));
      // Half in, half out.
      assertThrows(
          IllegalArgumentException.class, () -> kernels.scale(memory, PAGE_BYTES - 8, 1f, 4));
      assertEquals(1, kernels.scale(memory, PAGE_BYTES - 8, 1f, 2), "nothing was submitted before");
      first.close();
      first.close();
      assertThrows(IllegalArgumentException.class, () -> kernels.scale(memory, 0, 1f, 1));
      assertEquals(1, FakeCuda.count("registrations"), "that of the results");
    }
    assertClean();
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldStayFailedWhenTheDeviceFails(PlacementKind kind) {
    CudaKernels kernels = openOnMemory(kind);
    long ticket = kernels.scale(memory, 0, 1f, FLOATS);
    FakeCuda.failForGood("cuEventQuery", 1, CUresult.CUDA_ERROR_LAUNCH_FAILED);
    CudaException failed =
        assertThrows(CudaException.class, () -> CudaKernelsTest.await(kernels, ticket));
    assertEquals("CUDA_ERROR_LAUNCH_FAILED", failed.errorName());
    assertSame(failed, assertThrows(CudaException.class, () -> kernels.isComplete(ticket)));
    assertSame(
        failed, assertThrows(CudaException.class, () -> kernels.scale(memory, 0, 1f, FLOATS)));
    assertThrows(CudaException.class, kernels::close);
    assertDoesNotThrow(kernels::close);
    assertThrows(IllegalStateException.class, () -> kernels.scale(memory, 0, 1f, FLOATS));
    assertClean();
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldGiveEverythingBackWhenAnyCallFails(PlacementKind kind) {
    int nth = 1;
    do {
      FakeCuda.reset(seed + nth);
      // As many calls in every round.
      FakeCuda.setEager(true);
      FakeCuda.failCall(nth, CUresult.CUDA_ERROR_UNKNOWN);
      StarlingException thrown = null;
      try (CudaKernels kernels = open(kind)) {
        kernels.register("memory", memory);
        kernels.step(memory, 0, memory, 400, memory, 800, 1f, 1f, FLOATS);
        kernels.firstNonFinite(memory, 0, FLOATS);
        CudaKernelsTest.await(kernels, kernels.scale(memory, 800, 2f, FLOATS));
      } catch (StarlingException failed) {
        thrown = failed;
      }
      String which = "call " + nth + " fails: " + thrown;
      assertEquals(List.of(), FakeCuda.violations(), which);
      assertEquals(left(), FakeCuda.live(), which);
      assertEquals(FakeCuda.faultsLeft() == 0, thrown != null, which);
      nth++;
    } while (FakeCuda.faultsLeft() == 0);
    assertTrue(nth > 60, "only " + nth + " calls");
  }

  /** A context that the driver refuses to take back stays; nothing else may. */
  private static Map<String, Long> left() {
    FakeCuda.LoggedCall last = FakeCuda.calls().getLast();
    return last.function().equals("cuDevicePrimaryCtxRelease") && last.result() != 0
        ? Map.of("contexts", 1L)
        : Map.of();
  }

  @Test
  void shouldKeepMemoryRegisteredWhileTheDeviceWorks() {
    CudaKernels kernels =
        new CudaKernels(TestContexts.open(0, SHORT_NS), PlacementKind.STAGED::make, SLOTS, "test");
    Kernels.Registration registration = kernels.register("memory", memory);
    FakeCuda.setHang(true);
    kernels.scale(memory, 0, 1f, FLOATS);
    assertThrows(StarlingException.class, registration::close);
    assertThrows(StarlingException.class, kernels::close);
    assertEquals(2, FakeCuda.count("registrations"));
    FakeCuda.setHang(false);
    registration.close();
    assertEquals(1, FakeCuda.count("registrations"));
    kernels.close();
    registration.close();
    assertClean();
  }

  @Test
  void shouldServeTwoInstancesOnTwoThreads() throws Exception {
    CompletableFuture<?>[] workers = new CompletableFuture<?>[2];
    for (int w = 0; w < workers.length; w++) {
      PlacementKind kind = PlacementKind.values()[w];
      MemorySegment own = memory.asSlice(w * 2 * PAGE_BYTES, 2 * PAGE_BYTES);
      workers[w] =
          CompletableFuture.runAsync(
              () -> {
                for (int round = 0; round < 20; round++) {
                  try (CudaKernels kernels = open(kind)) {
                    kernels.register("own", own);
                    own.fill((byte) 0);
                    own.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1f);
                    long last = 0;
                    for (int i = 0; i < SLOTS; i++) {
                      last = kernels.accumulate(own, 0, own, 0, FLOATS);
                    }
                    CudaKernelsTest.await(kernels, last);
                    assertEquals(1 << SLOTS, own.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
                  }
                }
              });
    }
    CompletableFuture.allOf(workers).get(60, TimeUnit.SECONDS);
    assertClean();
  }

  @ParameterizedTest
  @EnumSource(PlacementKind.class)
  void shouldAllocateNothingOnceWarm(PlacementKind kind) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    FakeCuda.setEager(true);
    try (CudaKernels kernels = openOnMemory(kind)) {
      long allocatedBytes = Long.MAX_VALUE;
      long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (allocatedBytes > 0 && System.nanoTime() < deadlineNs) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 500; i++) {
          kernels.stepAverageBoth(
              memory, 0, memory, 400, memory, 800, memory, 0, memory, 800, 1f, 1f, 1);
          kernels.adam(memory, 0, memory, 400, memory, 800, 1f, 1f, 1f, 1f, 1f, 1);
          kernels.packBf16(memory, 0, memory, 400, memory, 800, 1);
          long search = kernels.firstNonFinite(memory, 0, 1);
          while (!kernels.isComplete(search)) {
            Thread.onSpinWait();
          }
          kernels.firstNonFinite(search);
        }
        allocatedBytes = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertEquals(0, allocatedBytes);
    }
    assertClean();
  }

  @Test
  void shouldCloseTheContextWhenKernelsCannotBeOpened() {
    FakeCuda.fail("cuModuleGetFunction", 3, CUresult.CUDA_ERROR_NOT_FOUND);
    CudaContext context = CudaContext.open(0);
    assertThrows(CudaException.class, () -> new CudaKernels(context, PlacementKind.STAGED, "test"));
    assertTrue(context.isClosed());
    assertClean();
  }
}
