package dev.starling.engine.topology;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.topology.Topology.Kind;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Spectral gaps against closed forms, and the reduction against Jacobi's rotations. */
@Timeout(60)
class MixingTest {
  private static double gap(Kind kind, int workers) {
    return Topology.of(kind, workers).mixing().gap();
  }

  private static void assertClose(double expected, double actual) {
    assertEquals(expected, actual, 1e-14 + 1e-10 * expected);
  }

  /** 1 - cos of the smallest angle of a ring; half the second eigenvalue of its Laplacian. */
  private static double versine(int workers) {
    double half = Math.sin(Math.PI / workers);
    return 2 * half * half;
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 8, 31, 64, 200})
  void shouldHaveTheGapOfTheClosedForm(int n) {
    assertClose(versine(n) / n, gap(Kind.RING, n));
    assertClose(1.0 / (n - 1), gap(Kind.COMPLETE, n));
    assertClose(0.5 / (n - 1), gap(Kind.STAR, n));
    if (n % 2 == 0) {
      assertClose(1.0 / n, gap(Kind.COMPLETE_BIPARTITE, n));
    }
    TreeSet<Integer> offsets = new TreeSet<>();
    for (int hop = 1; hop < n; hop *= 2) {
      offsets.add(hop);
      offsets.add(n - hop);
    }
    double least = Double.MAX_VALUE;
    for (int k = 1; k < n; k++) {
      double sum = 0;
      for (int offset : offsets) {
        sum += 1 - Math.cos(2 * Math.PI * k * offset / n);
      }
      least = Math.min(least, sum);
    }
    assertClose(least / n / offsets.size(), gap(Kind.EXPONENTIAL, n));
  }

  @Test
  void shouldHaveTheGapOfTheClosedFormWhenATorus() {
    // Four neighbours each: the longer side decides.
    assertClose(versine(4) / 2 / 12, gap(Kind.TORUS, 12));
    assertClose(versine(8) / 2 / 64, gap(Kind.TORUS, 64));
    assertClose(versine(25) / 2 / 625, gap(Kind.TORUS, 625));
    // Two rows are joined once, so each worker has three neighbours.
    assertClose(versine(5) * 2 / 3 / 10, gap(Kind.TORUS, 10));
    assertClose(versine(4) / 4, gap(Kind.TORUS, 4));
  }

  @Test
  void shouldHaveOneExactValueWhenThereAreOneOrTwoWorkers() {
    assertEquals(new Mixing(0, 0), Topology.of(Kind.RING, 1).mixing());
    for (Kind kind : Kind.values()) {
      assertEquals(1, gap(kind, 2), 1e-15, kind.optionName());
      assertEquals(1, Topology.of(kind, 2).mixing().exchangesToHalve());
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void shouldHaveTheEigenvaluesThatJacobiFinds(Kind kind) {
    for (int workers : new int[] {2, 6, 12, 26}) {
      requireEigenvalues(Mixing.expectedLoss(Topology.of(kind, workers)), kind + " " + workers);
    }
  }

  @Test
  void shouldHaveTheEigenvaluesThatJacobiFindsWhenTheMatrixIsRandom() {
    long seed = System.nanoTime();
    System.out.println("MixingTest seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 1; n <= 24; n++) {
      double[][] a = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
          a[i][j] = random.nextInt(3) == 0 ? 0 : random.nextDouble(-1, 1);
          a[j][i] = a[i][j];
        }
      }
      requireEigenvalues(a, "order " + n);
    }
  }

  private static void requireEigenvalues(double[][] a, String what) {
    double[] expected = jacobi(Arrays.stream(a).map(double[]::clone).toArray(double[][]::new));
    Tridiagonal reduced = Tridiagonal.of(a);
    double[] actual = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      actual[i] = reduced.eigenvalue(i);
    }
    assertArrayEquals(expected, actual, 1e-13 * a.length, what);
  }

  /** Eigenvalues by cyclic Jacobi rotations, rising; the matrix is destroyed. */
  private static double[] jacobi(double[][] a) {
    int n = a.length;
    for (int sweep = 0; sweep < 30; sweep++) {
      for (int p = 0; p < n - 1; p++) {
        for (int q = p + 1; q < n; q++) {
          if (a[p][q] != 0) {
            rotate(a, p, q);
          }
        }
      }
    }
    double[] values = new double[n];
    Arrays.setAll(values, i -> a[i][i]);
    Arrays.sort(values);
    return values;
  }

  private static void rotate(double[][] a, int p, int q) {
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double c = 1 / Math.hypot(t, 1);
    double s = t * c;
    for (int i = 0; i < a.length; i++) {
      double aip = a[i][p];
      double aiq = a[i][q];
      a[i][p] = c * aip - s * aiq;
      a[i][q] = s * aip + c * aiq;
    }
    for (int i = 0; i < a.length; i++) {
      double api = a[p][i];
      double aqi = a[q][i];
      a[p][i] = c * api - s * aqi;
      a[q][i] = s * api + c * aqi;
    }
    a[p][q] = 0;
    a[q][p] = 0;
  }

  /** The ring is the hardest: its gap is 100,000 times smaller than its largest eigenvalue. */
  @Test
  void shouldKeepTheDigitsOfASmallGapAndEndSoonWhenThereAre1024Workers() {
    long startNs = System.nanoTime();
    double ring = gap(Kind.RING, 1024);
    System.out.println("gap of 1024 workers in " + (System.nanoTime() - startNs) / 1e9 + " s");
    assertEquals(1, ring / (versine(1024) / 1024), 1e-6);
    assertEquals(1, gap(Kind.STAR, 1024) * 2 * 1023, 1e-9);
    double halve = Topology.of(Kind.COMPLETE, 1024).mixing().exchangesToHalve();
    assertTrue(halve > 1400 && halve < 1420, "halving takes " + halve);
  }
}
