package dev.starling.bench.perf;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.fabric.Remote;
import picocli.CommandLine.Option;

/** How often, and whether latencies or a rate. */
final class RunOptions {
  /** Less than the versions of a lock word, by which locks and exchanges are counted. */
  static final long MAX_ITERATIONS = 100_000_000L;

  private static final int DEPTH_DEFAULT = 16;

  @Option(
      names = {"-n", "--iterations"},
      paramLabel = "N",
      description = "How often each size is measured. Default: ${DEFAULT-VALUE}.")
  private long iterations = 1000;

  @Option(
      names = {"-w", "--warm-up"},
      paramLabel = "N",
      description =
          "How often each size is done before. Default: what 2 s take before the first size, 0.2 s"
              + " before the others.")
  private Long warmUp;

  @Option(
      names = "--bandwidth",
      description = "Measure how much is moved in a second, not how long one operation takes.")
  private boolean bandwidth;

  @Option(
      names = "--depth",
      paramLabel = "N",
      description =
          "With --bandwidth, operations that are begun and not over, 1 to 64. Default: 16 for"
              + " lock, read and write, 1 for the others, which take no more.")
  private Integer depth;

  /**
   * Checks the options.
   *
   * @param maxDepth how many operations at a time the operation takes
   */
  void check(int maxDepth) {
    ConfigurationException.requireRange("--iterations", iterations, 1, MAX_ITERATIONS);
    if (warmUp != null) {
      ConfigurationException.requireRange("--warm-up", warmUp, 0, MAX_ITERATIONS);
    }
    if (depth != null) {
      if (!bandwidth) {
        throw new ConfigurationException(
            "--depth="
                + depth
                + " is for --bandwidth: a latency is that of one operation at a time");
      }
      ConfigurationException.requireRange("--depth", depth, 1, maxDepth);
    }
  }

  /** As many operations as any connection takes. */
  static int maxDepth() {
    return Remote.MAX_IN_FLIGHT;
  }

  long iterations() {
    return iterations;
  }

  /** {@return the exact number of operations to warm up with, or null for a time} */
  Long warmUp() {
    return warmUp;
  }

  boolean bandwidth() {
    return bandwidth;
  }

  /**
   * Returns how many operations are under way at a time.
   *
   * @param maxDepth how many the operation takes
   * @return 1 for latencies
   */
  int depth(int maxDepth) {
    if (!bandwidth) {
      return 1;
    }
    return depth == null ? Math.min(DEPTH_DEFAULT, maxDepth) : depth;
  }
}
