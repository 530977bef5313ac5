package dev.starling.rdma;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.engine.health.SystemFiles;
import dev.starling.rdma.device.Choice;
import dev.starling.rdma.device.DeviceChoice;
import dev.starling.rdma.device.DeviceProbe;
import dev.starling.rdma.device.DeviceWishes;
import dev.starling.rdma.fabric.VerbsFabric;
import dev.starling.rdma.fabric.VerbsOptions;
import java.util.Optional;

/**
 * Offers the verbs fabric to the engine: tells whether it can be used on this machine, chooses the
 * device, opens it.
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

  /**
   * Opens the fabric on the device that the options name, or else on the nearest one that is
   * usable.
   *
   * <p>Options: {@code device}, {@code port}, {@code gid-index}, {@code near} (PCI address of a
   * GPU), {@code pkey-index}, {@code service-level}, {@code traffic-class}, {@code queue-pairs},
   * {@code send-depth}, {@code piece-bytes}, {@code ack-timeout}, {@code retry-count}, {@code
   * read-depth}; see {@link VerbsOptions}.
   */
  @Override
  public Fabric open(FabricSettings settings) {
    OptionReader options = new OptionReader(settings.options());
    DeviceWishes wishes =
        DeviceWishes.none()
            .withDevice(options.text("device"))
            .withPort(options.number("port", 0))
            .withGidIndex(options.number("gid-index", -1))
            .withPkeyIndex(options.number("pkey-index", 0))
            .withNearPci(options.text("near"));
    VerbsOptions verbs =
        new VerbsOptions()
            .pkeyIndex(wishes.pkeyIndex())
            .serviceLevel(options.number("service-level", 0))
            .trafficClass(options.number("traffic-class", 0))
            .queuePairs(options.number("queue-pairs", VerbsOptions.QUEUE_PAIRS_DEFAULT))
            .sendDepth(options.number("send-depth", VerbsOptions.SEND_DEPTH_DEFAULT))
            .pieceBytes(options.number("piece-bytes", (int) VerbsOptions.PIECE_BYTES_DEFAULT))
            .ackTimeout(options.number("ack-timeout", VerbsOptions.ACK_TIMEOUT_DEFAULT))
            .retryCount(options.number("retry-count", VerbsOptions.RETRY_COUNT_DEFAULT))
            .readDepth(options.number("read-depth", VerbsOptions.READ_DEPTH_DEFAULT))
            .reserveFourthPlane(settings.sharesHost());
    options.requireAllKnown();
    Choice choice = DeviceChoice.choose(wishes, files, probe);
    settings.tell().accept(choice.reason());
    return VerbsFabric.open(
        choice.device(),
        verbs.port(choice.port()).gidIndex(choice.gidIndex()),
        settings.channel(),
        settings.directory(),
        settings.tell());
  }
}
