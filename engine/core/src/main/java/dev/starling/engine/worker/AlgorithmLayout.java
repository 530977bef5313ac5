package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.ReplicaLayout;

/**
 * The layout of a job's replicas: stripes as they were asked for, or as the algorithm needs them.
 */
final class AlgorithmLayout {
  private static final long MIN_SHARD_BYTES = 4096;

  private AlgorithmLayout() {}

  /**
   * Lays out a model with stripes of equal length.
   *
   * @param algorithm the job's
   * @param workers how many there are
   * @param parameters of the model
   * @param stripeBytes the longest stripe; rounds have one, whatever its length
   * @return the layout
   */
  static ReplicaLayout of(Algorithm algorithm, int workers, long parameters, long stripeBytes) {
    return switch (algorithm) {
      case AD_PSGD -> ReplicaLayout.of(workers, parameters, stripeBytes);
      case ALLREDUCE -> ReplicaLayout.ofStripes(workers, parameters).withSharedGradients();
      case D_PSGD -> ReplicaLayout.ofStripes(workers, parameters);
      case A_PSGD -> {
        long longest = Math.min(stripeBytes, shardBytes(workers, parameters));
        yield ReplicaLayout.of(workers, parameters, longest).withHomes();
      }
    };
  }

  /**
   * Lays out a model with stripes that were given.
   *
   * @param algorithm the job's
   * @param workers how many there are
   * @param stripeParameters parameters of each stripe
   * @return the layout
   * @throws ConfigurationException when the algorithm averages the model as a whole
   */
  static ReplicaLayout ofStripes(Algorithm algorithm, int workers, long... stripeParameters) {
    ReplicaLayout asked = ReplicaLayout.ofStripes(workers, stripeParameters);
    if (algorithm.isSynchronous() && asked.stripes() > 1) {
      throw new ConfigurationException(
          ("the algorithm %s averages the model as a whole, but %d stripes were given: leave out"
                  + " stripes(...)")
              .formatted(algorithm, asked.stripes()));
    }
    return switch (algorithm) {
      case ALLREDUCE -> asked.withSharedGradients();
      case A_PSGD -> asked.withHomes();
      default -> asked;
    };
  }

  /** A shard for each worker, unless they would be tiny. */
  private static long shardBytes(int workers, long parameters) {
    long share = (parameters * Float.BYTES + workers - 1) / Math.max(1, workers);
    long line = ReplicaLayout.PLANE_ALIGNMENT;
    return Math.max(MIN_SHARD_BYTES, (share + line - 1) / line * line);
  }
}
