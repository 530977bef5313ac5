package dev.starling.bench.perf;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Where both ends of a measurement are, and how one reaches the other. */
final class EndOptions {
  private static final int RANKS = 2;
  private static final double MAX_GATHER_SECONDS = 86_400;
  private static final int MAX_GID_INDEX = 65_535;

  @Option(
      names = "--fabric",
      paramLabel = "shm|verbs",
      description = "Shared memory, or an RDMA device. Default: ${DEFAULT-VALUE}.")
  private String fabric = ShmFabric.NAME;

  @Option(
      names = "--processes",
      description =
          "Have the passive end in a second process instead of this one (shared memory only).")
  private boolean processes;

  @Option(
      names = "--rdma-device",
      paramLabel = "NAME",
      description =
          "The RDMA device, for instance mlx5_0. Default: the usable one nearest to this process"
              + " ('starling doctor' lists them).")
  private String rdmaDevice;

  @Option(
      names = "--gid-index",
      paramLabel = "N",
      description = "Which address of the RDMA port. Default: RoCE v2 with an IPv4 address.")
  private Integer gidIndex;

  @Option(
      names = "--verbs",
      paramLabel = "NAME=VALUE",
      split = ",",
      description =
          "More about the device: port, pkey-index, service-level, traffic-class, queue-pairs,"
              + " send-depth, piece-bytes, ack-timeout, retry-count, read-depth. Default: those of"
              + " 'starling train'.")
  private Map<String, String> verbs = new TreeMap<>();

  @Option(
      names = "--rank",
      paramLabel = "R",
      description =
          "0 measures, 1 is passive and ends with rank 0; start both with the same options. With"
              + " --fabric verbs. Default: both ends are in one process.")
  private Integer rank;

  @Option(
      names = "--world-size",
      paramLabel = "2",
      description = "The number of ranks. Default: what a launcher tells.")
  private Integer worldSize;

  @Option(
      names = "--master",
      paramLabel = "HOST:PORT",
      description = "Where rank 0 listens. Default: what a launcher tells.")
  private String master;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "The secret of both ranks, in a file that only its owner can read; needed between hosts."
              + " Default: what the environment variable STARLING_JOB_TOKEN holds, or the file that"
              + " STARLING_JOB_TOKEN_FILE names.")
  private Path tokenFile;

  @Option(
      names = "--gather-seconds",
      paramLabel = "S",
      description =
          "How long the ranks wait for each other at the start, 0.1 to 86400. Default:"
              + " ${DEFAULT-VALUE}.")
  private double gatherSeconds = 60;

  /** Checks what can be checked at once. */
  void check() {
    if (!fabric.equals(ShmFabric.NAME) && !isVerbs()) {
      throw new ConfigurationException(
          "--fabric=" + fabric + " is unknown: choose one of shm, verbs");
    }
    ConfigurationException.requireRange("--gather-seconds", gatherSeconds, 0.1, MAX_GATHER_SECONDS);
    if (gidIndex != null) {
      ConfigurationException.requireRange("--gid-index", gidIndex, 0, MAX_GID_INDEX);
    }
    if (processes && isVerbs()) {
      throw new ConfigurationException(
          "--processes is for --fabric shm: start two ranks with --rank, --world-size 2 and"
              + " --master");
    }
    if (!isVerbs() && (rank != null || worldSize != null || master != null)) {
      throw new ConfigurationException(
          "--rank, --world-size and --master are for --fabric verbs: use --processes");
    }
  }

  boolean isVerbs() {
    return fabric.equals(VerbsOpener.NAME);
  }

  boolean processes() {
    return processes;
  }

  Path tokenFile() {
    return tokenFile;
  }

  long gatherNs() {
    return (long) (gatherSeconds * 1e9);
  }

  /**
   * Finds this process's place.
   *
   * @return its rank, empty when both ends are in this process or in one that it starts
   */
  Optional<LaunchEnvironment> place() {
    if (!isVerbs()) {
      return Optional.empty();
    }
    Optional<LaunchEnvironment> place =
        LaunchEnvironment.detect(
            System.getenv(), new LaunchEnvironment.Flags(rank, worldSize, null, master));
    place.ifPresent(
        given -> {
          if (given.worldSize() != RANKS) {
            throw new ConfigurationException(
                "--world-size=%d: a measurement has 2 ranks, rank 0 measures and rank 1 is passive"
                    .formatted(given.worldSize()));
          }
        });
    return place;
  }

  /** {@return the options of the fabric by name} */
  Map<String, String> fabricOptions() {
    Map<String, String> all = new TreeMap<>(verbs);
    if (rdmaDevice != null) {
      all.put("device", rdmaDevice);
    }
    if (gidIndex != null) {
      all.put("gid-index", gidIndex.toString());
    }
    return all;
  }
}
