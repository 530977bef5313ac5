package dev.starling.cuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * Host memory that is registered with the driver, once for the process, since the driver refuses to
 * register an address again for another device. It stays registered while a device uses it, and
 * keeps open the context in which it was registered, which would take it along.
 *
 * <p>Everything here is done with the lock of {@link PrimaryContext} held.
 */
final class PinnedMemory {
  private static final int PORTABLE = 1;
  private static final int DEVICEMAP = 2;
  private static final List<PinnedMemory> ALL = new ArrayList<>();

  private final String what;
  private final long start;
  private final long lengthBytes;
  private final PrimaryContext registrar;
  private int users = 1;

  private PinnedMemory(String what, long start, long lengthBytes, PrimaryContext registrar) {
    this.what = what;
    this.start = start;
    this.lengthBytes = lengthBytes;
    this.registrar = registrar;
  }

  long start() {
    return start;
  }

  long lengthBytes() {
    return lengthBytes;
  }

  /**
   * Registers memory, or counts one user more of registered memory that holds it.
   *
   * @throws IllegalArgumentException if it overlaps registered memory that does not hold it
   * @throws CudaException if the driver refuses
   */
  static PinnedMemory acquire(PrimaryContext context, String what, long start, long lengthBytes) {
    for (PinnedMemory known : ALL) {
      long from = start - known.start;
      if (from >= 0 && from <= known.lengthBytes - lengthBytes) {
        known.users++;
        return known;
      }
      if (from < known.lengthBytes && -from < lengthBytes) {
        throw new IllegalArgumentException(
            ("'%s' (%d bytes at 0x%x) overlaps '%s' (%d bytes at 0x%x), which is registered with"
                    + " CUDA: register the larger one first, or ranges that lie apart")
                .formatted(what, lengthBytes, start, known.what, known.lengthBytes, known.start));
      }
    }
    context.bind();
    int result =
        JCudaDriver.cuMemHostRegister(
            new AddressPointer().at(start), lengthBytes, PORTABLE | DEVICEMAP);
    if (result != CUresult.CUDA_SUCCESS) {
      throw refused(result, what, start, lengthBytes, context);
    }
    PinnedMemory pinned = new PinnedMemory(what, start, lengthBytes, context);
    context.retain();
    ALL.add(pinned);
    return pinned;
  }

  /**
   * Counts one user less; the last one unregisters the memory.
   *
   * @throws CudaException if the driver refuses; the memory may then stay pinned
   */
  void release() {
    if (--users > 0) {
      return;
    }
    ALL.remove(this);
    Failures failures = new Failures();
    failures.run(registrar::bind);
    failures.run(
        () ->
            registrar.require(
                JCudaDriver.cuMemHostUnregister(new AddressPointer().at(start)),
                "unregistering '%s' (%d bytes at 0x%x)".formatted(what, lengthBytes, start)));
    failures.run(registrar::release);
    failures.throwFirst();
  }

  private static CudaException refused(
      int result, String what, long start, long lengthBytes, PrimaryContext context) {
    String doing = "registering '%s' (%d bytes at 0x%x)".formatted(what, lengthBytes, start);
    return switch (result) {
      case CUresult.CUDA_ERROR_OUT_OF_MEMORY ->
          new CudaException(
              result,
              doing,
              context.toString(),
              "the memory cannot be pinned, so raise the limit of locked memory"
                  + " (ulimit -l unlimited, or LimitMEMLOCK=infinity of the service) and that of"
                  + " the container or cgroup, or use a smaller model");
      case CUresult.CUDA_ERROR_NOT_PERMITTED, CUresult.CUDA_ERROR_OPERATING_SYSTEM ->
          new CudaException(
              result,
              doing,
              context.toString(),
              "this process may not pin it, so raise the limit of locked memory (ulimit -l"
                  + " unlimited) or give the container the capability IPC_LOCK");
      case CUresult.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED ->
          new CudaException(
              result,
              doing,
              context.toString(),
              "somebody else in this process has registered it, so let them unregister it first");
      default -> new CudaException(result, doing, context.toString());
    };
  }
}
