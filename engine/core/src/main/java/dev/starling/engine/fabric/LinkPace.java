package dev.starling.engine.fabric;

import dev.starling.engine.ConfigurationException;
import java.util.Map;

/**
 * How fast the links of an emulated network are: every worker has one, which sends and receives at
 * the same time.
 *
 * @param bytesPerSecond what a link of factor 1 carries each way, above 0
 * @param latencyNs what an operation takes besides its bytes, from the post to the completion, in
 *     nanoseconds
 * @param factors by rank, how many times longer a byte takes on the link of a worker, from 1; who
 *     is not named has 1
 */
public record LinkPace(double bytesPerSecond, long latencyNs, Map<Integer, Double> factors) {
  private static final double NS_PER_S = 1e9;
  private static final double MAX_BYTES_PER_SECOND = 1e15;
  private static final double MAX_FACTOR = 1e5;

  /**
   * Checks the values.
   *
   * @throws ConfigurationException names the value that is out of range
   */
  public LinkPace {
    ConfigurationException.requireRange(
        "bytes per second of a link", bytesPerSecond, 1, MAX_BYTES_PER_SECOND);
    ConfigurationException.requireRange("latency of a link in ns", latencyNs, 0, 10_000_000_000L);
    factors = Map.copyOf(factors);
    factors.forEach(
        (rank, factor) ->
            ConfigurationException.requireRange(
                "the factor of the link of rank " + rank, factor, 1, MAX_FACTOR));
  }

  /**
   * Returns how long bytes keep a link busy.
   *
   * @param rank whose link
   * @param lengthBytes how many
   * @return nanoseconds, rounded up
   */
  long busyNs(int rank, long lengthBytes) {
    return (long) Math.ceil(lengthBytes * factor(rank) * NS_PER_S / bytesPerSecond);
  }

  /**
   * Returns how many times longer a byte takes on a worker's link.
   *
   * @param rank the worker
   * @return from 1
   */
  public double factor(int rank) {
    return factors.getOrDefault(rank, 1.0);
  }

  @Override
  public String toString() {
    return "%s Gbit/s and %s us%s"
        .formatted(
            bytesPerSecond * 8 / NS_PER_S,
            latencyNs / 1e3,
            factors.isEmpty() ? "" : ", slower by rank=factor " + factors);
  }
}
