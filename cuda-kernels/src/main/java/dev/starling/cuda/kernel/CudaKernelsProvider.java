package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaDevice;
import dev.starling.cuda.CudaDriver;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.KernelsProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Brings the GPUs of this machine to the engine, under the name {@code cuda}. Settings: {@code
 * placement} ({@code auto}, {@code mapped} or {@code staged}) and {@code devices} (for example
 * {@code 0:2}; all by default).
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

  /** A machine with neither a device nor its library hears that, not which library it lacks. */
  @Override
  public Optional<String> unavailableReason() {
    return driverReason
        .get()
        .map(
            reason ->
                isListed() || CudaDriver.isInstalled()
                    ? reason
                    : "this machine has no NVIDIA device (" + listing + " lists none)");
  }

  /** Where the driver lists its devices may be hidden from a container; that is no failure. */
  private boolean isListed() {
    try {
      return !CudaDevice.list(listing).isEmpty();
    } catch (StarlingException unreadable) {
      return true;
    }
  }

  /**
   * Takes the devices of this process.
   *
   * @param settings {@code placement} and {@code devices}; empty for the defaults
   * @return opens the kernels of each worker
   * @throws StarlingException if no device can be used, with the reason
   * @throws dev.starling.engine.ConfigurationException if a setting is unknown or out of range
   */
  @Override
  public CudaKernelsFactory open(Map<String, String> settings) {
    unavailableReason()
        .ifPresent(
            reason -> {
              throw new StarlingException(
                  "the CUDA kernels cannot be opened: " + reason + "; otherwise use the CPU");
            });
    int present = CudaDriver.deviceCount();
    return new CudaKernelsFactory(CudaSettings.of(settings, present), present);
  }
}
