package dev.starling.engine.checkpoint;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a checkpoint file says about the rank whose state it holds.
 *
 * @param job which job the rank belongs to
 * @param rank the rank, or {@link #EVERY_RANK}
 * @param incarnation its incarnation
 * @param set the number of the set that the file belongs to
 * @param optimizerStep how many optimizer steps the rank has begun
 * @param versions how often each stripe had been published
 * @param stripeParameters the parameters in each stripe, as they follow each other in the model
 * @param timeNs wall time in ns since 1970 at which the copy was taken
 * @param config whatever else a reader may want to know, text by name
 */
public record RankCheckpoint(
    String job,
    int rank,
    int incarnation,
    long set,
    long optimizerStep,
    List<Long> versions,
    List<Long> stripeParameters,
    long timeNs,
    Map<String, String> config) {
  /** The rank of a state that all ranks begin with. */
  public static final int EVERY_RANK = -1;

  /** Most parameters of a model. */
  private static final long MAX_PARAMETERS = 1L << 42;

  /**
   * Checks the arguments.
   *
   * @param job which job the rank belongs to
   * @param rank the rank, or {@link #EVERY_RANK}
   * @param incarnation its incarnation, from 0
   * @param set the number of the set that the file belongs to, from 0
   * @param optimizerStep how many optimizer steps the rank has begun, from 0
   * @param versions how often each stripe had been published, none negative
   * @param stripeParameters the parameters in each stripe, as many stripes as versions, from 1 each
   * @param timeNs wall time in ns since 1970 at which the copy was taken, from 0
   * @param config whatever else a reader may want to know, text by name
   */
  public RankCheckpoint {
    versions = List.copyOf(versions);
    stripeParameters = List.copyOf(stripeParameters);
    config = Collections.unmodifiableMap(new TreeMap<>(config));
    require(rank >= EVERY_RANK, "rank", rank);
    require(incarnation >= 0, "incarnation", incarnation);
    require(set >= 0, "set", set);
    require(optimizerStep >= 0, "optimizer step", optimizerStep);
    require(timeNs >= 0, "time in ns", timeNs);
    versions.forEach(version -> require(version >= 0, "version", version));
    if (versions.isEmpty() || versions.size() != stripeParameters.size()) {
      throw new IllegalArgumentException(
          "a checkpoint of rank "
              + rank
              + " names "
              + versions.size()
              + " versions and "
              + stripeParameters.size()
              + " stripes: give each stripe one version, and at least one stripe");
    }
    long sum = 0;
    for (long parameters : stripeParameters) {
      require(
          parameters >= 1 && parameters <= MAX_PARAMETERS - sum, "length of a stripe", parameters);
      sum += parameters;
    }
  }

  private static void require(boolean right, String name, long value) {
    if (!right) {
      throw new IllegalArgumentException(
          "the " + name + " of a checkpoint is " + value + ", which is out of its range");
    }
  }

  /**
   * Returns the length of the model.
   *
   * @return the parameters in all stripes
   */
  public long parameterCount() {
    return stripeParameters.stream().mapToLong(Long::longValue).sum();
  }
}
