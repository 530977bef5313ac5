package dev.starling.cuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import jcuda.NativePointerObject;
import jcuda.driver.CUdeviceptr;

/**
 * A pointer of JCuda, of the host or of a device, that can be given another address, so that none
 * has to be made for each call. JCuda keeps the address private; there is no other way to change
 * it. Belongs to one thread.
 */
public final class AddressPointer extends CUdeviceptr {
  private static final VarHandle ADDRESS = addressField();

  /** Makes a null pointer. */
  public AddressPointer() {}

  /**
   * Sets the address.
   *
   * @param address of the host or of a device
   * @return this
   */
  public AddressPointer at(long address) {
    ADDRESS.set((NativePointerObject) this, address);
    return this;
  }

  /**
   * Tells the address.
   *
   * @return as set by {@link #at} or by the driver
   */
  public long address() {
    return getNativePointer();
  }

  private static VarHandle addressField() {
    try {
      return MethodHandles.privateLookupIn(NativePointerObject.class, MethodHandles.lookup())
          .findVarHandle(NativePointerObject.class, "nativePointer", long.class);
    } catch (ReflectiveOperationException other) {
      throw new LinkageError(
          "jcuda.NativePointerObject has no field nativePointer that can be set: "
              + "use JCuda 12.6.0, on the class path",
          other);
    }
  }
}
