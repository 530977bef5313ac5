package dev.starling.bench;

import dev.starling.engine.fabric.ControlChannel;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.fabric.VerbsFabric;
import dev.starling.rdma.fabric.VerbsOptions;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Consumer;

/** The device of {@code rdma}'s tests, which carries out what is posted, inside this process. */
public final class FakeDevice {
  private static final Optional<String> UNAVAILABLE = load();

  private FakeDevice() {}

  private static Optional<String> load() {
    try {
      NoopVerbs.noop(false);
      return Ibverbs.isAvailable() ? Optional.empty() : Optional.of(Ibverbs.unavailableReason());
    } catch (ExceptionInInitializerError failure) {
      if (failure.getCause() instanceof UncheckedIOException notCompiled) {
        return Optional.of(notCompiled.getMessage());
      }
      throw failure;
    }
  }

  /** {@return why it cannot be used here, or empty when it can} */
  public static Optional<String> unavailableReason() {
    return UNAVAILABLE;
  }

  /** Opens the fabric on it. */
  public static Fabric open(ControlChannel channel, Consumer<String> tell) {
    return VerbsFabric.open(
        NoopVerbs.DEVICE,
        new VerbsOptions().gidIndex(NoopVerbs.GID_INDEX),
        channel,
        ShmFabric.DEFAULT_DIRECTORY,
        tell);
  }
}
