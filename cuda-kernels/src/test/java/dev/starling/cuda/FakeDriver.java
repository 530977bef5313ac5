package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * The driver as JCuda offers it, without anything of this module in between: for tests of the fake
 * itself. Calls that must succeed fail the test when they do not. Belongs to one thread.
 */
final class FakeDriver implements AutoCloseable {
  static final int PORTABLE_MAPPED = 3;
  static final long PAGE_BYTES = 4096;

  final CUcontext context = new CUcontext();
  final CUmodule module = new CUmodule();
  final Arena arena = Arena.ofShared();
  private final CUdevice device = new CUdevice();

  /** Takes device 0 and loads the kernels. */
  FakeDriver() {
    JCudaDriver.setExceptionsEnabled(false);
    ok(JCudaDriver.cuInit(0));
    ok(JCudaDriver.cuDeviceGet(device, 0));
    ok(JCudaDriver.cuDevicePrimaryCtxRetain(context, device));
    ok(JCudaDriver.cuCtxSetCurrent(context));
    ok(JCudaDriver.cuModuleLoadData(module, ptx()));
  }

  /** Gives the module and the context back. */
  @Override
  public void close() {
    ok(JCudaDriver.cuModuleUnload(module));
    release();
    arena.close();
  }

  /** Gives the context back. */
  void release() {
    ok(JCudaDriver.cuDevicePrimaryCtxRelease(device));
    ok(JCudaDriver.cuCtxSetCurrent(new CUcontext()));
  }

  static byte[] ptx() {
    try {
      Path file = Path.of("src/main/resources/dev/starling/cuda/starling.ptx");
      return (Files.readString(file) + "\0").getBytes(StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  static void ok(int result) {
    assertEquals(0, result, () -> "the driver answers; violations: " + FakeCuda.violations());
  }

  CUstream stream() {
    CUstream stream = new CUstream();
    ok(JCudaDriver.cuStreamCreate(stream, 1));
    return stream;
  }

  CUevent event() {
    CUevent event = new CUevent();
    ok(JCudaDriver.cuEventCreate(event, 2));
    return event;
  }

  CUfunction kernel(String name) {
    CUfunction kernel = new CUfunction();
    ok(JCudaDriver.cuModuleGetFunction(kernel, module, "starling_" + name));
    return kernel;
  }

  /** Device memory. */
  AddressPointer allocate(long bytes) {
    AddressPointer memory = new AddressPointer();
    ok(JCudaDriver.cuMemAlloc(memory, bytes));
    return memory;
  }

  /** Whole pages of the host, which live as long as this. */
  MemorySegment pages(int count) {
    return arena.allocate(count * PAGE_BYTES, PAGE_BYTES);
  }

  /** Registered pages. */
  MemorySegment pinned(int count) {
    MemorySegment memory = pages(count);
    ok(JCudaDriver.cuMemHostRegister(at(memory), memory.byteSize(), PORTABLE_MAPPED));
    return memory;
  }

  static AddressPointer at(MemorySegment memory) {
    return new AddressPointer().at(memory.address());
  }

  /** What the device calls registered memory. */
  static AddressPointer mapped(MemorySegment memory) {
    AddressPointer device = new AddressPointer();
    ok(JCudaDriver.cuMemHostGetDevicePointer(device, at(memory), 0));
    return device;
  }

  /** Launches x = x * s over floats, 2 blocks of 64 threads. */
  int scale(CUstream stream, AddressPointer x, float s, long count) {
    KernelArguments arguments = new KernelArguments(3);
    arguments.pointer(0, x.address());
    arguments.number(1, s);
    arguments.count(2, count);
    int result =
        JCudaDriver.cuLaunchKernel(
            kernel("scale"), 2, 1, 1, 64, 1, 1, 0, stream, arguments.pointers(), null);
    arguments.number(1, Float.NaN);
    Reference.reachabilityFence(arguments);
    return result;
  }

  /** Asks until all that a stream was given is done. */
  static void drain(CUstream stream) {
    int result;
    do {
      result = JCudaDriver.cuStreamQuery(stream);
    } while (result == CUresult.CUDA_ERROR_NOT_READY);
    ok(result);
  }
}
