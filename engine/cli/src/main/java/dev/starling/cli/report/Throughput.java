package dev.starling.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What the workers got done in each piece of time. */
final class Throughput {
  private static final Axis SECONDS = Axis.fromZero("time since the first step", "s");

  /** Pieces of time, so that the curves are calm. */
  private static final int PIECES = 80;

  /** More workers are shown by their spread. */
  private static final int MAX_LINES = 8;

  private static final String MEDIAN = "median worker, and the band of all";

  private final RunFiles run;
  private final List<JsonNode> ends;
  private final double[] middles;

  Throughput(RunFiles run) {
    this.run = run;
    ends = ends(run.history());
    middles = new double[Math.max(0, ends.size() - 1)];
    for (int i = 0; i < middles.length; i++) {
      middles[i] = (seconds(i) + seconds(i + 1)) / 2;
    }
  }

  /** The lines between which rates are taken, about equally far apart. */
  private static List<JsonNode> ends(List<JsonNode> history) {
    List<JsonNode> ends = new ArrayList<>();
    if (history.isEmpty()) {
      return ends;
    }
    double first = history.getFirst().path("seconds").asDouble();
    double piece = (history.getLast().path("seconds").asDouble() - first) / PIECES;
    double next = first;
    for (JsonNode line : history) {
      double seconds = line.path("seconds").asDouble();
      // The last line may follow its predecessor at once.
      boolean apart = ends.isEmpty() || seconds - ends.getLast().path("seconds").asDouble() > 0.1;
      if (seconds >= next && apart) {
        ends.add(line);
        next = seconds + 0.999 * piece;
      }
    }
    return ends;
  }

  private double seconds(int end) {
    return run.sinceStart(ends.get(end));
  }

  void write(Page page) {
    if (Curves.isMissing(page, run)) {
      return;
    }
    if (middles.length == 0) {
      page.note("The history has one line only, and rates need two: the run was too short.");
      return;
    }
    page.figure(perWorker("Steps of each worker", "steps/s", "stepsPerWorker"));
    page.figure(perWorker("Exchanges begun by each worker", "exchanges/s", "exchangesPerWorker"));
    page.figure(
        new LineChart("Samples of all workers", SECONDS, Axis.fromZero("samples/s", ""))
            .line("samples", middles, rates(-1, "samples")));
    LineChart outcomes =
        new LineChart("How updates were published", SECONDS, Axis.fromZero("updates/s", ""));
    outcomes.line("with a partner", middles, sum("exchangesPerWorker"));
    outcomes.line("alone", middles, sum("alonePerWorker"));
    outcomes.line("torn", middles, sum("tornPerWorker"));
    outcomes.reference("partner was busy", middles, sum("busyPerWorker"));
    page.figure(outcomes);
  }

  private LineChart perWorker(String title, String axis, String key) {
    LineChart chart = new LineChart(title, SECONDS, Axis.fromZero(axis, ""));
    int workers = ends.getFirst().path(key).size();
    if (workers <= MAX_LINES) {
      for (int rank = 0; rank < workers; rank++) {
        chart.line("worker " + rank, middles, rates(rank, key));
      }
      return chart;
    }
    double[][] sorted = new double[middles.length][workers];
    for (int rank = 0; rank < workers; rank++) {
      double[] rates = rates(rank, key);
      for (int i = 0; i < rates.length; i++) {
        sorted[i][rank] = rates[i];
      }
    }
    Arrays.stream(sorted).forEach(Arrays::sort);
    chart.band(MEDIAN, middles, at(sorted, 0), at(sorted, workers - 1));
    return chart.line(MEDIAN, middles, at(sorted, workers / 2));
  }

  private static double[] at(double[][] sorted, int index) {
    return Arrays.stream(sorted).mapToDouble(rates -> rates[index]).toArray();
  }

  private double[] sum(String key) {
    double[] sum = new double[middles.length];
    for (int rank = 0; rank < ends.getFirst().path(key).size(); rank++) {
      double[] rates = rates(rank, key);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += rates[i];
      }
    }
    return sum;
  }

  /** Counts that fell, as those of a run that went on, have no rate. */
  private double[] rates(int rank, String key) {
    double[] rates = new double[middles.length];
    for (int i = 0; i < rates.length; i++) {
      JsonNode from = ends.get(i).path(key);
      JsonNode to = ends.get(i + 1).path(key);
      double count =
          RunFiles.number(rank < 0 ? to : to.path(rank))
              - RunFiles.number(rank < 0 ? from : from.path(rank));
      rates[i] = count < 0 ? Double.NaN : count / (seconds(i + 1) - seconds(i));
    }
    return rates;
  }
}
