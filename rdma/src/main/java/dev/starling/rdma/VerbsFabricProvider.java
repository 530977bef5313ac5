package dev.starling.rdma;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.health.SystemFiles;
import dev.starling.rdma.device.DeviceChoice;
import dev.starling.rdma.device.DeviceProbe;
import dev.starling.rdma.device.DeviceWishes;
import java.util.Optional;

/**
 * Tells the engine whether verbs can be used; in this version they never can, and the reason says
 * why.
 */
public final class VerbsFabricProvider implements FabricProvider {
  private final SystemFiles files;
  private final DeviceProbe probe;

  /** Creates the provider for this machine; called by the service loader. */
  public VerbsFabricProvider() {
    this(SystemFiles.HOST, DeviceProbe.VERBS);
  }

  VerbsFabricProvider(SystemFiles files, DeviceProbe probe) {
    this.files = files;
    this.probe = probe;
  }

  @Override
  public String name() {
    return "verbs";
  }

  @Override
  public Optional<String> unavailableReason() {
    try {
      DeviceChoice.choose(DeviceWishes.none(), files, probe);
      return Optional.empty();
    } catch (StarlingException noneUsable) {
      return Optional.of(noneUsable.getMessage());
    }
  }

  @Override
  public Fabric open() {
    throw new StarlingException(
        "the fabric verbs cannot be opened: "
            + unavailableReason().orElseThrow()
            + "; use the fabric shm");
  }
}
