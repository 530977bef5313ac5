package dev.starling.cli.log;

import dev.starling.cli.Json;
import dev.starling.engine.log.RecordKind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Shows the counts of a run's logs, for people and for programs. */
final class LogStatReport {
  /** More ranks than this make a table that no terminal is wide enough for. */
  private static final int MATRIX_RANKS = 16;

  private static final int BAR = 30;
  private static final RecordKind[] KINDS = RecordKind.values();

  private final Path directory;
  private final LogStatistics statistics;
  private final RankCounts total;
  private final RateHistory history;
  private final StringBuilder text = new StringBuilder();

  private LogStatReport(Path directory, LogStatistics statistics) {
    this.directory = directory;
    this.statistics = statistics;
    total = statistics.total();
    history = statistics.history();
  }

  /**
   * Shows counts to people.
   *
   * @param directory where the logs are
   * @param statistics the counts
   * @return lines, each ended
   */
  static String text(Path directory, LogStatistics statistics) {
    return new LogStatReport(directory, statistics).text();
  }

  /**
   * Shows counts to programs.
   *
   * @param directory where the logs are
   * @param statistics the counts
   * @return the counts by name
   */
  static Map<String, Object> json(Path directory, LogStatistics statistics) {
    return new LogStatReport(directory, statistics).json();
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }

  private String text() {
    line(
        "%s: %d logs of %d ranks, %d records, %d bytes",
        directory, statistics.logs(), statistics.ranks().size(), total.records(), total.bytes());
    if (!history.isEmpty()) {
      line(
          "%s to %s, %.1f s: %s records/s, %s bytes/s",
          Times.brief(history.firstNs()),
          Times.brief(history.lastNs()),
          history.seconds(),
          rate(total.records(), history.seconds()),
          rate(total.bytes(), history.seconds()));
    }
    ranks();
    kinds();
    rates();
    matrix();
    statistics.damages().forEach(damage -> line("%nWARNING: %s", damage));
    return text.toString();
  }

  private static String rate(long count, double seconds) {
    return seconds > 0 ? String.format(Locale.ROOT, "%.0f", count / seconds) : "-";
  }

  private void ranks() {
    line(
        "%n%-6s %12s %14s %10s %10s %10s %10s %6s %7s %7s %9s",
        "rank",
        "records",
        "bytes",
        "updates",
        "gradients",
        "steps",
        "exchanges",
        "torn",
        "fences",
        "broken",
        "rejected");
    statistics.ranks().forEach((rank, counts) -> rank(Integer.toString(rank), counts));
    rank("all", total);
  }

  private void rank(String name, RankCounts counts) {
    line(
        "%-6s %12d %14d %10d %10d %10d %10d %6d %7d %7d %9d",
        name,
        counts.records(),
        counts.bytes(),
        counts.records(RecordKind.GRADIENT),
        counts.gradients(),
        counts.records(RecordKind.STEP),
        counts.records(RecordKind.COMMIT),
        counts.records(RecordKind.TORN),
        counts.records(RecordKind.FENCE),
        counts.broken(),
        counts.rejected());
  }

  private void kinds() {
    line("%n%-12s %12s %14s %8s", "kind", "records", "bytes", "share");
    for (RecordKind kind : KINDS) {
      if (total.records(kind) > 0) {
        line(
            "%-12s %12d %14d %6.2f %%",
            kind,
            total.records(kind),
            total.bytes(kind),
            100.0 * total.bytes(kind) / total.bytes());
      }
    }
  }

  private void rates() {
    List<RateHistory.Interval> intervals = history.intervals();
    long most = intervals.stream().mapToLong(RateHistory.Interval::bytes).max().orElse(0);
    line("%n%-24s %6s %12s %14s", "from", "s", "records/s", "bytes/s");
    for (RateHistory.Interval interval : intervals) {
      line(
          "%-24s %6d %12s %14s  %s",
          Times.brief(interval.startNs()),
          interval.seconds(),
          rate(interval.records(), interval.seconds()),
          rate(interval.bytes(), interval.seconds()),
          "#".repeat((int) Math.round((double) BAR * interval.bytes() / most)));
    }
  }

  private void matrix() {
    List<Integer> exchangers = statistics.exchangers();
    if (exchangers.size() > MATRIX_RANKS) {
      line("%nexchanges of %d ranks with each other: --json has the table", exchangers.size());
      return;
    }
    StringBuilder heading = new StringBuilder("\nexchanges of stripes, initiator by peer\n      ");
    exchangers.forEach(peer -> heading.append(String.format(Locale.ROOT, " %8d", peer)));
    line("%s", heading);
    for (int initiator : exchangers) {
      StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "%-6d", initiator));
      for (int peer : exchangers) {
        long count = statistics.exchanges(initiator, peer);
        row.append(String.format(Locale.ROOT, " %8s", count == 0 ? "." : count));
      }
      line("%s", row);
    }
  }

  private Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("directory", directory.toString());
    json.put("logs", statistics.logs());
    json.put("firstTime", history.isEmpty() ? null : Times.exact(history.firstNs()));
    json.put("lastTime", history.isEmpty() ? null : Times.exact(history.lastNs()));
    json.put("seconds", history.seconds());
    json.put("recordsPerSecond", Json.number(total.records() / history.seconds()));
    json.put("bytesPerSecond", Json.number(total.bytes() / history.seconds()));
    json.put("total", total.json());
    List<Map<String, Object>> ranks = new ArrayList<>();
    statistics
        .ranks()
        .forEach(
            (rank, counts) -> {
              Map<String, Object> entry = new LinkedHashMap<>();
              entry.put("rank", rank);
              entry.putAll(counts.json());
              ranks.add(entry);
            });
    json.put("ranks", ranks);
    json.put("rates", history.intervals().stream().map(LogStatReport::json).toList());
    json.put("exchanges", exchanges());
    json.put("damage", statistics.damages());
    return json;
  }

  private static Map<String, Object> json(RateHistory.Interval interval) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("from", Times.exact(interval.startNs()));
    json.put("seconds", interval.seconds());
    json.put("recordsPerSecond", (double) interval.records() / interval.seconds());
    json.put("bytesPerSecond", (double) interval.bytes() / interval.seconds());
    return json;
  }

  private Map<String, Object> exchanges() {
    List<Integer> exchangers = statistics.exchangers();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ranks", exchangers);
    json.put(
        "counts",
        exchangers.stream()
            .map(
                initiator ->
                    exchangers.stream().map(peer -> statistics.exchanges(initiator, peer)).toList())
            .toList());
    return json;
  }
}
