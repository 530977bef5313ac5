package dev.starling.engine.health;

import java.util.Locale;

/** Amounts of memory as findings write them. */
public final class Sizes {
  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final int UNIT = 1024;

  private Sizes() {}

  /**
   * Writes an amount.
   *
   * @param bytes how much; {@link Long#MAX_VALUE} stands for any amount
   * @return for instance {@code 8.0 MiB}, or {@code unlimited}
   */
  public static String text(long bytes) {
    if (bytes == Long.MAX_VALUE) {
      return "unlimited";
    }
    if (bytes < UNIT) {
      return bytes + " bytes";
    }
    double amount = bytes;
    int unit = -1;
    while (amount >= UNIT && unit < UNITS.length - 1) {
      amount /= UNIT;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
  }
}
