package dev.starling.rdma;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Tells the engine whether verbs can be used; in this version they never can, and the reason says
 * why.
 */
public final class VerbsFabricProvider implements FabricProvider {
  private final Path sysfs;

  /** Creates the provider for this machine; called by the service loader. */
  public VerbsFabricProvider() {
    this(RdmaDevice.SYSFS);
  }

  VerbsFabricProvider(Path sysfs) {
    this.sysfs = sysfs;
  }

  @Override
  public String name() {
    return "verbs";
  }

  @Override
  public Optional<String> unavailableReason() {
    List<RdmaDevice> devices = RdmaDevice.list(sysfs);
    if (devices.isEmpty()) {
      return Optional.of("this machine has no RDMA device (" + sysfs + " lists none)");
    }
    String names =
        devices.stream()
            .map(device -> device.name() + " with " + device.activePorts() + " active ports")
            .collect(Collectors.joining(", "));
    return Optional.of("this version has no verbs fabric yet, although the machine has " + names);
  }

  @Override
  public Fabric open() {
    throw new StarlingException(
        "the fabric verbs cannot be opened: "
            + unavailableReason().orElseThrow()
            + "; use the fabric shm");
  }
}
