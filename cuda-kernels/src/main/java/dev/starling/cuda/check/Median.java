package dev.starling.cuda.check;

import java.util.Arrays;

/** What stands for several measurements of one thing. */
final class Median {
  private Median() {}

  /** The middle one, or the mean of the two in the middle. */
  static double of(double[] values) {
    return (quantile(values, (values.length - 1) / 2) + quantile(values, values.length / 2)) / 2;
  }

  /** The value that so many are not above. */
  static double quantile(double[] values, int rank) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[rank];
  }
}
