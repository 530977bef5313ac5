package dev.starling.cuda;

import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.KernelsFactory;
import dev.starling.engine.kernel.KernelsProvider;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells the engine whether a GPU can compute; in this version none can, and the reason says why.
 */
public final class CudaKernelsProvider implements KernelsProvider {
  private final Path driver;

  /** Creates the provider for this machine; called by the service loader. */
  public CudaKernelsProvider() {
    this(CudaDevice.DRIVER);
  }

  CudaKernelsProvider(Path driver) {
    this.driver = driver;
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public Optional<String> unavailableReason() {
    List<CudaDevice> devices = CudaDevice.list(driver);
    if (devices.isEmpty()) {
      return Optional.of("this machine has no NVIDIA device (" + driver + " lists none)");
    }
    return Optional.of(
        "this version has no CUDA kernels yet, although the machine has "
            + devices.size()
            + " x "
            + devices.getFirst().model());
  }

  @Override
  public KernelsFactory open(Map<String, String> settings) {
    throw new StarlingException(
        "the CUDA kernels cannot be opened: "
            + unavailableReason().orElseThrow()
            + "; use the CPU");
  }
}
