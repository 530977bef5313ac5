package dev.starling.bench.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The histories of several runs of one kind as one curve with its spread.
 *
 * @param x where, from the smallest to the largest
 * @param mean of all runs
 * @param low mean less the spread
 * @param high mean and the spread
 */
record Curves(double[] x, double[] mean, double[] low, double[] high) {
  private static final int POINTS = 60;

  /**
   * Averages histories, each interpolated between its points, as far as all of them reach.
   *
   * @param histories objects with numbers, oldest first
   * @param along the key of the first coordinate, which never falls
   * @param of the key of the second one
   * @return the curve, or null when a history has less than two points
   */
  static Curves of(List<List<JsonNode>> histories, String along, String of) {
    List<double[][]> paths = new ArrayList<>();
    double first = Double.NEGATIVE_INFINITY;
    double last = Double.POSITIVE_INFINITY;
    for (List<JsonNode> history : histories) {
      double[][] path = path(history, along, of);
      if (path[0].length < 2) {
        return null;
      }
      paths.add(path);
      first = Math.max(first, path[0][0]);
      last = Math.min(last, path[0][path[0].length - 1]);
    }
    return paths.isEmpty() || first >= last ? null : average(paths, first, last);
  }

  private static Curves average(List<double[][]> paths, double first, double last) {
    Curves curves =
        new Curves(new double[POINTS], new double[POINTS], new double[POINTS], new double[POINTS]);
    for (int i = 0; i < POINTS; i++) {
      double x = first + (last - first) * i / (POINTS - 1);
      List<Double> values = paths.stream().map(path -> at(path, x)).toList();
      double mean = Numbers.mean(values);
      double spread = values.size() < 2 ? 0 : Numbers.spread(values);
      curves.x[i] = x;
      curves.mean[i] = mean;
      curves.low[i] = mean - spread;
      curves.high[i] = mean + spread;
    }
    return curves;
  }

  private static double[][] path(List<JsonNode> history, String along, String of) {
    List<JsonNode> usable =
        history.stream()
            .filter(point -> point.path(along).isNumber() && point.path(of).isNumber())
            .toList();
    return new double[][] {
      usable.stream().mapToDouble(point -> point.get(along).asDouble()).toArray(),
      usable.stream().mapToDouble(point -> point.get(of).asDouble()).toArray()
    };
  }

  private static double at(double[][] path, double x) {
    double[] xs = path[0];
    double[] ys = path[1];
    int found = Arrays.binarySearch(xs, x);
    int right = Math.clamp(found >= 0 ? found : -found - 1, 1, xs.length - 1);
    double width = xs[right] - xs[right - 1];
    double share = width <= 0 ? 1 : Math.clamp((x - xs[right - 1]) / width, 0, 1);
    return ys[right - 1] + share * (ys[right] - ys[right - 1]);
  }
}
