package dev.starling.cli.train;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.cluster.LinkChannel;
import dev.starling.engine.cluster.RollCall;
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
   * @param roll who is there
   * @param shared the regions of this host
   * @param tell takes the reason of the choice
   * @return the fabric; {@code shared} itself, or another one that the caller closes
   */
  static Fabric open(
      TrainOptions options,
      ControlLink link,
      RollCall roll,
      ShmFabric shared,
      Consumer<String> tell) {
    String wanted = options.launch.fabric;
    List<Integer> elsewhere = new ArrayList<>();
    List<Integer> missing = new ArrayList<>();
    for (int rank = 0; rank < roll.workers(); rank++) {
      if (!roll.isHere(rank)) {
        missing.add(rank);
      } else if (rank != roll.rank() && !roll.isColocated(rank)) {
        elsewhere.add(rank);
      }
    }
    Optional<String> inUse = roll.fabricInUse();
    String name =
        wanted.equals(LaunchOptions.AUTO)
            ? inUse.orElseGet(() -> choose(elsewhere, missing))
            : wanted;
    if (inUse.isPresent() && !inUse.get().equals(name)) {
      throw new ConfigurationException(
          "--fabric=%s, but the job uses %s already: start every rank with the same options"
              .formatted(wanted, inUse.get()));
    }
    if (name.equals(ShmFabric.NAME)) {
      requireOneHost(elsewhere);
      tell.accept("fabric shm: " + whyShared(missing, inUse.isPresent()));
      return shared;
    }
    FabricProvider provider = provider(name);
    provider.unavailableReason().ifPresent(reason -> refuse(name, reason));
    boolean chosen = wanted.equals(LaunchOptions.AUTO);
    tell.accept(
        "fabric %s: %s"
            .formatted(name, chosen ? whyOther(elsewhere, inUse.isPresent()) : "asked for"));
    boolean sharesHost = elsewhere.size() + 1 < roll.workers();
    return provider.open(
        new FabricSettings(
            new LinkChannel(link),
            options.directory,
            sharesHost,
            options.launch.fabricOptions(),
            tell));
  }

  private static void refuse(String name, String reason) {
    throw new ConfigurationException(
        "the fabric %s cannot be used: %s; 'starling doctor' tells more".formatted(name, reason));
  }

  /** Ranks that are not there yet may be anywhere: a fabric between hosts reaches them too. */
  private static String choose(List<Integer> elsewhere, List<Integer> missing) {
    if (!elsewhere.isEmpty()) {
      return firstOther();
    }
    for (FabricProvider provider : missing.isEmpty() ? List.<FabricProvider>of() : providers()) {
      if (provider.unavailableReason().isEmpty()) {
        return provider.name();
      }
    }
    return ShmFabric.NAME;
  }

  private static String whyShared(List<Integer> missing, boolean inUse) {
    if (inUse) {
      return "the job uses it already";
    }
    return missing.isEmpty()
        ? "all ranks are on this host"
        : "all ranks that have come are on this host; ranks "
            + missing
            + " can only join from here";
  }

  private static String whyOther(List<Integer> elsewhere, boolean inUse) {
    if (inUse) {
      return "the job uses it already";
    }
    return elsewhere.isEmpty()
        ? "some ranks have not come and may be on other hosts"
        : "ranks " + elsewhere + " are on other hosts";
  }

  private static void requireOneHost(List<Integer> elsewhere) {
    if (!elsewhere.isEmpty()) {
      throw new ConfigurationException(
          "the fabric shm reaches ranks of one host, and ranks "
              + elsewhere
              + " are on other hosts: start every rank with --fabric verbs");
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
