package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hold on a device: what it gives, what it refuses, and that nothing is left when it ends. */
class CudaContextTest {
  private static final long PAGE_BYTES = 4096;
  private static final long SHORT_NS = TimeUnit.MILLISECONDS.toNanos(500);

  @TempDir Path folder;
  private final long seed = System.nanoTime();
  private Arena arena;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    System.out.println("CudaContextTest: seed " + seed);
    FakeCuda.reset(seed);
    arena = Arena.ofShared();
  }

  @AfterEach
  void leave() {
    if (arena != null) {
      arena.close();
    }
  }

  private MemorySegment pages(int count) {
    return arena.allocate(count * PAGE_BYTES, PAGE_BYTES);
  }

  private static void assertClean() {
    assertEquals(List.of(), FakeCuda.violations());
    assertEquals(Map.of(), FakeCuda.live());
  }

  private static void await(CudaEvent event) {
    long start = System.nanoTime();
    while (!event.isComplete()) {
      assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(20), "still running");
    }
  }

  /** Uses one of everything: scales a page of the host and copies it through the device. */
  private static void useEverything(CudaContext context, MemorySegment memory) {
    context.register("memory", memory);
    CudaStream stream = context.newStream();
    CudaStream other = context.newStream();
    CudaEvent event = context.newEvent();
    DeviceMemory device = context.allocate("buffer", PAGE_BYTES);
    KernelArguments arguments = new KernelArguments(3);
    arguments.pointer(0, context.deviceAddress(memory, 0, PAGE_BYTES));
    arguments.number(1, 2f);
    arguments.count(2, PAGE_BYTES / 4);
    stream.launch(context.function("starling_scale"), arguments, PAGE_BYTES / 4);
    stream.copyToDevice(device.address(), memory, 0, PAGE_BYTES);
    stream.record(event);
    other.waitFor(event);
    other.fill32(device.address() + 8, 7, 1);
    other.copyOnDevice(device.address() + 16, device.address() + 8, 4);
    other.copyToHost(memory, PAGE_BYTES, device.address(), PAGE_BYTES);
    CudaEvent end = context.newTimingEvent();
    other.record(end);
    await(end);
  }

  @Test
  void shouldGiveEverythingBackInOrderWhenClosed() {
    MemorySegment memory = pages(2);
    memory.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 3f);
    try (CudaContext context = CudaContext.open(0)) {
      useEverything(context, memory);
      assertEquals(6f, memory.getAtIndex(ValueLayout.JAVA_FLOAT, PAGE_BYTES / 4));
      assertEquals(7, memory.get(ValueLayout.JAVA_INT, PAGE_BYTES + 8));
      assertEquals(7, memory.get(ValueLayout.JAVA_INT, PAGE_BYTES + 16));
    }
    assertClean();
    List<String> releases =
        FakeCuda.calls().stream()
            .map(FakeCuda.LoggedCall::function)
            .filter(f -> f.matches(".*(Destroy|Free|Unregister|Unload|Release)"))
            .distinct()
            .toList();
    assertEquals(
        List.of(
            "cuStreamDestroy",
            "cuEventDestroy",
            "cuMemFree",
            "cuMemHostUnregister",
            "cuModuleUnload",
            "cuDevicePrimaryCtxRelease"),
        releases);
  }

  @Test
  void shouldLeaveNothingWhenAnyCallFails() {
    MemorySegment memory = pages(2);
    int failures = 0;
    for (int nth = 1; ; nth++) {
      FakeCuda.reset(seed + nth);
      // As many calls in every round.
      FakeCuda.setEager(true);
      FakeCuda.failCall(nth, CUresult.CUDA_ERROR_UNKNOWN);
      StarlingException thrown = null;
      try (CudaContext context = CudaContext.open(0)) {
        useEverything(context, memory);
      } catch (StarlingException failed) {
        thrown = failed;
      }
      int call = nth;
      assertEquals(List.of(), FakeCuda.violations(), () -> "call " + call + " failed");
      assertEquals(left(), FakeCuda.live(), () -> "call " + call + " failed");
      if (FakeCuda.faultsLeft() > 0) {
        break;
      }
      assertTrue(
          thrown != null && thrown.getMessage().contains("CUDA_ERROR_UNKNOWN"),
          "call " + call + " failed, and nothing was said: " + thrown);
      failures++;
    }
    assertTrue(failures > 30, "only " + failures + " calls");
  }

  /** A context that the driver refuses to take back stays; nothing else may. */
  private static Map<String, Long> left() {
    FakeCuda.LoggedCall last = FakeCuda.calls().getLast();
    return last.function().equals("cuDevicePrimaryCtxRelease") && last.result() != 0
        ? Map.of("contexts", 1L)
        : Map.of();
  }

  @Test
  void shouldLeaveNothingWhenTheDeviceFailsForGood() {
    MemorySegment memory = pages(2);
    FakeCuda.failForGood("cuEventQuery", 1, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
    CudaException failed =
        assertThrows(
            CudaException.class,
            () -> {
              try (CudaContext context = CudaContext.open(0)) {
                useEverything(context, memory);
              }
            });
    assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", failed.errorName());
    assertEquals(700, failed.error());
    assertTrue(failed.getMessage().contains("device 0 ("), failed::getMessage);
    assertTrue(failed.getSuppressed().length > 0, "closing on a failed device says nothing");
    assertClean();
  }

  @Test
  void shouldShareThePrimaryContextWhenItIsOpenedTwice() {
    CudaContext first = CudaContext.open(0);
    CudaContext second = CudaContext.open(0);
    assertEquals(1, FakeCuda.callCount("cuDevicePrimaryCtxRetain"));
    assertEquals(1, FakeCuda.callCount("cuModuleLoadData"));
    assertSame(first.function("starling_copy"), second.function("starling_copy"));
    first.newStream();
    first.close();
    first.close();
    assertEquals(Map.of("contexts", 1L, "modules", 1L), FakeCuda.live());
    second.newStream();
    second.close();
    assertClean();
    assertThrows(IllegalStateException.class, second::newEvent);
  }

  @Test
  void shouldKeepSeveralDevicesApartOnOneThread() {
    FakeCuda.setDevices(2, 90, FakeCuda.MEMORY_BYTES);
    MemorySegment memory = pages(4);
    try (CudaContext first = CudaContext.open(0);
        CudaContext second = CudaContext.open(1)) {
      assertEquals(0, first.ordinal());
      assertEquals(90, second.computeCapability());
      assertNotEquals(first.busId(), second.busId());
      useEverything(first, memory.asSlice(0, 2 * PAGE_BYTES));
      useEverything(second, memory.asSlice(2 * PAGE_BYTES));
      useEverything(first, memory.asSlice(0, 2 * PAGE_BYTES));
    }
    assertClean();
  }

  @Test
  void shouldRegisterMemoryOnceForTheProcessWhenSeveralAsk() {
    FakeCuda.setDevices(2, 80, FakeCuda.MEMORY_BYTES);
    MemorySegment memory = pages(4);
    CudaContext first = CudaContext.open(0);
    HostRegistration whole = first.register("whole", memory);
    CudaContext second = CudaContext.open(1);
    HostRegistration part = second.register("part", memory.asSlice(PAGE_BYTES, PAGE_BYTES));
    HostRegistration again = second.register("again", memory);
    assertEquals(1, FakeCuda.callCount("cuMemHostRegister"));
    whole.close();
    whole.close();
    first.close();
    assertEquals(1, FakeCuda.count("registrations"));
    assertEquals(2, FakeCuda.count("contexts"), "that in which it is registered stays");
    part.close();
    second.deviceAddress(memory, 0, 4 * PAGE_BYTES);
    again.close();
    assertEquals(0, FakeCuda.count("registrations"));
    assertEquals(1, FakeCuda.count("contexts"));
    assertThrows(IllegalArgumentException.class, () -> second.deviceAddress(memory, 0, 4));
    second.close();
    assertClean();
  }

  @Test
  void shouldRefuseMemoryThatOverlapsRegisteredMemoryPartly() {
    MemorySegment memory = pages(4);
    try (CudaContext context = CudaContext.open(0)) {
      context.register("first", memory.asSlice(PAGE_BYTES, 2 * PAGE_BYTES));
      for (MemorySegment overlap :
          List.of(memory, memory.asSlice(0, 2 * PAGE_BYTES), memory.asSlice(2 * PAGE_BYTES))) {
        String message =
            assertThrows(IllegalArgumentException.class, () -> context.register("second", overlap))
                .getMessage();
        assertTrue(message.contains("'first'") && message.contains("'second'"), message);
      }
      context.register("before", memory.asSlice(0, PAGE_BYTES));
      context.register("behind", memory.asSlice(3 * PAGE_BYTES));
    }
    assertClean();
  }

  @Test
  void shouldRefuseMemoryThatIsNotMadeOfPages() {
    MemorySegment memory = pages(2);
    try (CudaContext context = CudaContext.open(0)) {
      for (MemorySegment odd :
          List.of(
              memory.asSlice(8, PAGE_BYTES),
              memory.asSlice(0, 100),
              memory.asSlice(0, 0),
              MemorySegment.ofArray(new long[512]))) {
        assertThrows(IllegalArgumentException.class, () -> context.register("odd", odd));
      }
      assertEquals(0, FakeCuda.callCount("cuMemHostRegister"));
    }
  }

  @Test
  void shouldRegisterMoreThanTwoGibibytes() throws Exception {
    long bytes = (2L << 30) + 3 * PAGE_BYTES;
    try (FileChannel file =
        FileChannel.open(
            folder.resolve("sparse"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      MemorySegment memory = file.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      try (CudaContext context = CudaContext.open(0)) {
        context.register("large", memory);
        assertEquals(bytes, FakeCuda.count("registeredBytes"));
        assertEquals(
            context.deviceAddress(memory, 0, bytes) + bytes - 4,
            context.deviceAddress(memory, bytes - 4, 4));
      }
    }
    assertClean();
  }

  @Test
  void shouldSayHowToRaiseTheLimitWhenMemoryCannotBePinned() {
    MemorySegment memory = pages(1);
    try (CudaContext context = CudaContext.open(0)) {
      for (int error :
          List.of(CUresult.CUDA_ERROR_OUT_OF_MEMORY, CUresult.CUDA_ERROR_NOT_PERMITTED)) {
        FakeCuda.fail("cuMemHostRegister", 1, error);
        CudaException refused =
            assertThrows(CudaException.class, () -> context.register("replica", memory));
        assertEquals(error, refused.error());
        assertTrue(refused.getMessage().contains("'replica' (4096 bytes"), refused::getMessage);
        assertTrue(refused.getMessage().contains("ulimit -l"), refused::getMessage);
      }
      FakeCuda.fail("cuMemHostGetDevicePointer", 1, CUresult.CUDA_ERROR_INVALID_VALUE);
      assertThrows(CudaException.class, () -> context.register("replica", memory));
      assertEquals(0, FakeCuda.count("registrations"));
      context.register("replica", memory);
    }
    assertClean();
  }

  @Test
  void shouldTranslateOnlyWhatIsKnown() {
    MemorySegment memory = pages(8);
    try (CudaContext context = CudaContext.open(0)) {
      for (int page = 0; page < 8; page += 2) {
        context.register("page " + page, memory.asSlice(page * PAGE_BYTES, PAGE_BYTES));
      }
      DeviceMemory device = context.allocate("buffer", 100);
      for (int page = 6; page >= 0; page -= 2) {
        MemorySegment known = memory.asSlice(page * PAGE_BYTES, PAGE_BYTES);
        assertEquals(
            context.deviceAddress(known, 0, 1) + 5,
            context.deviceAddress(known, 5, PAGE_BYTES - 5));
        assertNull(context.find(known.address(), PAGE_BYTES + 1));
        assertNull(context.find(known.address() + PAGE_BYTES, 1));
        assertNull(context.find(known.address() - 1, 2));
      }
      assertEquals(device.address() + 9, context.deviceAddress(device.segment(), 9, 91));
      assertTrue(context.find(device.address(), 1).isDeviceMemory());
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> context.deviceAddress(memory, PAGE_BYTES, 4))
              .getMessage();
      assertTrue(message.contains("'page 0' (4096 bytes at 0x"), message);
      assertThrows(
          IllegalArgumentException.class,
          () -> context.deviceAddress(MemorySegment.ofArray(new byte[8]), 0, 8));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> context.deviceAddress(memory.asSlice(0, PAGE_BYTES), 1, PAGE_BYTES));
      device.close();
      assertNull(context.find(device.address(), 1));
    }
    assertClean();
  }

  @Test
  void shouldMakeTheContextCurrentOnEveryThread() throws Exception {
    MemorySegment memory = pages(2);
    CudaContext context = CudaContext.open(0);
    CompletableFuture.runAsync(() -> useEverything(context, memory)).get(30, TimeUnit.SECONDS);
    CompletableFuture.runAsync(context::close).get(30, TimeUnit.SECONDS);
    assertClean();
    // A context that is opened later is another one, though this thread has had the first.
    try (CudaContext next = CudaContext.open(0)) {
      useEverything(next, memory);
    }
    assertClean();
  }

  /** Between two calls it can move to another thread of the operating system. */
  @Test
  void shouldMakeTheContextCurrentWheneverAVirtualThreadCalls() throws Exception {
    try (CudaContext context = CudaContext.open(0)) {
      long before = FakeCuda.callCount("cuCtxSetCurrent");
      Thread caller =
          Thread.startVirtualThread(
              () -> {
                context.bind();
                context.bind();
              });
      assertTrue(caller.join(Duration.ofSeconds(30)));
      assertEquals(2, FakeCuda.callCount("cuCtxSetCurrent") - before);
    }
    assertClean();
  }

  @Test
  void shouldGiveNothingBackWhileTheDeviceWorks() {
    MemorySegment memory = pages(1);
    CudaContext context = CudaContext.open(0, SHORT_NS);
    context.register("memory", memory);
    DeviceMemory device = context.allocate("buffer", PAGE_BYTES);
    CudaStream stream = context.newStream();
    FakeCuda.setHang(true);
    stream.copyToDevice(device.address(), memory, 0, PAGE_BYTES);
    Map<String, Long> before = FakeCuda.live();
    String message = assertThrows(StarlingException.class, context::close).getMessage();
    assertTrue(message.contains("still works after 500 ms"), message);
    assertEquals(before, FakeCuda.live());
    FakeCuda.setHang(false);
    context.close();
    assertClean();
  }

  @Test
  void shouldRefuseADeviceThatIsTooOldOrMissing() {
    FakeCuda.setDevices(1, 70, FakeCuda.MEMORY_BYTES);
    String old = assertThrows(StarlingException.class, () -> CudaContext.open(0)).getMessage();
    assertTrue(old.contains("compute capability 7.0") && old.contains("7.5"), old);
    String missing = assertThrows(StarlingException.class, () -> CudaContext.open(1)).getMessage();
    assertEquals("device 1 does not exist: choose one from 0 to 0", missing);
    FakeCuda.setDevices(1, 75, FakeCuda.MEMORY_BYTES);
    FakeCuda.setAttribute(0, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY, 0);
    assertThrows(StarlingException.class, () -> CudaContext.open(0));
    assertClean();
  }

  @Test
  void shouldReleaseSingleThingsWhenTheyAreClosed() {
    try (CudaContext context = CudaContext.open(0)) {
      CudaStream stream = context.newStream();
      CudaEvent event = context.newEvent();
      DeviceMemory device = context.allocate("buffer", 1);
      for (AutoCloseable one : List.of(stream, event, device)) {
        try {
          one.close();
          one.close();
        } catch (Exception failed) {
          throw new AssertionError(failed);
        }
      }
      assertEquals(Map.of("contexts", 1L, "modules", 1L), FakeCuda.live());
    }
    assertClean();
  }

  @Test
  void shouldRefuseAllocationsThatDoNotFit() {
    try (CudaContext context = CudaContext.open(0)) {
      CudaException refused =
          assertThrows(
              CudaException.class, () -> context.allocate("model", 2 * FakeCuda.MEMORY_BYTES));
      assertEquals(CUresult.CUDA_ERROR_OUT_OF_MEMORY, refused.error());
      assertTrue(refused.getMessage().contains("'model'"), refused::getMessage);
      assertThrows(CudaException.class, () -> context.function("starling_nothing"));
    }
    assertClean();
  }
}
