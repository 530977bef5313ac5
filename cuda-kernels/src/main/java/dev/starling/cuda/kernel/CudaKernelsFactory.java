package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.engine.kernel.KernelsFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Opens kernels on the devices of this process, the worker with local rank {@code r} on device
 * {@code r mod n} of {@code n}. Safe from any thread.
 */
public final class CudaKernelsFactory implements KernelsFactory {
  private final CudaSettings settings;
  private final int present;

  /**
   * What {@link #description} has found of each device, by its place among those of the settings.
   */
  private final Map<Integer, String> descriptions = new HashMap<>();

  /**
   * Makes a factory.
   *
   * @param settings which devices, and how memory of the host is reached
   * @param present devices that the driver shows
   */
  CudaKernelsFactory(CudaSettings settings, int present) {
    this.settings = settings;
    this.present = present;
  }

  /**
   * Says which devices compute and how the one of a worker reaches memory of the host. Asked for
   * the first time it takes that device for a moment, and measures it unless that has been done or
   * the placement is set.
   *
   * @param rank the worker's rank among those of this host
   * @return for example {@code "CUDA, NVIDIA H200 (device 0 of 8), kernels over mapped host memory
   *     (48.1 GB/s; staged 41.0 GB/s)"}
   */
  @Override
  public synchronized String description(int rank) {
    return descriptions.computeIfAbsent(rank % settings.devices().size(), this::describe);
  }

  private String describe(int index) {
    List<Integer> devices = settings.devices();
    try (CudaContext context = CudaContext.open(devices.get(index))) {
      String which =
          devices.size() == 1
              ? "device " + devices.getFirst()
              : "devices "
                  + devices.stream().map(String::valueOf).collect(Collectors.joining(", "));
      return describe(context, which);
    }
  }

  /**
   * Opens the kernels of one worker. Measures the device, unless that has been done or the
   * placement is set.
   *
   * @param rank the worker's rank among those of this host
   * @return kernels that the caller closes
   * @throws dev.starling.engine.StarlingException if the device cannot be used, with the reason
   */
  @Override
  public CudaKernels open(int rank) {
    List<Integer> devices = settings.devices();
    CudaContext context = CudaContext.open(devices.get(rank % devices.size()));
    PlacementKind kind;
    String description;
    try {
      kind = settings.placement().orElseGet(() -> PlacementProbe.rates(context).faster());
      description = describe(context, "device " + context.ordinal());
    } catch (RuntimeException failed) {
      try {
        context.close();
      } catch (RuntimeException second) {
        failed.addSuppressed(second);
      }
      throw failed;
    }
    return new CudaKernels(context, kind, description);
  }

  private String describe(CudaContext context, String which) {
    String how =
        settings
            .placement()
            .map(kind -> kind.description() + " (as set)")
            .orElseGet(() -> PlacementProbe.rates(context).description());
    return "CUDA, %s (%s of %d), %s".formatted(context.deviceName(), which, present, how);
  }
}
