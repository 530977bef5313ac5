package dev.starling.cuda;

import static dev.starling.cuda.FakeDriver.PAGE_BYTES;
import static dev.starling.cuda.FakeDriver.PORTABLE_MAPPED;
import static dev.starling.cuda.FakeDriver.at;
import static dev.starling.cuda.FakeDriver.drain;
import static dev.starling.cuda.FakeDriver.mapped;
import static dev.starling.cuda.FakeDriver.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the fake driver punishes, and the failures that a test can order. */
class FakeCudaViolationTest {
  private static final int FLOATS = 1000;
  private static final long BYTES = FLOATS * 4L;

  private FakeDriver driver;

  @BeforeEach
  void open() {
    FakeCuda.enterFake();
    FakeCuda.reset(1);
    driver = new FakeDriver();
  }

  @AfterEach
  void reset() {
    FakeCuda.reset(0);
  }

  private static void requireViolation(String words) {
    List<String> found = FakeCuda.violations();
    assertTrue(
        !found.isEmpty() && found.getFirst().contains(words), () -> words + " is not in " + found);
  }

  private int poll(CUstream stream) {
    int result;
    do {
      result = JCudaDriver.cuStreamQuery(stream);
    } while (result == CUresult.CUDA_ERROR_NOT_READY);
    return result;
  }

  @Test
  void shouldStopAKernelBehindTheEndOfItsMemoryAndRefuseLaterCalls() {
    CUstream stream = driver.stream();
    ok(driver.scale(stream, driver.allocate(BYTES), 2, FLOATS + 1));
    assertEquals(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, poll(stream));
    requireViolation("starling_scale, block ");
    requireViolation("illegal access of 4 bytes");
    assertEquals(
        CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, JCudaDriver.cuMemAlloc(new AddressPointer(), 1));
    assertEquals(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, JCudaDriver.cuStreamDestroy(stream));
    assertEquals(0, FakeCuda.count("streams"));
    driver.release();
    new FakeDriver().stream();
  }

  @Test
  void shouldStopAKernelThatWasGivenAnAddressOfTheHost() {
    CUstream stream = driver.stream();
    ok(driver.scale(stream, at(driver.pinned(1)), 2, 1));
    assertEquals(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, poll(stream));
    requireViolation("illegal access");
  }

  @Test
  void shouldStopAKernelWhoseMemoryWasFreedBeforeItRan() {
    CUstream stream = driver.stream();
    AddressPointer x = driver.allocate(BYTES);
    ok(driver.scale(stream, x, 2, FLOATS));
    ok(JCudaDriver.cuMemFree(x));
    requireViolation("device memory was freed while starling_scale was queued");
    assertEquals(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, poll(stream));
  }

  @Test
  void shouldNoticeMemoryThatIsUnregisteredWhileACopyIsQueued() {
    CUstream stream = driver.stream();
    MemorySegment host = driver.pinned(1);
    ok(JCudaDriver.cuMemcpyHtoDAsync(driver.allocate(BYTES), at(host), BYTES, stream));
    ok(JCudaDriver.cuMemHostUnregister(at(host)));
    requireViolation("host memory was unregistered while a copy to the device was queued");
  }

  @Test
  void shouldNoticeMemoryThatIsUnregisteredWhileAKernelIsQueued() {
    CUstream stream = driver.stream();
    MemorySegment host = driver.pinned(1);
    ok(driver.scale(stream, mapped(host).at(mapped(host).address() + 400), 2, 10));
    ok(JCudaDriver.cuMemHostUnregister(at(host)));
    requireViolation("host memory was unregistered while starling_scale was queued");
  }

  @Test
  void shouldNoticeWhatIsAliveWhenTheContextIsReleased() {
    driver.stream();
    driver.event();
    driver.allocate(1);
    driver.pinned(1);
    assertEquals(
        Map.of(
            "contexts",
            1L,
            "streams",
            1L,
            "events",
            1L,
            "modules",
            1L,
            "allocations",
            1L,
            "registrations",
            1L),
        FakeCuda.live());
    driver.release();
    assertEquals(
        List.of("streams", "events", "modules", "allocations", "registrations"),
        FakeCuda.violations().stream().map(s -> s.substring(s.lastIndexOf(' ') + 1)).toList());
    assertTrue(FakeCuda.live().isEmpty(), () -> "left: " + FakeCuda.live());
  }

  @Test
  void shouldNotBlameWhatCouldNotBeDestroyed() {
    CUevent event = driver.event();
    FakeCuda.fail("cuEventDestroy", 1, CUresult.CUDA_ERROR_UNKNOWN);
    assertEquals(CUresult.CUDA_ERROR_UNKNOWN, JCudaDriver.cuEventDestroy(event));
    assertEquals(1, FakeCuda.count("events"));
    driver.close();
    assertEquals(List.of(), FakeCuda.violations());
  }

