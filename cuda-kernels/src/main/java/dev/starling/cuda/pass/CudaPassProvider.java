package dev.starling.cuda.pass;

import dev.starling.cuda.CudaDriver;
import dev.starling.cuda.DeviceSettings;
import dev.starling.engine.StarlingException;
import dev.starling.models.Model;
import dev.starling.models.Pass;
import dev.starling.models.PassFactory;
import dev.starling.models.PassProvider;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Computes softmax and mlp on the GPUs of this machine. Settings: {@code devices}, as for the
 * kernels, and {@code matrix=auto|cublas|tiled}, or the system property {@code
 * starling.cuda.matrix}; {@code auto} takes cuBLAS where it can be loaded. Only the tiled kernels
 * give the CPU's bits in the products.
 */
public final class CudaPassProvider implements PassProvider {
  /** Far more than a step takes: the bound is there for a device that has died. */
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

  /** Called by the service loader. */
  public CudaPassProvider() {}

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public Optional<String> unavailableReason() {
    return CudaDriver.unavailableReason();
  }

  @Override
  public PassFactory open(Map<String, String> settings) {
    unavailableReason()
        .ifPresent(
            reason -> {
              throw new StarlingException(
                  "the models cannot be computed on a GPU: " + reason + "; or use the CPU");
            });
    ProductsChoice choice = ProductsChoice.of(settings, CublasLibrary::unavailableReason);
    return new Factory(DeviceSettings.devices(settings, CudaDriver.deviceCount()), choice);
  }

  /**
   * Opens passes.
   *
   * @param devices the driver's numbers of those to use
   * @param choice who computes the products
   */
  private record Factory(List<Integer> devices, ProductsChoice choice) implements PassFactory {
    @Override
    public String description() {
      String numbers = devices.stream().map(String::valueOf).collect(Collectors.joining(", "));
      return "CUDA device%s %s, products by %s"
          .formatted(devices.size() == 1 ? "" : "s", numbers, choice.reason());
    }

    @Override
    public Pass open(Model model, int maxBatch, int localRank) {
      if (localRank < 0) {
        throw new IllegalArgumentException("the local rank is " + localRank + "; it counts from 0");
      }
      return new CudaPass(
          model, maxBatch, devices.get(localRank % devices.size()), choice, LIMIT_NS);
    }
  }
}
