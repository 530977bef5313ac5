package dev.starling.cli.page;

/**
 * One axis of a chart: its name with the unit, and how it spreads the values.
 *
 * @param name what is measured
 * @param unit in what; empty for a plain number
 * @param isLogarithmic whether equal distances are equal ratios; other than positive values are
 *     gaps then
 * @param from where it begins, NaN to begin where the data does
 * @param to where it ends, NaN to end where the data does
 * @param hasZero whether zero is always on it
 */
public record Axis(
    String name, String unit, boolean isLogarithmic, double from, double to, boolean hasZero) {
  /** Larger sizes, and on a logarithmic axis those below its inverse, cannot be drawn. */
  private static final double LARGEST = 1e300;

  /**
   * Makes a linear axis as long as the data.
   *
   * @param name what is measured
   * @param unit in what; empty for a plain number
   * @return the axis
   */
  public static Axis linear(String name, String unit) {
    return new Axis(name, unit, false, Double.NaN, Double.NaN, false);
  }

  /**
   * Makes a linear axis that shows zero, too: for amounts whose ratio matters.
   *
   * @param name what is measured
   * @param unit in what; empty for a plain number
   * @return the axis
   */
  public static Axis fromZero(String name, String unit) {
    return new Axis(name, unit, false, Double.NaN, Double.NaN, true);
  }

  /**
   * Makes a logarithmic axis as long as the data.
   *
   * @param name what is measured
   * @param unit in what; empty for a plain number
   * @return the axis
   */
  public static Axis logarithmic(String name, String unit) {
    return new Axis(name, unit, true, Double.NaN, Double.NaN, false);
  }

  /**
   * Fixes both ends; what lies beyond is cut off.
   *
   * @param first where it begins
   * @param last where it ends, greater
   * @return the same axis with these ends
   */
  public Axis between(double first, double last) {
    if (!isDrawable(first) || !isDrawable(last) || first >= last) {
      throw new IllegalArgumentException(
          "axis '%s' cannot run from %s to %s".formatted(name, first, last));
    }
    return new Axis(name, unit, isLogarithmic, first, last, hasZero);
  }

  /** {@return the name with the unit behind it} */
  String title() {
    return unit.isEmpty() ? name : name + " (" + unit + ")";
  }

  boolean isFixed() {
    return !Double.isNaN(from);
  }

  boolean isDrawable(double value) {
    double size = Math.abs(value);
    return isLogarithmic ? value >= 1 / LARGEST && value <= LARGEST : size <= LARGEST;
  }
}
