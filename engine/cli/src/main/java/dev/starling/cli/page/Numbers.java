package dev.starling.cli.page;

import java.util.Locale;

/** Numbers as people read them on axes and in tables. */
public final class Numbers {
  private static final double LARGEST_SUFFIX = 1e12;
  private static final double SMALLEST_PLAIN = 1e-3;
  private static final String[] SUFFIXES = {"", "k", "M", "G"};
  private static final int DIGITS = 4;

  private Numbers() {}

  /**
   * Writes a number with up to four digits: 0, 12.5, 3.142, 12.3k, 4.7M, 1.5e-05.
   *
   * @param value any number
   * @return its text; {@code –} for NaN
   */
  public static String text(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    double size = Math.abs(value);
    if (size != 0 && (size < SMALLEST_PLAIN || size >= LARGEST_SUFFIX)) {
      return trimmed(String.format(Locale.ROOT, "%.3e", value));
    }
    int suffix = suffix(size);
    double scaled = value / Math.pow(1000, suffix);
    int whole = Math.abs(scaled) < 1 ? 1 : (int) Math.floor(Math.log10(Math.abs(scaled))) + 1;
    String digits = String.format(Locale.ROOT, "%." + Math.max(0, DIGITS - whole) + "f", scaled);
    return trimmed(digits) + SUFFIXES[suffix];
  }

  /**
   * Writes a tick of an axis so that neighbours differ.
   *
   * @param value the tick
   * @param step to the next one
   * @param largest the largest size of any tick, which chooses the suffix of all
   * @return its text
   */
  static String tick(double value, double step, double largest) {
    if (value == 0) {
      return "0";
    }
    if (largest < SMALLEST_PLAIN || largest >= LARGEST_SUFFIX) {
      int digits = (int) Math.ceil(Math.log10(largest / step));
      return trimmed(String.format(Locale.ROOT, "%." + Math.clamp(digits, 0, 15) + "e", value));
    }
    int suffix = suffix(largest);
    double unit = Math.pow(1000, suffix);
    int decimals = (int) Math.ceil(-Math.log10(step / unit) - 1e-9);
    return String.format(Locale.ROOT, "%." + Math.clamp(decimals, 0, 15) + "f", value / unit)
        + SUFFIXES[suffix];
  }

  private static int suffix(double size) {
    return size < 1e4 ? 0 : size < 1e6 ? 1 : size < 1e9 ? 2 : 3;
  }

  /** Without the zeros that say nothing. */
  private static String trimmed(String number) {
    int exponent = number.indexOf('e');
    String tail = exponent < 0 ? "" : number.substring(exponent);
    String head = exponent < 0 ? number : number.substring(0, exponent);
    if (head.indexOf('.') >= 0) {
      head = head.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
    return head + tail;
  }
}
