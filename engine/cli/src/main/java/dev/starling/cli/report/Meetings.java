package dev.starling.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.log.ExchangeHistory;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.BarChart;
import dev.starling.cli.page.HeatMap;
import dev.starling.cli.page.Numbers;
import dev.starling.cli.page.Page;
import dev.starling.cli.page.TimeLine;
import dev.starling.engine.StarlingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** How stale gradients were, who met whom, and when. */
final class Meetings {
  private static final int EVENTS = 36;
  private static final int MAX_ROWS = 32;
  private static final int LAST_BUCKET = 255;

  private final RunFiles run;
  private final int workers;

  Meetings(RunFiles run) {
    this.run = run;
    workers = run.workers();
  }

  void stalenessAndPairings(Page page) {
    long[] counts = histogram();
    double[][] pairings = pairings();
    boolean met = Arrays.stream(pairings).flatMapToDouble(Arrays::stream).anyMatch(n -> n > 0);
    if (counts.length > 0) {
      page.figure(
          BarChart.histogram(
              "Staleness of applied gradients",
              "versions published between reading and applying",
              Axis.logarithmic("gradients", ""),
              counts),
          counts.length > LAST_BUCKET
              ? "The last bar holds all that were staler. The axis is logarithmic."
              : "The axis is logarithmic.");
    }
    if (met) {
      List<String> names = IntStream.range(0, workers).mapToObj(Integer::toString).toList();
      page.figure(
          new HeatMap(
              "Exchanges by pair", "begun by worker", "with worker", "exchanges", names, pairings),
          cameBack() ? "Of a worker that was lost and came back, those since it came back." : "");
    }
    if (counts.length == 0) {
      page.note(
          "No staleness was counted: the counters of the workers are gone (the run died, or they"
              + " ran on other hosts); --log none keeps a record of every update.");
    }
    if (!met) {
      page.note(
          workers < 2
              ? "One worker meets nobody: --workers 2 or more have pairs."
              : "No exchange was counted: the counters of the workers are gone, or none took place;"
                  + " --log none keeps a record of every exchange.");
    }
  }

  private boolean cameBack() {
    boolean cameBack = run.result().path("restarts").asInt() > 0;
    for (JsonNode rank : run.stat().path("ranks")) {
      cameBack |= rank.path("incarnation").asInt() > 0;
    }
    return cameBack;
  }

  private long[] histogram() {
    List<JsonNode> each = new ArrayList<>();
    if (run.result().path("stalenessHistograms").isArray()) {
      run.result().path("stalenessHistograms").forEach(each::add);
    } else {
      run.stat().path("ranks").forEach(rank -> each.add(rank.path("stalenessHistogram")));
    }
    long[] sum = new long[each.stream().mapToInt(JsonNode::size).max().orElse(0)];
    for (JsonNode histogram : each) {
      for (int i = 0; i < histogram.size(); i++) {
        sum[i] += histogram.get(i).asLong();
      }
    }
    return Arrays.stream(sum).allMatch(count -> count == 0) ? new long[0] : sum;
  }

  private double[][] pairings() {
    double[][] pairings = new double[workers][workers];
    for (int rank = 0; rank < workers; rank++) {
      JsonNode saved = run.result().path("pairings").path(rank);
      for (int peer = 0; peer < Math.min(workers, saved.size()); peer++) {
        pairings[rank][peer] = saved.get(peer).asDouble();
      }
      if (!run.isFinished()) {
        for (JsonNode peer : run.stat().path("ranks").path(rank).path("pairings")) {
          int number = peer.path("peer").asInt(-1);
          if (number >= 0 && number < workers) {
            pairings[rank][number] = peer.path("exchanges").asDouble();
          }
        }
      }
      pairings[rank][rank] = Double.NaN;
    }
    return pairings;
  }

  void timeLine(Page page) {
    Path logs = run.rankDirectory().resolve("log");
    if (!Files.isDirectory(logs)) {
      page.note(
          "The run kept no log of its updates: --log none records when each took place, --log f32"
              + " or bf16 its gradients too."
              + (run.isLaunched() ? " Ranks that are launched one by one cannot have one." : ""));
      return;
    }
    try {
      timeLineOfLogs(page);
    } catch (StarlingException unreadable) {
      page.note("The log of updates shows nothing: " + unreadable.getMessage() + ".");
    }
  }

  private void timeLineOfLogs(Page page) {
    ExchangeHistory history = ExchangeHistory.read(run.rankDirectory(), run.middleNs(), EVENTS);
    boolean isMiddle = !history.events().isEmpty();
    if (!isMiddle) {
      history = ExchangeHistory.read(run.rankDirectory(), Long.MIN_VALUE, EVENTS);
    }
    if (history.events().isEmpty()) {
      page.note("The log has no update: the run ended before the first.");
      return;
    }
    int rows = Math.min(workers, MAX_ROWS);
    page.figure(draw(history, rows), caption(history, rows, isMiddle));
    history.damages().forEach(page::note);
  }

  private static TimeLine draw(ExchangeHistory history, int rows) {
    TimeLine line =
        new TimeLine(
            "Updates and exchanges",
            Axis.fromZero("time", "ms"),
            IntStream.range(0, rows).mapToObj(rank -> "worker " + rank).toList());
    for (ExchangeHistory.Event event : history.events()) {
      if (event.rank() >= rows) {
        continue;
      }
      double from = 1000 * Math.max(0, event.from());
      double to = 1000 * event.to();
      String kind =
          switch (event.outcome()) {
            case EXCHANGED -> "exchange";
            case ALONE -> "alone";
            case TORN -> "torn";
          };
      boolean isShown = event.peer() >= 0 && event.peer() < rows;
      String partner = event.peer() < 0 ? "" : " with worker " + event.peer();
      line.interval(
          event.rank(),
          from,
          to,
          kind,
          "worker %d: %s%s, %s ms".formatted(event.rank(), kind, partner, Numbers.text(to - from)));
      if (isShown) {
        line.link(event.rank(), event.peer(), to, kind);
      }
    }
    return line;
  }

  private String caption(ExchangeHistory history, int rows, boolean isMiddle) {
    return "%s ms %s of the run, in which the busiest worker published %d times%s. A bar"
            .formatted(
                Numbers.text(1000 * history.seconds()),
                isMiddle ? "in the middle" : "at the beginning",
                EVENTS,
                rows < workers ? "; the first " + rows + " of " + workers + " workers" : "")
        + " begins when the worker takes a gradient and ends when the update is published, from its"
        + " end a line leads to the partner. Attempts that found a partner busy are counted above,"
        + " not logged.";
  }
}