  @Test
  void shouldNoticeThingsThatHaveBeenDestroyed() {
    CUstream stream = driver.stream();
    CUevent event = driver.event();
    ok(JCudaDriver.cuStreamDestroy(stream));
    assertEquals(CUresult.CUDA_ERROR_INVALID_HANDLE, JCudaDriver.cuEventRecord(event, stream));
    requireViolation("cuEventRecord was given a stream that is not there");
    ok(JCudaDriver.cuEventDestroy(event));
    assertEquals(CUresult.CUDA_ERROR_INVALID_HANDLE, JCudaDriver.cuEventQuery(event));
    assertEquals(CUresult.CUDA_ERROR_INVALID_HANDLE, JCudaDriver.cuEventDestroy(event));
    assertEquals(3, FakeCuda.violations().size());
  }

  @Test
  void shouldNoticeAStreamThatIsDestroyedWithWorkQueued() {
    CUstream stream = driver.stream();
    ok(JCudaDriver.cuMemsetD32Async(driver.allocate(4), 1, 1, stream));
    ok(JCudaDriver.cuStreamDestroy(stream));
    requireViolation("a stream was destroyed with 1 operations queued");
  }

  @Test
  void shouldRefuseCallsOnAThreadWithoutContext() throws Exception {
    int[] result = new int[1];
    Thread other = new Thread(() -> result[0] = JCudaDriver.cuEventCreate(new CUevent(), 0));
    other.start();
    other.join(10_000);
    assertEquals(CUresult.CUDA_ERROR_INVALID_CONTEXT, result[0]);
    requireViolation("cuEventCreate was called on a thread that has no current context");
  }

  @Test
  void shouldRefuseCallsOnceTheContextHasBeenReleased() {
    CUdevice device = new CUdevice();
    ok(JCudaDriver.cuModuleUnload(driver.module));
    ok(JCudaDriver.cuDevicePrimaryCtxRelease(device));
    assertEquals(
        CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED, JCudaDriver.cuEventCreate(new CUevent(), 0));
    assertEquals(CUresult.CUDA_ERROR_INVALID_CONTEXT, JCudaDriver.cuCtxSetCurrent(driver.context));
    assertEquals(
        CUresult.CUDA_ERROR_INVALID_CONTEXT, JCudaDriver.cuDevicePrimaryCtxRelease(device));
    assertEquals(3, FakeCuda.violations().size());
    CUcontext fresh = new CUcontext();
    ok(JCudaDriver.cuDevicePrimaryCtxRetain(fresh, device));
    assertNotEquals(driver.context, fresh);
  }

  @Test
  void shouldRefuseToRegisterMemoryTwiceAndBlameParts() {
    MemorySegment host = driver.pages(3);
    ok(JCudaDriver.cuMemHostRegister(at(host), PAGE_BYTES, PORTABLE_MAPPED));
    assertEquals(
        CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED,
        JCudaDriver.cuMemHostRegister(at(host), 2 * PAGE_BYTES, PORTABLE_MAPPED));
    assertEquals(List.of(), FakeCuda.violations());
    ok(
        JCudaDriver.cuMemHostRegister(
            at(host.asSlice(PAGE_BYTES + 8)), PAGE_BYTES, PORTABLE_MAPPED));
    requireViolation("not whole pages: 4096 bytes at page offset 8");
    assertEquals(
        CUresult.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED,
        JCudaDriver.cuMemHostUnregister(at(host.asSlice(8))));
    assertEquals(2, FakeCuda.violations().size());
  }

  @Test
  void shouldRefuseACopyThatLeavesItsMemory() {
    CUstream stream = driver.stream();
    AddressPointer x = driver.allocate(2 * PAGE_BYTES);
    MemorySegment host = driver.pages(2);
    ok(JCudaDriver.cuMemHostRegister(at(host), PAGE_BYTES, PORTABLE_MAPPED));
    assertEquals(
        CUresult.CUDA_ERROR_INVALID_VALUE,
        JCudaDriver.cuMemcpyHtoDAsync(x, at(host), PAGE_BYTES + 1, stream));
    requireViolation("leaves the registered host memory");
    assertEquals(
        CUresult.CUDA_ERROR_INVALID_VALUE,
        JCudaDriver.cuMemcpyHtoDAsync(x, at(host), 2 * PAGE_BYTES + 1, stream));
    assertEquals(2, FakeCuda.violations().size());
  }

