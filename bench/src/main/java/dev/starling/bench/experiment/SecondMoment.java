package dev.starling.bench.experiment;

import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.List;

/**
 * What the pairing of a graph makes of the distance between replicas, computed: the expected second
 * moments of the replicas about their average, exchange by exchange.
 *
 * <p>With {@code W = I - (e_i - e_j)(e_i - e_j)^T / 2} for the pair {@code (i, j)} of an exchange,
 * the moments {@code M = E[x x^T]} become {@code E[W M W]}. Pairs are drawn as in {@link
 * dev.starling.engine.topology.Mixing}: an initiating worker uniformly, then one of its neighbours.
 * At first the replicas are independent and equally far from their average.
 */
final class SecondMoment {
  private static final int MAX_EXCHANGES = 100_000;

  private final Topology topology;
  private final int n;
  private final double[] pairs;
  private double[] moments;
  private double[] next;

  /**
   * Begins before the first exchange.
   *
   * @param topology the graph
   */
  SecondMoment(Topology topology) {
    this.topology = topology;
    n = topology.workers();
    moments = new double[n * n];
    next = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        moments[i * n + j] = (i == j ? 1.0 : 0) - 1.0 / n;
      }
    }
    pairs = probabilities();
    double whole = squaredDistance();
    for (int i = 0; i < moments.length; i++) {
      moments[i] /= whole;
    }
  }

  /**
   * Computes how the expected squared distance falls.
   *
   * @param topology the graph
   * @param end where to stop
   * @return by exchanges, the first 1, the last at most {@code end} unless that takes too many
   */
  static double[] curve(Topology topology, double end) {
    SecondMoment moment = new SecondMoment(topology);
    List<Double> curve = new ArrayList<>(List.of(1.0));
    while (curve.getLast() > end && curve.size() <= MAX_EXCHANGES) {
      moment.exchange();
      curve.add(moment.squaredDistance());
    }
    return curve.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private double[] probabilities() {
    double[] probabilities = new double[n * n];
    int initiators = 0;
    for (int i = 0; i < n; i++) {
      initiators += topology.initiates(i) ? 1 : 0;
    }
    for (int i = 0; i < n; i++) {
      if (topology.initiates(i)) {
        int[] neighbours = topology.neighbours(i);
        for (int j : neighbours) {
          int low = Math.min(i, j);
          probabilities[low * n + Math.max(i, j)] += 1.0 / initiators / neighbours.length;
        }
      }
    }
    return probabilities;
  }

  /** {@return the expected squared distance from the average, 1 before the first exchange} */
  double squaredDistance() {
    double trace = 0;
    for (int i = 0; i < n; i++) {
      trace += moments[i * n + i];
    }
    return trace;
  }

  /** One exchange takes place. */
  void exchange() {
    java.util.Arrays.fill(next, 0);
    for (int i = 0; i < n; i++) {
      for (int j = i + 1; j < n; j++) {
        double p = pairs[i * n + j];
        if (p > 0) {
          add(i, j, p);
        }
      }
    }
    // What a pair leaves alone stays: the probabilities sum to 1.
    for (int k = 0; k < next.length; k++) {
      next[k] += moments[k];
    }
    double[] swap = moments;
    moments = next;
    next = swap;
  }

  /** Adds p (W M W - M) for the pair, with d = e_i - e_j. */
  private void add(int i, int j, double p) {
    double within = moments[i * n + i] - 2 * moments[i * n + j] + moments[j * n + j];
    for (int k = 0; k < n; k++) {
      double half = p / 2 * (moments[i * n + k] - moments[j * n + k]);
      next[i * n + k] -= half;
      next[j * n + k] += half;
      next[k * n + i] -= half;
      next[k * n + j] += half;
    }
    double quarter = p / 4 * within;
    next[i * n + i] += quarter;
    next[j * n + j] += quarter;
    next[i * n + j] -= quarter;
    next[j * n + i] -= quarter;
  }
}
