package dev.starling.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/**
 * Memory of a device, which the CPU cannot read. Kernels take it as they take registered memory of
 * the host. Belongs to the thread of its context; the addresses can be used from any thread.
 */
public final class DeviceMemory extends CudaResource {
  private final AddressPointer pointer = new AddressPointer();
  private final MemorySegment segment;
  private final AddressRange range;

  @SuppressWarnings("restricted")
  DeviceMemory(CudaContext context, String what, long lengthBytes) {
    super(context);
    context.bind();
    context.require(
        JCudaDriver.cuMemAlloc(pointer, lengthBytes),
        "allocating %d bytes for '%s'".formatted(lengthBytes, what));
    segment = MemorySegment.ofAddress(pointer.address()).reinterpret(lengthBytes);
    try {
      range = context.shared().addDeviceMemory(what, pointer.address(), lengthBytes);
    } catch (RuntimeException failed) {
      Failures failures = new Failures(failed);
      failures.run(this::free);
      failures.throwFirst();
      throw failed;
    }
  }

  /**
   * Tells where the memory starts.
   *
   * @return an address of the device
   */
  public long address() {
    return segment.address();
  }

  /**
   * Returns the memory as an argument for kernels. <b>Reading or writing it on the CPU crashes the
   * JVM.</b>
   *
   * @return a segment of device addresses
   */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  void release() {
    context().shared().forget(range);
    free();
  }

  private void free() {
    context().require(JCudaDriver.cuMemFree(pointer), "freeing memory of the device");
  }
}
