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
  private static final int MAX_SWEEPS = 64;

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
    double[] eigenvalues = eigenvalues(expectedMatrix(topology));
    java.util.Arrays.sort(eigenvalues);
    double rho = Math.max(Math.abs(eigenvalues[n - 2]), Math.abs(eigenvalues[0]));
    rho = Math.min(1, Math.max(0, rho));
    // The squared distance shrinks by rho per exchange, so the distance by its square root.
    double halve = rho < 1e-12 ? 1 : 2 * Math.log(0.5) / Math.log(rho);
    return new Mixing(rho, halve);
  }

  /**
   * {@code E[W]}: each initiating worker with equal probability, then each of its neighbours
   * likewise.
   */
  static double[][] expectedMatrix(Topology topology) {
    int n = topology.workers();
    double[][] w = new double[n][n];
    int initiators = 0;
    for (int rank = 0; rank < n; rank++) {
      w[rank][rank] = 1;
      initiators += topology.initiates(rank) ? 1 : 0;
    }
    for (int i = 0; i < n; i++) {
      int[] neighbours = topology.neighbours(i);
      for (int j : topology.initiates(i) ? neighbours : new int[0]) {
        double p = 0.5 / initiators / neighbours.length;
        w[i][i] -= p;
        w[j][j] -= p;
        w[i][j] += p;
        w[j][i] += p;
      }
    }
    return w;
  }

  /** Eigenvalues of a symmetric matrix by cyclic Jacobi rotations; the matrix is destroyed. */
  static double[] eigenvalues(double[][] a) {
    int n = a.length;
    for (int sweep = 0; sweep < MAX_SWEEPS && offDiagonal(a) > 1e-26; sweep++) {
      for (int p = 0; p < n - 1; p++) {
        for (int q = p + 1; q < n; q++) {
          if (a[p][q] != 0) {
            rotate(a, p, q);
          }
        }
      }
    }
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = a[i][i];
    }
    return values;
  }

  private static double offDiagonal(double[][] a) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < i; j++) {
        sum += a[i][j] * a[i][j];
      }
    }
    return sum;
  }

  private static void rotate(double[][] a, int p, int q) {
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double c = 1 / Math.sqrt(t * t + 1);
    double s = t * c;
    double app = a[p][p];
    double aqq = a[q][q];
    double apq = a[p][q];
    for (int i = 0; i < a.length; i++) {
      if (i != p && i != q) {
        double aip = a[i][p];
        double aiq = a[i][q];
        a[i][p] = c * aip - s * aiq;
        a[p][i] = a[i][p];
        a[i][q] = s * aip + c * aiq;
        a[q][i] = a[i][q];
      }
    }
    a[p][p] = app - t * apq;
    a[q][q] = aqq + t * apq;
    a[p][q] = 0;
    a[q][p] = 0;
  }
}
