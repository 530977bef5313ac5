package dev.starling.cli.page;

import java.util.function.IntPredicate;

/**
 * Lines and bands as paths of SVG with a bounded number of points: of all points in a column of
 * pixels the first, the smallest, the largest and the last remain, and gaps narrower than a column
 * close where there are more points than columns.
 */
final class Paths {
  private static final int FEW = 1000;

  private final Axis horizontal;
  private final Axis vertical;
  private final Scale right;
  private final Scale up;

  Paths(Axis horizontal, Axis vertical, Scale right, Scale up) {
    this.horizontal = horizontal;
    this.vertical = vertical;
    this.right = right;
    this.up = up;
  }

  /** Refuses coordinates that do not belong together or do not rise. */
  static void requireAscending(String name, double[] x, int count) {
    if (x.length != count) {
      throw new IllegalArgumentException(
          "'%s' has %d first and %d second coordinates: give as many of both"
              .formatted(name, x.length, count));
    }
    double last = Double.NEGATIVE_INFINITY;
    for (double next : x) {
      if (next < last) {
        throw new IllegalArgumentException(
            "'%s' goes from %s back to %s: sort its points".formatted(name, last, next));
      }
      last = Double.isNaN(next) ? last : next;
    }
  }

  double x(double value) {
    return right.at(value);
  }

  double y(double value) {
    return up.at(value);
  }

  /** {@return the path of a line, empty when no point can be drawn} */
  String line(double[] xs, double[] ys) {
    StringBuilder path = new StringBuilder();
    IntPredicate drawable = i -> horizontal.isDrawable(xs[i]) && vertical.isDrawable(ys[i]);
    boolean many = xs.length > FEW;
    int from = next(drawable, 0, xs.length);
    while (from < xs.length) {
      int to = end(drawable, xs, from, many);
      if (many) {
        thinned(path, drawable, xs, ys, from, to);
      } else {
        for (int i = from; i < to; i++) {
          point(path, i == from, x(xs[i]), y(ys[i]));
        }
      }
      if (to - from == 1) {
        // A line of no length with round ends is a dot.
        path.append("h0");
      }
      from = next(drawable, to, xs.length);
    }
    return path.toString();
  }

  private static int next(IntPredicate drawable, int from, int count) {
    int i = from;
    while (i < count && !drawable.test(i)) {
      i++;
    }
    return i;
  }

  /** The first index behind a run of points; where there are many, narrow gaps belong to it. */
  private int end(IntPredicate drawable, double[] xs, int from, boolean many) {
    int last = from;
    for (int i = from + 1; i < xs.length; i++) {
      if (drawable.test(i)) {
        last = i;
      } else {
        int after = next(drawable, i, xs.length);
        if (!many || after == xs.length || x(xs[after]) - x(xs[last]) >= 1) {
          return last + 1;
        }
        last = after;
        i = after;
      }
    }
    return last + 1;
  }

  private void thinned(
      StringBuilder path, IntPredicate drawable, double[] xs, double[] ys, int from, int to) {
    int i = from;
    while (i < to) {
      long column = Math.round(x(xs[i]));
      int first = i;
      int last = i;
      int min = i;
      int max = i;
      while (i < to && (!drawable.test(i) || Math.round(x(xs[i])) == column)) {
        if (drawable.test(i)) {
          min = ys[i] < ys[min] ? i : min;
          max = ys[i] > ys[max] ? i : max;
          last = i;
        }
        i++;
      }
      int[] kept = {first, Math.min(min, max), Math.max(min, max), last};
      for (int k = 0; k < kept.length; k++) {
        if (k == 0 || kept[k] != kept[k - 1]) {
          point(path, first == from && k == 0, x(xs[kept[k]]), y(ys[kept[k]]));
        }
      }
    }
  }

  /** {@return the outline of a band, empty when no two ends can be drawn} */
  String band(double[] xs, double[] low, double[] high) {
    StringBuilder path = new StringBuilder();
    IntPredicate drawable =
        i ->
            horizontal.isDrawable(xs[i])
                && vertical.isDrawable(low[i])
                && vertical.isDrawable(high[i]);
    boolean many = xs.length > FEW;
    int from = next(drawable, 0, xs.length);
    while (from < xs.length) {
      int to = end(drawable, xs, from, many);
      outline(path, drawable, new double[][] {xs, low, high}, from, to);
      from = next(drawable, to, xs.length);
    }
    return path.toString();
  }

  /** Along the upper ends and back along the lower ones, one of each in a column of pixels. */
  private void outline(
      StringBuilder path, IntPredicate drawable, double[][] ends, int from, int to) {
    StringBuilder back = new StringBuilder();
    boolean begins = true;
    int i = from;
    while (i < to) {
      double place = x(ends[0][i]);
      long column = Math.round(place);
      double lowest = Double.POSITIVE_INFINITY;
      double highest = Double.NEGATIVE_INFINITY;
      boolean many = ends[0].length > FEW;
      do {
        if (drawable.test(i)) {
          lowest = Math.min(lowest, ends[1][i]);
          highest = Math.max(highest, ends[2][i]);
        }
        i++;
      } while (many && i < to && (!drawable.test(i) || Math.round(x(ends[0][i])) == column));
      point(path, begins, place, y(highest));
      back.insert(0, "L" + Frame.px(place) + " " + Frame.px(y(lowest)));
      begins = false;
    }
    path.append(back).append('Z');
  }

  private static void point(StringBuilder path, boolean begins, double x, double y) {
    path.append(begins ? 'M' : 'L').append(Frame.px(x)).append(' ').append(Frame.px(y));
  }
}
