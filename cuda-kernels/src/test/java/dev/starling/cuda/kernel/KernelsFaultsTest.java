package dev.starling.cuda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaDriver;
import dev.starling.cuda.CudaException;
import dev.starling.cuda.DeviceMemory;
import dev.starling.cuda.FakeCuda;
import dev.starling.cuda.FaultSweep;
import dev.starling.cuda.TestContexts;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.KernelsFactory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels on a device that refuses calls, fails or hangs: what is said and what is left. */
class KernelsFaultsTest {
  private static final long PAGE_BYTES = 4096;
  private static final long VECTOR_BYTES = 3 * PAGE_BYTES;
  private static final long FLOATS = VECTOR_BYTES / 4;
  private static final int SLOTS = 4;
  private static final int POLLS = 1_000_000;
  private static final long SHORT_NS = TimeUnit.MILLISECONDS.toNanos(100);

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    assertEquals(Optional.empty(), CudaDriver.unavailableReason());
    FakeCuda.reset(1);
  }

  @AfterEach
  void reset() {
    FakeCuda.reset(0);
    PlacementProbe.forget();
  }

  private static CudaKernels kernels(CudaContext context, PlacementKind kind) {
    CudaKernels.PlacementMaker maker =
        kind == PlacementKind.STAGED
            ? (c, slots) -> new StagedPlacement(c, slots, PAGE_BYTES)
            : kind::make;
    return new CudaKernels(context, maker, SLOTS, "test");
  }

  private static void waitFor(CudaKernels kernels, long ticket) {
    for (int i = 0; i < POLLS; i++) {
      if (kernels.isComplete(ticket)) {
        return;
      }
    }
    throw new AssertionError("ticket " + ticket + " is not complete after " + POLLS + " polls");
  }

  /** Works on memory of the host and of the device; leaves work in flight. */
  @SuppressWarnings("try")
  private static void useKernels(PlacementKind kind) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(3 * VECTOR_BYTES, PAGE_BYTES);
      host.fill((byte) 0);
      host.set(JAVA_FLOAT, VECTOR_BYTES - 4, 8);
      try (CudaKernels kernels = kernels(CudaContext.open(0), kind);
          Kernels.Registration known = kernels.register("vectors", host)) {
        DeviceMemory device = kernels.context().allocate("more vectors", VECTOR_BYTES);
        kernels.average(host, 0, host, VECTOR_BYTES, host, 2 * VECTOR_BYTES, FLOATS);
        long step = kernels.step(host, 0, host, 0, host, VECTOR_BYTES, 0.5f, 1, FLOATS);
        waitFor(kernels, step);
        assertEquals(4, host.get(JAVA_FLOAT, 3 * VECTOR_BYTES - 4));
        assertEquals(4, host.get(JAVA_FLOAT, 2 * VECTOR_BYTES - 4));
        kernels.copy(host, 0, device.segment(), 0, FLOATS);
        kernels.scale(device.segment(), 0, Float.POSITIVE_INFINITY, FLOATS);
        long search = kernels.firstNonFinite(device.segment(), 0, FLOATS);
        waitFor(kernels, search);
        assertEquals(0, kernels.firstNonFinite(search));
        kernels.momentum(host, 0, host, VECTOR_BYTES, 0.9f, FLOATS);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldLeaveNothingAndNameTheErrorWhicheverCallFails(PlacementKind kind) {
    Map<String, Integer> failed = FaultSweep.run(() -> useKernels(kind));
    System.out.println("KernelsFaultsTest: failed calls of " + kind + ": " + failed);
    assertTrue(failed.size() > 15, () -> "too few functions: " + failed);
  }

  @ParameterizedTest
  @EnumSource
  void shouldLeaveNothingWhicheverTwoCallsFail(PlacementKind kind) {
    FaultSweep.runPairs(() -> useKernels(kind));
  }

  @Test
  void shouldLeaveNothingAndNameTheErrorWhicheverCallOfTheProbeFails() {
    Map<String, Integer> failed =
        FaultSweep.runEagerly(() -> PlacementProbe.measure(0, PAGE_BYTES));
    assertTrue(failed.containsKey("cuEventElapsedTime"), failed::toString);
  }

  private static KernelsFactory factory() {
    return new CudaKernelsProvider(Path.of("missing"), CudaDriver::unavailableReason)
        .open(Map.of("placement", "mapped", "devices", "0"));
  }

  @Test
  void shouldLeaveNothingAndNameTheErrorWhicheverCallOfTheDescriptionFails() {
    Map<String, Integer> failed =
        FaultSweep.run(
            () ->
                assertEquals(
                    "CUDA, Fake GPU 0 (device 0 of 1), kernels over mapped host memory (as set)",
                    factory().description(0)));
    assertTrue(failed.containsKey("cuModuleUnload"), failed::toString);
  }

  /** There are too many events for a failure of each. */
  @Test
  void shouldLeaveNothingWhicheverFunctionFailsWhenKernelsAreOpenedByTheProvider() {
    KernelsFactory factory = factory();
    FakeCuda.reset(1);
    factory.open(5).close();
    Set<String> functions =
        FakeCuda.calls().stream()
            .map(FakeCuda.LoggedCall::function)
            .collect(Collectors.toCollection(TreeSet::new));
    assertTrue(functions.size() > 12, functions::toString);
    for (String function : functions) {
      FakeCuda.reset(1);
      FakeCuda.fail(function, 1, CUresult.CUDA_ERROR_NOT_PERMITTED);
      String said =
          assertThrows(StarlingException.class, () -> factory.open(5).close(), function)
              .getMessage();
      assertTrue(said.contains("CUDA_ERROR_NOT_PERMITTED (error 800): "), said);
      Map<String, Long> live = FakeCuda.live();
      live.remove(function.equals("cuDevicePrimaryCtxRelease") ? "contexts" : "");
      assertEquals(Map.of(), live, function);
      assertEquals(List.of(), FakeCuda.violations(), function);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldGiveEverythingBackInOrderAfterTheLastWork(PlacementKind kind) {
    FakeCuda.reset(3);
    useKernels(kind);
    List<String> calls =
        FakeCuda.calls().stream().map(FakeCuda.LoggedCall::function).distinct().toList();
    List<String> order =
        List.of(
            "cuLaunchKernel",
            "cuStreamDestroy",
            "cuEventDestroy",
            "cuModuleUnload",
            "cuDevicePrimaryCtxRelease");
    assertEquals(order, calls.stream().filter(order::contains).toList());
    assertEquals("cuDevicePrimaryCtxRelease", calls.getLast());
    assertTrue(calls.indexOf("cuMemHostUnregister") < calls.indexOf("cuModuleUnload"));
    assertEquals(0, FakeCuda.count("pageableCopies"), "a driver waits for each of these");
    assertEquals(Map.of(), FakeCuda.live());
    assertEquals(List.of(), FakeCuda.violations());
  }

  @ParameterizedTest
  @EnumSource
  void shouldSayTheSameEveryTimeOnceTheDeviceHasFailed(PlacementKind kind) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(VECTOR_BYTES, PAGE_BYTES);
      CudaKernels kernels = kernels(CudaContext.open(0), kind);
      kernels.register("vector", host);
      long ticket = kernels.scale(host, 0, 2, FLOATS);
      FakeCuda.failForGood("cuEventQuery", 1, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
      CudaException first = assertThrows(CudaException.class, () -> waitFor(kernels, ticket));
      assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", first.errorName());
      assertSame(first, assertThrows(CudaException.class, () -> kernels.scale(host, 0, 2, FLOATS)));
      assertSame(first, assertThrows(CudaException.class, () -> kernels.isComplete(ticket)));
      kernels.drain();
      CudaException closing = assertThrows(CudaException.class, kernels::close);
      assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", closing.errorName());
      assertEquals(Map.of(), FakeCuda.live());
      assertEquals(List.of(), FakeCuda.violations());
      kernels.close();
    }
    useKernels(kind);
  }

  @ParameterizedTest
  @EnumSource
  @Timeout(20)
  @SuppressWarnings("try")
  void shouldEndWithASentenceAndKeepTheMemoryWhenTheDeviceHangs(PlacementKind kind) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(VECTOR_BYTES, PAGE_BYTES);
      CudaKernels kernels = kernels(TestContexts.open(0, SHORT_NS), kind);
      Kernels.Registration known = kernels.register("vector", host);
      FakeCuda.setHang(true);
      long ticket = kernels.scale(host, 0, 2, FLOATS);
      Map<String, Long> before = FakeCuda.live();
      assertFalse(kernels.isComplete(ticket));
      for (AutoCloseable one : List.of(known, kernels)) {
        String said = assertThrows(StarlingException.class, one::close).getMessage();
        assertTrue(said.contains("still works after 100 ms"), said);
        assertEquals(before, FakeCuda.live(), "the device may still write it");
      }
      FakeCuda.setHang(false);
      waitFor(kernels, ticket);
      known.close();
      kernels.close();
      assertEquals(Map.of(), FakeCuda.live());
      assertEquals(List.of(), FakeCuda.violations());
    }
  }
}
