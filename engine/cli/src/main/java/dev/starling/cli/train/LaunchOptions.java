package dev.starling.cli.train;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import dev.starling.engine.rendezvous.LinkLimits;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/**
 * Where this process belongs in a job whose ranks were started one by one, and how they reach each
 * other. All open: a job of this process, or of the processes that it starts.
 */
final class LaunchOptions {
  static final String AUTO = "auto";
  static final String SHM = "shm";
  private static final double MAX_GATHER_SECONDS = 86_400;
  private static final double MAX_SILENCE_SECONDS = 3_600;

  @Option(
      names = "--fabric",
      paramLabel = "auto|shm|verbs",
      description =
          "How workers reach each other's replicas: shared memory on one host, RDMA verbs between"
              + " hosts; auto takes shared memory when all ranks are on one host. Default:"
              + " ${DEFAULT-VALUE}.")
  String fabric = AUTO;

  @Option(
      names = "--rdma-device",
      paramLabel = "NAME",
      description =
          "The RDMA device, for instance mlx5_0. Default: the usable one nearest to this process"
              + " ('starling doctor' lists them).")
  String rdmaDevice;

  @Option(
      names = "--gid-index",
      paramLabel = "N",
      description = "Which address of the RDMA port. Default: RoCE v2 with an IPv4 address.")
  Integer gidIndex;

  @Option(
      names = "--verbs",
      paramLabel = "NAME=VALUE",
      split = ",",
      description =
          "More about the device: port, near (a GPU's PCI address), pkey-index, service-level,"
              + " traffic-class, queue-pairs, send-depth, piece-bytes, ack-timeout, retry-count,"
              + " read-depth. Default: what 'starling doctor' and the first lines of a run say.")
  Map<String, String> verbs = new TreeMap<>();

  @Option(
      names = "--rank",
      paramLabel = "R",
      description =
          "The rank of this process. Default: what the launcher (torchrun, Slurm, MPI, Kubernetes)"
              + " tells.")
  Integer rank;

  @Option(
      names = "--world-size",
      paramLabel = "N",
      description = "The number of ranks. Default: what the launcher tells.")
  Integer worldSize;

  @Option(
      names = "--local-rank",
      paramLabel = "L",
      description = "This process among those of its host. Default: what the launcher tells.")
  Integer localRank;

  @Option(
      names = "--master",
      paramLabel = "HOST:PORT",
      description = "Where rank 0 listens. Default: what the launcher tells.")
  String master;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "The job's secret, in a file that only its owner can read; needed when the ranks are on"
              + " several hosts. Default: what the environment variable STARLING_JOB_TOKEN holds,"
              + " or the file that STARLING_JOB_TOKEN_FILE names.")
  Path tokenFile;

  @Option(
      names = "--gather-seconds",
      paramLabel = "S",
      description =
          "How long ranks wait for each other at the start before they begin without those that"
              + " are missing, 0.1 to 86400. Default: ${DEFAULT-VALUE}.")
  double gatherSeconds = 60;

  @Option(
      names = "--silence-seconds",
      paramLabel = "S",
      description =
          "After how long a silence a rank counts as dead, 1 to 3600; one whose process ends is"
              + " noticed at once. Raise it where ranks starve each other of processors. Default:"
              + " ${DEFAULT-VALUE}.")
  double silenceSeconds = LinkLimits.DEAD_AFTER_NS_DEFAULT / 1e9;

  /** Checks what can be checked at once. */
  void check() {
    ConfigurationException.requireRange("--gather-seconds", gatherSeconds, 0.1, MAX_GATHER_SECONDS);
    ConfigurationException.requireRange(
        "--silence-seconds", silenceSeconds, 1, MAX_SILENCE_SECONDS);
    if (gidIndex != null) {
      ConfigurationException.requireRange("--gid-index", gidIndex, 0, 65_535);
    }
  }

  /**
   * Finds this process's place.
   *
   * @param environment its environment variables
   * @return the place, empty for a job that this process runs alone
   */
  Optional<LaunchEnvironment> place(Map<String, String> environment) {
    Optional<LaunchEnvironment> place =
        LaunchEnvironment.detect(
            environment, new LaunchEnvironment.Flags(rank, worldSize, localRank, master));
    if (place.isEmpty() && !fabric.equals(AUTO) && !fabric.equals(SHM)) {
      throw new ConfigurationException(
          "--fabric="
              + fabric
              + " is for jobs whose ranks are started one by one: start them by torchrun, srun,"
              + " mpirun or a Kubernetes job, or give --rank, --world-size and --master");
    }
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
