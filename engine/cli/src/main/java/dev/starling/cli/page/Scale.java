package dev.starling.cli.page;

import java.util.ArrayList;
import java.util.List;

/** Where the values of an axis lie in pixels, and its ticks at 1, 2 and 5 times powers of ten. */
final class Scale {
  /** Narrower than this share of its size, a range is one value. */
  private static final double ONE_VALUE = 1e-9;

  /**
   * A mark on the axis.
   *
   * @param value where
   * @param label what it says
   */
  record Tick(double value, String label) {}

  private final boolean logarithmic;
  private final double startPx;
  private final double endPx;
  private final List<Tick> ticks = new ArrayList<>();
  private double from;
  private double to;

  /**
   * Spreads an axis over pixels.
   *
   * @param axis the axis
   * @param range its values
   * @param startPx where it begins
   * @param endPx where it ends, may be less
   * @param wanted about how many ticks
   * @param rounds whether it begins and ends at ticks
   */
  Scale(Axis axis, Range range, double startPx, double endPx, int wanted, boolean rounds) {
    this.logarithmic = axis.isLogarithmic();
    this.startPx = startPx;
    this.endPx = endPx;
    limits(axis, range);
    if (logarithmic) {
      logarithmicTicks(wanted, rounds && !axis.isFixed());
    } else {
      linearTicks(wanted, rounds && !axis.isFixed());
    }
  }

  private void limits(Axis axis, Range range) {
    from = range.isEmpty() ? logarithmic ? 1 : 0 : range.min();
    to = range.isEmpty() ? logarithmic ? 10 : 1 : range.max();
    if (axis.hasZero() && !logarithmic) {
      from = Math.min(0, from);
      to = Math.max(0, to);
    }
    if (axis.isFixed()) {
      from = axis.from();
      to = axis.to();
    } else if (to - from <= ONE_VALUE * Math.max(Math.abs(from), Math.abs(to))) {
      widen(axis.hasZero());
    }
  }

  private void widen(boolean hasZero) {
    if (logarithmic) {
      from /= 2;
      to *= 2;
    } else if (from == 0) {
      to = 1;
    } else {
      double half = Math.abs(from) / 2;
      from = hasZero ? from : from - half;
      to += half;
    }
  }

  private void linearTicks(int wanted, boolean rounds) {
    double step = step((to - from) / wanted);
    if (rounds) {
      from = Math.floor(from / step + ONE_VALUE) * step;
      to = Math.ceil(to / step - ONE_VALUE) * step;
    }
    double largest = Math.max(Math.abs(from), Math.abs(to));
    double first = Math.ceil(from / step - ONE_VALUE);
    double last = Math.floor(to / step + ONE_VALUE);
    for (double number = first; number <= last; number++) {
      double value = number * step;
      ticks.add(new Tick(value, Numbers.tick(value, step, largest)));
    }
  }

  /** The smallest of 1, 2 and 5 times a power of ten that is not less. */
  static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    double digit = least / power;
    double chosen = digit <= 1 + ONE_VALUE ? 1 : digit <= 2 + ONE_VALUE ? 2 : digit <= 5 ? 5 : 10;
    return chosen * power;
  }

  private void logarithmicTicks(int wanted, boolean rounds) {
    if (rounds) {
      from = round(from, false);
      to = round(to, true);
    }
    double decades = Math.log10(to / from);
    int stride = (int) Math.max(1, Math.ceil(decades / (wanted + 1)));
    double[] digits = decades > wanted / 2.0 ? new double[] {1} : new double[] {1, 2, 5};
    int first = (int) Math.floor(Math.log10(from)) - 1;
    for (int power = first; power <= Math.ceil(Math.log10(to)); power++) {
      for (double digit : digits) {
        double value = digit * Math.pow(10, power);
        boolean inside = value >= from * (1 - ONE_VALUE) && value <= to * (1 + ONE_VALUE);
        if (inside && Math.floorMod(power, stride) == 0) {
          ticks.add(new Tick(value, Numbers.text(value)));
        }
      }
    }
    if (ticks.size() < 2) {
      ticks.clear();
      linearTicks(wanted, false);
    }
  }

  private static double round(double value, boolean up) {
    double power = Math.pow(10, Math.floor(Math.log10(value) + ONE_VALUE));
    double chosen = up ? 10 : 1;
    for (double digit : new double[] {1, 2, 5}) {
      if (up && digit * power >= value * (1 - ONE_VALUE)) {
        return digit * power;
      }
      chosen = !up && digit * power <= value * (1 + ONE_VALUE) ? digit : chosen;
    }
    return chosen * power;
  }

  /**
   * Maps a value that the axis can draw.
   *
   * @param value the value
   * @return its pixel, beyond the ends of the axis when it lies there
   */
  double at(double value) {
    double part =
        logarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return startPx + Math.clamp(part, -100, 100) * (endPx - startPx);
  }

  List<Tick> ticks() {
    return ticks;
  }

  double from() {
    return from;
  }

  double to() {
    return to;
  }
}
