package dev.starling.cuda;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/**
 * A device as this process uses it: its primary context, retained once, the module with the
 * kernels, and what memory the device can address. Shared by all {@link CudaContext}s of the device
 * and counted; the last user gives it back.
 *
 * <p>Safe from any thread. One lock for the process orders opening, closing and registering.
 */
final class PrimaryContext {
  /** Ordered before no other lock. */
  static final Object LOCK = new Object();

  private static final String MODULE = "starling.ptx";
  private static final int OLDEST_CAPABILITY = 75;
  private static final int NAME_BYTES = 256;

  /** Guarded by {@link #LOCK}. */
  private static final Map<Integer, PrimaryContext> OPEN = new HashMap<>();

  /** What this class has made current on a thread last. */
  private static final ThreadLocal<PrimaryContext> CURRENT = new ThreadLocal<>();

  private final int ordinal;
  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUmodule module = new CUmodule();
  private final AddressTable table = new AddressTable();
  private final Map<String, CUfunction> functions = new ConcurrentHashMap<>();
  private final String name;
  private final String busId;
  private final int capability;
  private final int multiprocessors;

  /** Guarded by {@link #LOCK}. */
  private int users;

  private PrimaryContext(int ordinal) {
    this.ordinal = ordinal;
    String here = "device " + ordinal;
    CudaDriver.require(JCudaDriver.cuDeviceGet(device, ordinal), "looking up the device", here);
    name = nameOf(device, here);
    String[] address = new String[1];
    CudaDriver.require(
        JCudaDriver.cuDeviceGetPCIBusId(address, NAME_BYTES, device),
        "asking for the PCI address",
        here);
    busId = address[0];
    capability =
        attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10
            + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    multiprocessors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    requireCapability();
    requireMappedMemory();
    require(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "taking the primary context");
    try {
      bind();
      load();
    } catch (RuntimeException failed) {
      Failures failures = new Failures(failed);
      failures.run(this::giveBack);
      failures.throwFirst();
    }
  }

  /** Opens a device, or counts one user more of an open one. */
  static PrimaryContext open(int ordinal) {
    synchronized (LOCK) {
      PrimaryContext shared = OPEN.get(ordinal);
      if (shared == null) {
        shared = new PrimaryContext(ordinal);
        OPEN.put(ordinal, shared);
      }
      shared.retain();
      return shared;
    }
  }

  /** Counts one user more. */
  void retain() {
    synchronized (LOCK) {
      users++;
    }
  }

  /** Counts one user less; the last one unloads the module and gives the context back. */
  void release() {
    synchronized (LOCK) {
      if (--users > 0) {
        return;
      }
      OPEN.remove(ordinal);
      Failures failures = new Failures();
      failures.run(this::bind);
      failures.run(this::unload);
      failures.run(this::giveBack);
      failures.throwFirst();
    }
  }

  private void unload() {
    bind();
    require(JCudaDriver.cuModuleUnload(module), "unloading the kernels");
  }

  private void giveBack() {
    CURRENT.remove();
    Failures failures = new Failures();
    failures.run(
        () -> require(JCudaDriver.cuCtxSetCurrent(new CUcontext()), "leaving the primary context"));
    failures.run(
        () ->
            require(
                JCudaDriver.cuDevicePrimaryCtxRelease(device), "giving the primary context back"));
    failures.throwFirst();
  }

  /** Makes the context current on this thread, unless it was the last one to be made so. */
  void bind() {
    // The driver's threads are those of the operating system, which a virtual thread changes.
    if (CURRENT.get() != this || Thread.currentThread().isVirtual()) {
      require(JCudaDriver.cuCtxSetCurrent(context), "making the context current");
      CURRENT.set(this);
    }
  }

  void require(int result, String doing) {
    if (result != 0) {
      throw new CudaException(result, doing, toString());
    }
  }

  /** Finds a kernel of the module. */
  CUfunction function(String kernel) {
    CUfunction found = functions.get(kernel);
    if (found == null) {
      bind();
      found = new CUfunction();
      require(
          JCudaDriver.cuModuleGetFunction(found, module, kernel),
          "looking up the kernel '" + kernel + "'");
      functions.put(kernel, found);
    }
    return found;
  }

