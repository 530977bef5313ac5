package dev.starling.engine.sim;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.PairingTable;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Reads models and counters of all workers between two events. */
final class ScaleGauge {
  private final ScaleProblem problem;
  private final ReplicaLayout layout;
  private final List<ScaleRank> ranks;
  private final float[] model = new float[ScaleProblem.PARAMETERS];
  private long appliedBefore;
  private long stalenessBefore;

  ScaleGauge(ScaleProblem problem, ReplicaLayout layout, List<ScaleRank> ranks) {
    this.problem = problem;
    this.layout = layout;
    this.ranks = ranks;
  }

  private float[] published(ScaleRank rank) {
    Replica replica = rank.worker().replica();
    long offset = layout.planeOffset(0, LockWord.current(replica.lockWord(0)));
    MemorySegment.copy(replica.segment(), ValueLayout.JAVA_FLOAT, offset, model, 0, model.length);
    return model;
  }

  /** {@return a number that is equal for equal models of all workers} */
  long modelHash() {
    long hash = 17;
    for (ScaleRank rank : ranks) {
      hash = hash * 31 + Arrays.hashCode(published(rank));
    }
    return hash;
  }

  private float[] average() {
    double[] sum = new double[ScaleProblem.PARAMETERS];
    for (ScaleRank rank : ranks) {
      float[] one = published(rank);
      for (int i = 0; i < one.length; i++) {
        sum[i] += one[i];
      }
    }
    float[] average = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      average[i] = (float) (sum[i] / ranks.size());
    }
    return average;
  }

  private double distance(float[] average) {
    double distances = 0;
    for (ScaleRank rank : ranks) {
      float[] one = published(rank);
      double squared = 0;
      for (int i = 0; i < one.length; i++) {
        double apart = one[i] - average[i];
        squared += apart * apart;
      }
      distances += Math.sqrt(squared / one.length);
    }
    return distances / ranks.size();
  }

  /** Looks at everything at the end of an epoch. */
  ScaleEpoch read(int epoch, long nowNs) {
    float[] average = average();
    ScaleProblem.Quality quality = problem.quality(average);
    long applied = sum(Counter.GRADIENTS_APPLIED);
    long staleness = sum(Counter.STALENESS_SUM);
    double mean = ratio(staleness - stalenessBefore, applied - appliedBefore);
    appliedBefore = applied;
    stalenessBefore = staleness;
    return new ScaleEpoch(
        epoch, nowNs, quality.loss(), quality.accuracy(), distance(average), mean);
  }

  private long sum(Counter counter) {
    return ranks.stream().mapToLong(rank -> rank.count(counter)).sum();
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  ScaleReport report(
      ScaleOptions options,
      NetworkModel network,
      Topology topology,
      List<ScaleEpoch> epochs,
      long virtualNs,
      long events,
      long traceHash) {
    ScaleRank slowed = ranks.get(options.slowRank());
    long maxOfOthers = 0;
    long alone = 0;
    long together = 0;
    int initiators = 0;
    for (ScaleRank rank : ranks) {
      if (topology.initiates(rank.worker().rank())) {
        initiators++;
        alone += rank.count(Counter.STEPS);
        together += rank.count(Counter.EXCHANGES);
      }
      if (rank != slowed) {
        maxOfOthers = Math.max(maxOfOthers, rank.count(Counter.STALENESS_MAX));
      }
    }
    long applied = sum(Counter.GRADIENTS_APPLIED);
    long submitted = sum(Counter.GRADIENTS_SUBMITTED);
    long ofSlowed = slowed.count(Counter.GRADIENTS_SUBMITTED);
    return new ScaleReport(
        options,
        List.copyOf(epochs),
        virtualNs,
        network.idealEpochNs(),
        network.ringAllReduceEpochNs(),
        applied,
        sum(Counter.EXCHANGES),
        ratio(alone, alone + together),
        initiators,
        ratio(sum(Counter.GRADIENTS_MERGED), submitted),
        ratio(sum(Counter.STALENESS_SUM), applied),
        Math.max(maxOfOthers, slowed.count(Counter.STALENESS_MAX)),
        maxOfOthers,
        sum(Counter.PARTNER_BUSY),
        sum(Counter.OWN_BUSY),
        sum(Counter.FENCES) + sum(Counter.EXCHANGES_TORN),
        ratio(submitted - ofSlowed, ranks.size() - 1),
        ofSlowed,
        exchangesOf(slowed),
        events,
        traceHash);
  }

  /** Counts the exchanges that a worker began, and those that others began with it. */
  private long exchangesOf(ScaleRank of) {
    int rank = of.worker().rank();
    long exchanges = of.count(Counter.EXCHANGES);
    for (ScaleRank other : ranks) {
      if (other != of) {
        exchanges += pairings(other).published(rank);
      }
    }
    return exchanges;
  }

  private PairingTable pairings(ScaleRank rank) {
    return new PairingTable(rank.worker().replica().segment(), layout.pairingsOffset());
  }
}
