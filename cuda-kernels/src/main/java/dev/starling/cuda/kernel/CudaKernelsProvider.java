package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaDevice;
import dev.starling.cuda.CudaDriver;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.KernelsFactory;
import dev.starling.engine.kernel.KernelsProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Brings the GPUs of this machine to the engine, under the name {@code cuda}. Settings: {@code
 * placement} ({@code auto}, {@code mapped} or {@code staged}) and {@code devices} (for example
 * {@code 0,2}; all by default).
 */
public final class CudaKernelsProvider implements KernelsProvider {
  private final Path listing;
  private final Supplier<Optional<String>> driverReason;

  /** Creates the provider for this machine; called by the service loader. */
  public CudaKernelsProvider() {
    this(CudaDevice.DRIVER, CudaDriver::unavailableReason);
  }

  CudaKernelsProvider(Path listing, Supplier<Optional<String>> driverReason) {
    this.listing = listing;
    this.driverReason = driverReason;
  }

  @Override
  public String name() {
    return "cuda";
  }

  /** A machine without a device hears that, not which library it lacks. */
  @Override
  public Optional<String> unavailableReason() {
    return driverReason
        .get()
        .map(reason -> isListed() ? reason : "this machine has no NVIDIA device: " + reason);
  }

  /** Where the driver lists its devices may be hidden from a container; that is no failure. */
  private boolean isListed() {
    try {
      return !CudaDevice.list(listing).isEmpty();
    } catch (StarlingException unreadable) {
      return true;
    }
  }

  @Override
  public KernelsFactory open(Map<String, String> settings) {
    unavailableReason()
        .ifPresent(
            reason -> {
              throw new StarlingException(
                  "the CUDA kernels cannot be opened: " + reason + "; or use the CPU");
            });
    int present = CudaDriver.deviceCount();
    return new CudaKernelsFactory(CudaSettings.of(settings, present), present);
  }
}