  /** Makes host memory known to this device; to be undone by {@link #forget}. */
  AddressRange register(String what, long start, long lengthBytes) {
    synchronized (LOCK) {
      AddressRange known = table.find(start, lengthBytes);
      if (known != null) {
        known.addOwner();
        return known;
      }
      PinnedMemory pinned = PinnedMemory.acquire(this, what, start, lengthBytes);
      try {
        table.requireApart(what, pinned.start(), pinned.lengthBytes());
        AddressRange range = mapped(what, pinned);
        table.add(range);
        return range;
      } catch (RuntimeException failed) {
        Failures failures = new Failures(failed);
        failures.run(pinned::release);
        failures.throwFirst();
        throw failed;
      }
    }
  }

  private AddressRange mapped(String what, PinnedMemory pinned) {
    bind();
    AddressPointer deviceStart = new AddressPointer();
    require(
        JCudaDriver.cuMemHostGetDevicePointer(
            deviceStart, new AddressPointer().at(pinned.start()), 0),
        "mapping '%s' (%d bytes at 0x%x)".formatted(what, pinned.lengthBytes(), pinned.start()));
    return new AddressRange(
        what, pinned.start(), pinned.lengthBytes(), deviceStart.address(), pinned);
  }

  /** Makes memory of the device known. */
  AddressRange addDeviceMemory(String what, long address, long lengthBytes) {
    synchronized (LOCK) {
      table.requireApart(what, address, lengthBytes);
      AddressRange range = new AddressRange(what, address, lengthBytes, address, null);
      table.add(range);
      return range;
    }
  }

  /** Counts one owner of a range less; the last one makes it unknown and unregisters it. */
  void forget(AddressRange range) {
    synchronized (LOCK) {
      if (range.removeOwner()) {
        table.remove(range);
        if (range.pinned() != null) {
          range.pinned().release();
        }
      }
    }
  }

  AddressTable table() {
    return table;
  }

  int ordinal() {
    return ordinal;
  }

  String name() {
    return name;
  }

  String busId() {
    return busId;
  }

  int capability() {
    return capability;
  }

  int multiprocessors() {
    return multiprocessors;
  }

  /** Names the device in messages. */
  @Override
  public String toString() {
    return "device %d (%s, %s)".formatted(ordinal, name, busId);
  }

  private static String nameOf(CUdevice device, String here) {
    byte[] text = new byte[NAME_BYTES];
    CudaDriver.require(
        JCudaDriver.cuDeviceGetName(text, text.length, device), "asking for the name", here);
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    return new String(text, 0, length, StandardCharsets.UTF_8);
  }

  private int attribute(int which) {
    int[] value = new int[1];
    require(
        JCudaDriver.cuDeviceGetAttribute(value, which, device),
        "asking for the attribute " + which);
    return value[0];
  }

  private void requireCapability() {
    if (capability < OLDEST_CAPABILITY) {
      throw new StarlingException(
          ("%s has compute capability %d.%d, but the kernels need 7.5 (Turing) or later:"
                  + " use another device or the CPU")
              .formatted(this, capability / 10, capability % 10));
    }
  }

  private void requireMappedMemory() {
    if (attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY) == 0) {
      throw new StarlingException(
          this + " cannot map memory of the host: use another device or the CPU");
    }
  }

  private void load() {
    byte[] text;
    try (InputStream resource = PrimaryContext.class.getResourceAsStream(MODULE)) {
      if (resource == null) {
        throw new StarlingException(
            "the kernels cannot be loaded on "
                + this
                + " because the class path has no dev/starling/cuda/"
                + MODULE
                + ": build the module cuda-kernels again");
      }
      text = resource.readAllBytes();
    } catch (IOException failure) {
      throw new StarlingException(
          "reading the kernels dev/starling/cuda/"
              + MODULE
              + " from the class path failed ("
              + failure.getMessage()
              + "): check the jar of the module cuda-kernels",
          failure);
    }
    // The driver takes a string that ends with a zero.
    require(
        JCudaDriver.cuModuleLoadData(module, Arrays.copyOf(text, text.length + 1)),
        "loading the kernels");
  }
}
