package dev.starling.bench.experiment;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;

/** Numbers as people and command lines read them, and what several of them have in common. */
final class Numbers {
  private Numbers() {}

  /**
   * Writes a value without needless digits.
   *
   * @param value a number, or anything else
   * @return for instance 10 for 10.0
   */
  static String plain(Object value) {
    return value instanceof Double number && Double.isFinite(number)
        ? BigDecimal.valueOf(number).stripTrailingZeros().toPlainString()
        : String.valueOf(value);
  }

  /**
   * Writes a number with so many digits behind the point.
   *
   * @param value the number, null or NaN when there is none
   * @param digits how many
   * @return the text, or {@code -}
   */
  static String fixed(Number value, int digits) {
    return value == null || !Double.isFinite(value.doubleValue())
        ? "-"
        : String.format(Locale.ROOT, "%,." + digits + "f", value.doubleValue());
  }

  /**
   * Writes a number with three digits that count.
   *
   * @param value the number, null or NaN when there is none
   * @return the text, or {@code -}
   */
  static String short3(Number value) {
    if (value == null || !Double.isFinite(value.doubleValue())) {
      return "-";
    }
    double size = Math.abs(value.doubleValue());
    if (size != 0 && (size < 0.001 || size >= 1e6)) {
      return String.format(Locale.ROOT, "%.2e", value.doubleValue());
    }
    return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4);
  }

  /**
   * Writes mean and spread.
   *
   * @param mean the mean
   * @param spread the spread, NaN when one number has none
   * @param digits behind the point
   * @return for instance {@code 94.31 ± 0.12}
   */
  static String withSpread(Number mean, Number spread, int digits) {
    return spread == null || Double.isNaN(spread.doubleValue())
        ? fixed(mean, digits)
        : fixed(mean, digits) + " ± " + fixed(spread, digits);
  }

  /**
   * Returns the mean.
   *
   * @param values numbers
   * @return their mean, NaN for none
   */
  static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  /**
   * Returns the spread.
   *
   * @param values numbers
   * @return the standard deviation of the population that they are a sample of, NaN for less than
   *     two
   */
  static double spread(List<Double> values) {
    if (values.size() < 2) {
      return Double.NaN;
    }
    double mean = mean(values);
    double squares = values.stream().mapToDouble(value -> (value - mean) * (value - mean)).sum();
    return Math.sqrt(squares / (values.size() - 1));
  }
}
