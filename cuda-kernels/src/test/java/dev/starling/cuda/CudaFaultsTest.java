package dev.starling.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is left, and what is said, when any call of the driver fails. */
class CudaFaultsTest {
  private static final long PAGE_BYTES = 4096;
  private static final long FLOATS = 1000;
  private static final int POLLS = 100_000;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    assertTrue(CudaDriver.unavailableReason().isEmpty(), () -> "" + CudaDriver.unavailableReason());
  }

  @AfterEach
  void reset() {
    FakeCuda.reset(0);
  }

  private static void waitFor(CudaEvent event) {
    for (int i = 0; i < POLLS; i++) {
      if (event.isComplete()) {
        return;
      }
    }
    throw new AssertionError("the event is not complete after " + POLLS + " polls");
  }

  /** Doubles a vector over mapped memory and through device memory. */
  private static void useContexts() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(2 * PAGE_BYTES, PAGE_BYTES);
      host.set(JAVA_FLOAT, 0, 3);
      try (CudaContext first = CudaContext.open(0);
          CudaContext second = CudaContext.open(0)) {
        first.register("a vector", host);
        second.register("a part of it", host.asSlice(0, PAGE_BYTES)).close();
        first.allocate("a passing thing", 1).close();
        DeviceMemory device = first.allocate("a copy", FLOATS * 4);
        CudaStream copies = first.newStream();
        CudaStream kernels = first.newStream();
        CudaEvent copied = first.newEvent();
        CudaEvent computed = first.newTimingEvent();
        KernelArguments arguments = new KernelArguments(3);
        arguments.pointer(0, device.address());
        arguments.number(1, 2);
        arguments.count(2, FLOATS);
        copies.copyToDevice(device.address(), host, 0, FLOATS * 4);
        copies.record(copied);
        kernels.waitFor(copied);
        kernels.launch(first.function("starling_scale"), arguments, FLOATS);
        kernels.record(computed);
        copies.waitFor(computed);
        copies.copyToHost(host, PAGE_BYTES, device.address(), FLOATS * 4);
        copies.record(copied);
        waitFor(copied);
        assertEquals(6, host.get(JAVA_FLOAT, PAGE_BYTES));
        computed.elapsedNs(computed);
        kernels.fill32(device.address(), 0, FLOATS);
        kernels.copyOnDevice(first.deviceAddress(host, 0, 8), device.address(), 8);
      }
    }
  }

  @Test
  void shouldLeaveNothingAndNameTheErrorWhicheverCallOfAContextFails() {
    Map<String, Integer> failed = FaultSweep.run(CudaFaultsTest::useContexts);
    System.out.println("CudaFaultsTest: failed calls of contexts: " + failed);
    assertTrue(failed.size() > 15, () -> "too few functions: " + failed);
  }

  @Test
  void shouldLeaveNothingWhicheverTwoCallsOfAContextFail() {
    FaultSweep.runPairs(CudaFaultsTest::useContexts);
  }
}
