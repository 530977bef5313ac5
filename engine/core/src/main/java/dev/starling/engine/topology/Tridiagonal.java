package dev.starling.engine.topology;

/**
 * A symmetric matrix reduced to its diagonal and the one beside it, which have the same
 * eigenvalues.
 *
 * <p>The reduction takes 4/3 n^3 operations whatever the matrix, each eigenvalue after that O(n).
 * Errors are of the order of rounding of the largest eigenvalue.
 */
final class Tridiagonal {
  private static final int HALVINGS = 64;

  private final double[] diagonal;
  private final double[] beside;

  private Tridiagonal(int n) {
    diagonal = new double[n];
    beside = new double[n - 1];
  }

  /**
   * Reduces by Householder reflections (Golub and Van Loan, Matrix Computations, 8.3.1).
   *
   * @param a symmetric, destroyed; only the lower triangle is read
   */
  static Tridiagonal of(double[][] a) {
    int n = a.length;
    Tridiagonal reduced = new Tridiagonal(n);
    double[] v = new double[n];
    double[] w = new double[n];
    for (int k = n - 1; k > 0; k--) {
      reduced.beside[k - 1] = reflect(a, k, v, w);
    }
    for (int k = 0; k < n; k++) {
      reduced.diagonal[k] = a[k][k];
    }
    return reduced;
  }

  /**
   * Clears row {@code k} left of the element beside the diagonal, and gives that element. With
   * {@code v} the row's reflector and {@code p = A v * 2 / v.v}, the rest {@code A} becomes {@code
   * A - v w' - w v'} where {@code w = p - v (p.v / v.v)}.
   */
  private static double reflect(double[][] a, int k, double[] v, double[] w) {
    double squares = 0;
    for (int i = 0; i < k; i++) {
      v[i] = a[k][i];
      squares += v[i] * v[i];
    }
    double rest = squares - v[k - 1] * v[k - 1];
    if (rest <= 0) {
      return v[k - 1];
    }
    double element = -Math.copySign(Math.sqrt(squares), v[k - 1]);
    v[k - 1] -= element;
    double length = rest + v[k - 1] * v[k - 1];
    multiplyLower(a, v, w, k);
    double along = 0;
    for (int i = 0; i < k; i++) {
      w[i] *= 2 / length;
      along += w[i] * v[i];
    }
    for (int i = 0; i < k; i++) {
      w[i] -= v[i] * along / length;
    }
    for (int i = 0; i < k; i++) {
      double[] row = a[i];
      double vi = v[i];
      double wi = w[i];
      for (int j = 0; j <= i; j++) {
        row[j] -= vi * w[j] + wi * v[j];
      }
    }
    return element;
  }

  /** Computes {@code w = A v} for the leading {@code n} rows from their lower triangle. */
  private static void multiplyLower(double[][] a, double[] v, double[] w, int n) {
    for (int i = 0; i < n; i++) {
      double[] row = a[i];
      double vi = v[i];
      double sum = row[i] * vi;
      for (int j = 0; j < i; j++) {
        sum += row[j] * v[j];
        w[j] += row[j] * vi;
      }
      w[i] = sum;
    }
  }

  /**
   * Finds one eigenvalue by bisection.
   *
   * @param index 0 for the smallest
   */
  double eigenvalue(int index) {
    double radius = 0;
    for (int i = 0; i < diagonal.length; i++) {
      double left = i == 0 ? 0 : Math.abs(beside[i - 1]);
      double right = i == beside.length ? 0 : Math.abs(beside[i]);
      radius = Math.max(radius, Math.abs(diagonal[i]) + left + right);
    }
    double low = -radius;
    double high = radius;
    for (int halving = 0; halving < HALVINGS; halving++) {
      double middle = low + (high - low) / 2;
      if (countBelow(middle) > index) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  /** Counts the eigenvalues below {@code x}: the negative pivots of {@code T - x I} (Sturm). */
  private int countBelow(double x) {
    int negative = 0;
    double pivot = 1;
    for (int i = 0; i < diagonal.length; i++) {
      double coupling = i == 0 ? 0 : beside[i - 1] * beside[i - 1] / pivot;
      pivot = diagonal[i] - x - coupling;
      if (pivot == 0) {
        pivot = Double.MIN_NORMAL;
      }
      negative += pivot < 0 ? 1 : 0;
    }
    return negative;
  }
}
