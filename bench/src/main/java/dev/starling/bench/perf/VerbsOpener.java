package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.engine.fabric.ShmFabric;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/** Opens the fabric between hosts. */
@FunctionalInterface
interface VerbsOpener {
  /** The fabric's name. */
  String NAME = "verbs";

  /** Takes the fabric that the class path offers. */
  VerbsOpener INSTALLED = VerbsOpener::openInstalled;

  /**
   * Opens the fabric.
   *
   * @param options its options by name
   * @param channel how the ends talk before they are connected
   * @param tell takes sentences for people
   * @return the fabric, owned by the caller
   * @throws StarlingException when the machine has no device that can be used
   */
  Fabric open(Map<String, String> options, ControlChannel channel, Consumer<String> tell);

  private static Fabric openInstalled(
      Map<String, String> options, ControlChannel channel, Consumer<String> tell) {
    for (FabricProvider provider : ServiceLoader.load(FabricProvider.class)) {
      if (provider.name().equals(NAME)) {
        provider.unavailableReason().ifPresent(VerbsOpener::refuse);
        return provider.open(
            new FabricSettings(channel, ShmFabric.DEFAULT_DIRECTORY, false, options, tell));
      }
    }
    throw new StarlingException(
        "the fabric verbs is not on the class path: build the module rdma, or use --fabric shm");
  }

  private static void refuse(String reason) {
    throw new StarlingException(
        "the fabric verbs cannot be used: " + reason + "; 'starling doctor' tells more");
  }
}
