package dev.starling.cli.page;

/** The smallest and the largest of the values that an axis can show. */
final class Range {
  private final Axis axis;
  private double min = Double.POSITIVE_INFINITY;
  private double max = Double.NEGATIVE_INFINITY;

  Range(Axis axis) {
    this.axis = axis;
  }

  Range add(double... values) {
    for (double value : values) {
      if (axis.isDrawable(value)) {
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }
    return this;
  }

  boolean isEmpty() {
    return min > max;
  }

  double min() {
    return min;
  }

  double max() {
    return max;
  }
}
