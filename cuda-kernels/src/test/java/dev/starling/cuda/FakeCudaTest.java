package dev.starling.cuda;

import static dev.starling.cuda.FakeDriver.at;
import static dev.starling.cuda.FakeDriver.drain;
import static dev.starling.cuda.FakeDriver.mapped;
import static dev.starling.cuda.FakeDriver.ok;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When the fake driver computes right, and when wrong because somebody did not wait. */
class FakeCudaTest {
  private static final long SEEDS = 60;
  private static final int FLOATS = 1000;
  private static final long BYTES = FLOATS * 4L;

  @BeforeEach
  void enter() {
    FakeCuda.enterFake();
    FakeCuda.reset(1);
  }

  @AfterEach
  void reset() {
    FakeCuda.reset(0);
  }

  /** For how many seeds something is so; each seed has a fresh driver. */
  private static long seedsWhere(LongPredicate predicate) {
    return LongStream.range(0, SEEDS)
        .filter(
            seed -> {
              FakeCuda.reset(seed);
              return predicate.test(seed);
            })
        .count();
  }

  private static void fill(MemorySegment memory, float value) {
    for (long i = 0; i < memory.byteSize() / 4; i++) {
      memory.setAtIndex(JAVA_FLOAT, i, value);
    }
  }

  private static boolean holds(MemorySegment memory, float value) {
    for (int i = 0; i < FLOATS; i++) {
      if (memory.getAtIndex(JAVA_FLOAT, i) != value) {
        return false;
      }
    }
    return true;
  }

  /** Doubles threes on the device over two streams; whether sixes come back, all queued at once. */
  private static boolean doubles(boolean waits) {
    try (FakeDriver driver = new FakeDriver()) {
      MemorySegment in = driver.pinned(1);
      MemorySegment out = driver.pinned(1);
      fill(in, 3);
      AddressPointer x = driver.allocate(BYTES);
      CUstream copies = driver.stream();
      CUstream kernels = driver.stream();
      CUevent copied = driver.event();
      CUevent computed = driver.event();
      ok(JCudaDriver.cuMemcpyHtoDAsync(x, at(in), BYTES, copies));
      ok(JCudaDriver.cuEventRecord(copied, copies));
      if (waits) {
        ok(JCudaDriver.cuStreamWaitEvent(kernels, copied, 0));
      }
      ok(driver.scale(kernels, x, 2, FLOATS));
      ok(JCudaDriver.cuEventRecord(computed, kernels));
      ok(JCudaDriver.cuStreamWaitEvent(copies, computed, 0));
      ok(JCudaDriver.cuMemcpyDtoHAsync(at(out), x, BYTES, copies));
      drain(copies);
      boolean right = holds(out, 6);
      drain(kernels);
      ok(JCudaDriver.cuMemHostUnregister(at(in)));
      ok(JCudaDriver.cuMemHostUnregister(at(out)));
      ok(JCudaDriver.cuMemFree(x));
      ok(JCudaDriver.cuEventDestroy(copied));
      ok(JCudaDriver.cuEventDestroy(computed));
      ok(JCudaDriver.cuStreamDestroy(copies));
      ok(JCudaDriver.cuStreamDestroy(kernels));
      return right;
    }
  }

  @Test
  void shouldComputeRightForEverySeedWhenStreamsWaitForOneAnother() {
    assertEquals(
        SEEDS,
        seedsWhere(seed -> doubles(true) && FakeCuda.violations().isEmpty()),
        () -> "violations: " + FakeCuda.violations());
    assertTrue(FakeCuda.live().isEmpty(), () -> "left: " + FakeCuda.live());
  }

  @Test
  void shouldComputeWrongForSomeSeedWhenAStreamDoesNotWait() {
    long right = seedsWhere(seed -> doubles(false));
    assertTrue(right > 0 && right < SEEDS, right + " of " + SEEDS + " are right");
  }

  @Test
  void shouldReadPinnedMemoryWhenACopyRunsAndNotBefore() {
    long changed =
        seedsWhere(
            seed -> {
              FakeDriver driver = new FakeDriver();
              MemorySegment in = driver.pinned(1);
              AddressPointer x = driver.allocate(BYTES);
              CUstream stream = driver.stream();
              fill(in, 1);
              ok(JCudaDriver.cuMemcpyHtoDAsync(x, at(in), BYTES, stream));
              JCudaDriver.cuStreamQuery(stream);
              fill(in, 2);
              drain(stream);
              FakeCuda.peek(in, x.address(), BYTES);
              return holds(in, 2);
            });
    assertTrue(changed > 0 && changed < SEEDS, changed + " of " + SEEDS + " see the change");
  }

  @Test
  void shouldCopyPageableMemoryAtOnceAfterEarlierWorkOfTheStream() {
    FakeDriver driver = new FakeDriver();
    MemorySegment host = driver.pages(1);
    AddressPointer x = driver.allocate(BYTES);
    CUstream stream = driver.stream();
    fill(host, 3);
    ok(JCudaDriver.cuMemcpyHtoDAsync(x, at(host), BYTES, stream));
    fill(host, 0);
    ok(driver.scale(stream, x, 2, FLOATS));
    ok(JCudaDriver.cuMemcpyDtoHAsync(at(host), x, BYTES, stream));
    assertTrue(holds(host, 6));
    assertEquals(2, FakeCuda.count("pageableCopies"));
    assertEquals(List.of(), FakeCuda.violations());
  }

