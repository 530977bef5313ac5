package dev.starling.cli.train;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.cluster.ClusterBoard;
import dev.starling.engine.cluster.LinkChannel;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricProvider;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.rendezvous.ControlLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/** Decides how the ranks of a job reach each other, alike on every rank, and opens that fabric. */
final class FabricChoice {
  private FabricChoice() {}

  /**
   * Opens the fabric of a job whose ranks have told where they are.
   *
   * @param options what was asked for
   * @param link the link to the other ranks
   * @param workers how many ranks the job has
   * @param shared the regions of this host
   * @param tell takes the reason of the choice
   * @return the fabric; {@code shared} itself, or another one that the caller closes
   */
  static Fabric open(
      TrainOptions options,
      ControlLink link,
      int workers,
      ShmFabric shared,
      Consumer<String> tell) {
    String wanted = options.launch.fabric;
    List<Integer> elsewhere = elsewhere(link, workers);
    Optional<String> inUse = ClusterBoard.fabricInUse(link, workers);
    String name =
        wanted.equals(LaunchOptions.AUTO)
            ? inUse.orElse(elsewhere.isEmpty() ? ShmFabric.NAME : firstOther())
            : wanted;
    if (inUse.isPresent() && !inUse.get().equals(name)) {
      throw new ConfigurationException(
          "--fabric=%s, but the job uses %s already: start every rank with the same options"
              .formatted(wanted, inUse.get()));
    }
    if (name.equals(ShmFabric.NAME)) {
      requireOneHost(elsewhere);
      tell.accept("fabric shm: all ranks are on this host");
      return shared;
    }
    FabricProvider provider = provider(name);
    provider
        .unavailableReason()
        .ifPresent(
            reason -> {
              throw new ConfigurationException(
                  "the fabric %s cannot be used: %s; 'starling doctor' tells more"
                      .formatted(name, reason));
            });
    tell.accept(
        "fabric %s: %s"
            .formatted(
                name,
                wanted.equals(LaunchOptions.AUTO)
                    ? "ranks " + elsewhere + " are on other hosts"
                    : "asked for"));
    return provider.open(
        new FabricSettings(
            new LinkChannel(link),
            options.directory,
            elsewhere.size() + 1 < workers,
            options.launch.fabricOptions(),
            tell));
  }

  private static List<Integer> elsewhere(ControlLink link, int workers) {
    List<Integer> ranks = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      if (rank != link.rank() && !link.isColocated(rank)) {
        ranks.add(rank);
      }
    }
    return ranks;
  }

  private static void requireOneHost(List<Integer> elsewhere) {
    if (!elsewhere.isEmpty()) {
      throw new ConfigurationException(
          "the fabric shm reaches ranks of one host, and ranks "
              + elsewhere
              + " are on other hosts or have not come: use --fabric verbs, or raise"
              + " --gather-seconds");
    }
  }

  private static Iterable<FabricProvider> providers() {
    return ServiceLoader.load(FabricProvider.class);
  }

  private static String firstOther() {
    for (FabricProvider provider : providers()) {
      return provider.name();
    }
    throw new ConfigurationException(
        "the ranks are on several hosts and no fabric between hosts is on the class path: add the"
            + " module starling-rdma");
  }

  private static FabricProvider provider(String name) {
    List<String> names = new ArrayList<>(List.of(LaunchOptions.AUTO, ShmFabric.NAME));
    for (FabricProvider provider : providers()) {
      if (provider.name().equals(name)) {
        return provider;
      }
      names.add(provider.name());
    }
    throw new ConfigurationException(
        "--fabric=" + name + " is unknown: choose one of " + String.join(", ", names));
  }
}
