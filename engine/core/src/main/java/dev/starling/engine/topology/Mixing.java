package dev.starling.engine.topology;

/**
 * How fast a graph mixes.
 *
 * @param rho the second largest eigenvalue of {@code E[W]}, by which the expected squared distance
 *     from the mean shrinks per exchange; 0 for a single worker
 * @param exchangesToHalve expected exchanges of the whole job until the distance from the mean (not
 *     squared) has halved
 */
public record Mixing(double rho, double exchangesToHalve) {
  /**
   * Returns the spectral gap.
   *
   * @return {@code 1 - rho}
   */
  public double gap() {
    return 1 - rho;
  }

  static Mixing of(Topology topology) {
    int n = topology.workers();
    if (n == 1) {
      return new Mixing(0, 0);
    }
    // E[W] averages projections, so its eigenvalues lie in 0..1 and the second largest is rho.
    double gap = Tridiagonal.of(expectedLoss(topology)).eigenvalue(1);
    gap = Math.min(1, Math.max(0, gap));
    // The squared distance shrinks by rho per exchange, so the distance by its square root.
    double halve = 1 - gap < 1e-12 ? 1 : 2 * Math.log(0.5) / Math.log1p(-gap);
    return new Mixing(1 - gap, halve);
  }

  /**
   * {@code I - E[W]}: each initiating worker with equal probability, then each of its neighbours
   * likewise. It is the Laplacian matrix of the graph with half an edge's probability as its
   * weight, and keeps the digits of a small gap.
   */
  static double[][] expectedLoss(Topology topology) {
    int n = topology.workers();
    double[][] loss = new double[n][n];
    int initiators = 0;
    for (int rank = 0; rank < n; rank++) {
      initiators += topology.initiates(rank) ? 1 : 0;
    }
    for (int i = 0; i < n; i++) {
      int[] neighbours = topology.neighbours(i);
      for (int j : topology.initiates(i) ? neighbours : new int[0]) {
        double p = 0.5 / initiators / neighbours.length;
        loss[i][i] += p;
        loss[j][j] += p;
        loss[i][j] -= p;
        loss[j][i] -= p;
      }
    }
    return loss;
  }
}