  @Test
  void shouldRunKernelsOverMappedMemoryByTheAddressOfTheDevice() {
    FakeDriver driver = new FakeDriver();
    MemorySegment x = driver.pinned(1);
    fill(x, 5);
    CUstream stream = driver.stream();
    ok(driver.scale(stream, mapped(x), 2, FLOATS));
    assertTrue(holds(x, 5), "nothing runs at launch");
    drain(stream);
    assertTrue(holds(x, 10));
    assertEquals(2 * BYTES, FakeCuda.count("kernelHostBytes"));
  }

  @Test
  void shouldRunAtOnceWhenEager() {
    FakeCuda.setEager(true);
    FakeDriver driver = new FakeDriver();
    MemorySegment x = driver.pinned(1);
    fill(x, 5);
    ok(driver.scale(driver.stream(), mapped(x), 2, FLOATS));
    assertTrue(holds(x, 10));
  }

  @Test
  void shouldLetAnEventStandForItsLastRecording() {
    FakeDriver driver = new FakeDriver();
    CUstream stream = driver.stream();
    CUevent event = driver.event();
    ok(JCudaDriver.cuEventQuery(event));
    ok(JCudaDriver.cuEventRecord(event, stream));
    drain(stream);
    ok(JCudaDriver.cuEventQuery(event));
    FakeCuda.setHang(true);
    ok(JCudaDriver.cuEventRecord(event, stream));
    assertEquals(CUresult.CUDA_ERROR_NOT_READY, JCudaDriver.cuEventQuery(event));
  }

  @Test
  void shouldNeverCompleteAnythingWhenItHangs() {
    FakeDriver driver = new FakeDriver();
    AddressPointer x = driver.allocate(BYTES);
    CUstream stream = driver.stream();
    FakeCuda.setHang(true);
    ok(JCudaDriver.cuMemsetD32Async(x, 0, FLOATS, stream));
    for (int i = 0; i < 1000; i++) {
      assertEquals(CUresult.CUDA_ERROR_NOT_READY, JCudaDriver.cuStreamQuery(stream));
    }
    assertEquals(
        CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
        JCudaDriver.cuMemcpyDtoHAsync(at(driver.pages(1)), x, BYTES, stream));
    assertTrue(FakeCuda.violations().getFirst().endsWith("waits for ever"));
    FakeCuda.setHang(false);
    drain(stream);
  }

  @Test
  void shouldTellTimesOfTheRatesThatWereSet() {
    FakeCuda.setRates(100, 10, 1, 0);
    FakeDriver driver = new FakeDriver();
    MemorySegment host = driver.pinned(1);
    AddressPointer x = driver.allocate(BYTES);
    CUstream stream = driver.stream();
    CUevent[] events = new CUevent[4];
    for (int i = 0; i < events.length; i++) {
      events[i] = new CUevent();
      ok(JCudaDriver.cuEventCreate(events[i], 0));
    }
    ok(JCudaDriver.cuEventRecord(events[0], stream));
    ok(JCudaDriver.cuMemcpyHtoDAsync(x, at(host), BYTES, stream));
    ok(JCudaDriver.cuEventRecord(events[1], stream));
    ok(driver.scale(stream, x, 1, FLOATS));
    ok(JCudaDriver.cuEventRecord(events[2], stream));
    ok(driver.scale(stream, mapped(host), 1, FLOATS));
    ok(JCudaDriver.cuEventRecord(events[3], stream));
    drain(stream);
    double[] expectedNs = {4000, 80, 800};
    for (int i = 0; i < expectedNs.length; i++) {
      float[] ms = new float[1];
      ok(JCudaDriver.cuEventElapsedTime(ms, events[i], events[i + 1]));
      assertEquals(expectedNs[i], ms[0] * 1e6, 0.01, "interval " + i);
    }
  }

  @Test
  void shouldRunThreadsOfABlockUpToTheBarrierAndInAnyOrder() {
    try (FakeDriver driver = new FakeDriver()) {
      MemorySegment x = driver.arena.allocate(1024 * 4L, 64);
      for (String kernel : List.of("fake_reverse", "fake_reverseWithoutBarrier")) {
        long right = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
          for (int i = 0; i < 1024; i++) {
            x.setAtIndex(JAVA_FLOAT, i, i);
          }
          ok(CompiledKernels.run(kernel, new int[] {1, 1, 1, 1024, 1, 1}, List.of(x), seed));
          boolean reversed = true;
          for (int i = 0; i < 1024; i++) {
            reversed &= x.getAtIndex(JAVA_FLOAT, i) == 1023 - i;
          }
          right += reversed ? 1 : 0;
        }
        assertEquals(kernel.equals("fake_reverse") ? SEEDS : 0, right, kernel);
      }
    }
  }
}
