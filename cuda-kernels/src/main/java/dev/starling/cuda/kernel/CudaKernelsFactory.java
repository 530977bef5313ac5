package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.engine.kernel.KernelsFactory;
import java.util.List;
import java.util.stream.Collectors;

/** Opens kernels on the devices of this process. Safe from any thread. */
final class CudaKernelsFactory implements KernelsFactory {
  private final CudaSettings settings;
  private final int present;

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

  /** Measures the first device, unless that has been done or the placement is set. */
  @Override
  public String description() {
    List<Integer> devices = settings.devices();
    try (CudaContext context = CudaContext.open(devices.getFirst())) {
      String which =
          devices.size() == 1
              ? "device " + devices.getFirst()
              : "devices "
                  + devices.stream().map(String::valueOf).collect(Collectors.joining(", "));
      return describe(context, which);
    }
  }

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