  @Test
  void shouldRefuseShapesThatNoDeviceTakes() {
    KernelArguments arguments = new KernelArguments(3);
    for (int[] shape : new int[][] {{0, 64}, {1, 0}, {1, 257}}) {
      assertEquals(
          CUresult.CUDA_ERROR_INVALID_VALUE,
          JCudaDriver.cuLaunchKernel(
              driver.kernel("scale"),
              shape[0],
              1,
              1,
              shape[1],
              1,
              1,
              0,
              driver.stream(),
              arguments.pointers(),
              null));
    }
    assertEquals(3, FakeCuda.violations().size());
  }

  @Test
  void shouldFailTheCallsThatATestOrders() {
    FakeCuda.fail("cuEventCreate", 2, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
    CUevent event = new CUevent();
    ok(JCudaDriver.cuEventCreate(event, 0));
    assertEquals(1, FakeCuda.faultsLeft());
    assertEquals(CUresult.CUDA_ERROR_OUT_OF_MEMORY, JCudaDriver.cuEventCreate(new CUevent(), 0));
    assertEquals(0, FakeCuda.faultsLeft());
    FakeCuda.failCall(3, CUresult.CUDA_ERROR_UNKNOWN);
    drain(driver.stream());
    assertEquals(CUresult.CUDA_ERROR_UNKNOWN, JCudaDriver.cuEventQuery(event));
    ok(JCudaDriver.cuEventQuery(event));
    FakeCuda.failForGood("cuEventQuery", 1, CUresult.CUDA_ERROR_LAUNCH_FAILED);
    assertEquals(CUresult.CUDA_ERROR_LAUNCH_FAILED, JCudaDriver.cuEventQuery(event));
    assertEquals(CUresult.CUDA_ERROR_LAUNCH_FAILED, JCudaDriver.cuEventQuery(event));
    assertEquals(List.of(), FakeCuda.violations());
  }

  @Test
  void shouldLogCallsInTheirOrder() {
    FakeCuda.reset(0);
    driver = new FakeDriver();
    CUevent event = driver.event();
    ok(JCudaDriver.cuEventDestroy(event));
    driver.close();
    List<FakeCuda.LoggedCall> calls = FakeCuda.calls();
    assertEquals(
        List.of(
            "cuInit",
            "cuDeviceGet",
            "cuDevicePrimaryCtxRetain",
            "cuModuleLoadData",
            "cuEventCreate",
            "cuEventDestroy",
            "cuModuleUnload",
            "cuDevicePrimaryCtxRelease"),
        calls.stream().map(FakeCuda.LoggedCall::function).toList());
    assertEquals(calls.get(4).handle(), calls.get(5).handle());
    assertNotEquals(0, calls.get(4).handle());
    assertEquals(1, FakeCuda.callCount("cuEventCreate"));
    assertEquals(10, FakeCuda.callCount());
  }

  @Test
  void shouldBeWhatATestWants() {
    FakeCuda.setDevices(0, 0, 0);
    assertEquals(CUresult.CUDA_ERROR_NO_DEVICE, JCudaDriver.cuInit(0));
    FakeCuda.reset(0);
    FakeCuda.setDevices(2, 75, 1 << 20);
    FakeCuda.setDriverVersion(11080);
    CUdevice second = new CUdevice();
    ok(JCudaDriver.cuDeviceGet(second, 1));
    CUcontext context = new CUcontext();
    ok(JCudaDriver.cuDevicePrimaryCtxRetain(context, second));
    ok(JCudaDriver.cuCtxSetCurrent(context));
    assertEquals(
        CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
        JCudaDriver.cuModuleLoadData(new CUmodule(), FakeDriver.ptx()));
    FakeCuda.setDriverVersion(12000);
    ok(JCudaDriver.cuModuleLoadData(new CUmodule(), FakeDriver.ptx()));
    byte[] newer =
        new String(FakeDriver.ptx(), StandardCharsets.UTF_8)
            .replace("sm_75", "sm_80")
            .getBytes(StandardCharsets.UTF_8);
    assertEquals(
        CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU, JCudaDriver.cuModuleLoadData(new CUmodule(), newer));
    assertEquals(
        CUresult.CUDA_ERROR_OUT_OF_MEMORY,
        JCudaDriver.cuMemAlloc(new AddressPointer(), (1 << 20) + 1));
    ok(JCudaDriver.cuMemAlloc(new AddressPointer(), 1 << 20));
    assertEquals(
        CUresult.CUDA_ERROR_OUT_OF_MEMORY, JCudaDriver.cuMemAlloc(new AddressPointer(), 1));
  }
}
