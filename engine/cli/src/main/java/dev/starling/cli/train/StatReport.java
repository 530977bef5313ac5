package dev.starling.cli.train;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Locale;

/** The counters of a run as tables for people. */
final class StatReport {
  private static final int MAX_MATRIX = 16;

  private final StringBuilder text = new StringBuilder();

  private StatReport() {}

  /**
   * Writes the tables.
   *
   * @param directory the run directory
   * @param stat what {@link RunStat#toJson} made
   * @return several lines, each ending with a line break
   */
  static String of(Path directory, JsonNode stat) {
    StatReport report = new StatReport();
    report.format(
        "%s: %s (%s), %d samples or steps not taken yet%n%n",
        directory,
        stat.path("state").asText(),
        stat.path("phase").asText(),
        stat.path("workLeft").asLong());
    report.ranks(stat.path("ranks"));
    if (stat.path("ranks").size() <= MAX_MATRIX) {
      report.pairings(stat.path("ranks"));
    }
    return report.text.toString();
  }

  private void ranks(JsonNode ranks) {
    format(
        "%4s %-9s %4s %9s %9s %9s %8s %8s %6s %6s %7s %6s %6s %7s%n",
        "rank",
        "state",
        "inc.",
        "steps",
        "steps/s",
        "straggler",
        "loss",
        "begun",
        "torn",
        "busy",
        "stale",
        "max",
        "late",
        "silent");
    for (JsonNode rank : ranks) {
      JsonNode counters = rank.path("counters");
      format(
          "%4d %-9s %4s %9d %9.1f %9s %8.4f %8d %6d %6d %7s %6d %6d %7s%n",
          rank.path("rank").asInt(),
          state(rank),
          rank.path("incarnation").asText("-"),
          rank.path("steps").asLong(),
          rank.path("stepsPerSecond").asDouble(),
          number(rank.path("stragglerScore"), "%.2f"),
          rank.path("loss").asDouble(),
          counters.path("exchanges").asLong(),
          counters.path("exchanges_torn").asLong(),
          counters.path("partner_busy").asLong(),
          number(rank.path("stalenessMean"), "%.2f"),
          rank.path("stalenessMax").asLong(),
          counters.path("gradients_late").asLong()
              + counters.path("gradients_late_at_submit").asLong(),
          number(rank.path("silentSeconds"), "%.1f s"));
    }
  }

  private static String state(JsonNode rank) {
    return rank.has("alive") && !rank.path("alive").asBoolean()
        ? "dead"
        : rank.path("state").asText();
  }

  private void pairings(JsonNode ranks) {
    format("%nexchanges published, begun by the rank on the left%n%4s", "");
    for (int peer = 0; peer < ranks.size(); peer++) {
      format(" %7d", peer);
    }
    format("%n");
    for (JsonNode rank : ranks) {
      long[] row = new long[ranks.size()];
      for (JsonNode pairing : rank.path("pairings")) {
        row[pairing.path("peer").asInt()] = pairing.path("exchanges").asLong();
      }
      format("%4d", rank.path("rank").asInt());
      for (long exchanges : row) {
        format(" %7d", exchanges);
      }
      format("%n");
    }
  }

  private static String number(JsonNode value, String format) {
    return value.isNumber() ? String.format(Locale.ROOT, format, value.asDouble()) : "-";
  }

  private void format(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
  }
}
