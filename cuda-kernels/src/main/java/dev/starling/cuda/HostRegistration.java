package dev.starling.cuda;

import dev.starling.engine.kernel.Kernels;

/**
 * Memory of the host that a device knows. The memory outlives this; closing it while the device
 * works on the memory is an error of the caller. Belongs to the thread of its context.
 */
public final class HostRegistration extends CudaResource implements Kernels.Registration {
  private final AddressRange range;

  HostRegistration(CudaContext context, AddressRange range) {
    super(context);
    this.range = range;
  }

  /**
   * Returns the range that the device can address. It is larger than what was registered where that
   * lies in memory which had been registered before.
   *
   * @return the range
   */
  public AddressRange range() {
    return range;
  }

  @Override
  void release() {
    context().shared().forget(range);
  }
}
