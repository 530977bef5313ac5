package dev.starling.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.chaos.Fault.Kind;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What happened in all runs, for one table in Markdown. Belongs to the test's thread. */
final class ChaosReport {
  private final Map<Kind, Long> faults = new EnumMap<>(Kind.class);
  private final Map<String, Long> sums = new LinkedHashMap<>();
  private final Map<String, Long> largest = new LinkedHashMap<>();

  void add(Kind kind, long times) {
    faults.merge(kind, times, Long::sum);
  }

  void add(String name, long value) {
    sums.merge(name, value, Long::sum);
  }

  void largest(String name, long value) {
    largest.merge(name, value, Math::max);
  }

  /** Adds what happened in the runs of another report. */
  void addAll(ChaosReport other) {
    other.faults.forEach(this::add);
    other.sums.forEach(this::add);
    other.largest.forEach(this::largest);
  }

  /** Adds what {@code starling verify --json} found. */
  void verified(JsonNode verify) {
    add("runs verified", 1);
    add("runs not proven", verify.get("ok").asBoolean() ? 0 : 1);
    add("logs read", verify.get("logs").asLong());
    add("logs cut off", verify.get("unresolvedTail").size());
    add("open ends settled by other logs", verify.get("settled").size());
    add("records replayed", verify.get("records").asLong());
    add("gradients replayed", verify.get("gradients").asLong());
    add("checkpoint sets compared", verify.get("setsCompared").asLong());
  }

  long count(Kind kind) {
    return faults.getOrDefault(kind, 0L);
  }

  long sum(String name) {
    return sums.getOrDefault(name, 0L);
  }

  long largestOf(String name) {
    return largest.getOrDefault(name, 0L);
  }

  /** {@return signals that ended processes} */
  long kills() {
    return sum("processes killed");
  }

  /** {@return workers that were stopped for a while} */
  long pauses() {
    return count(Kind.PAUSE_SHORT) + count(Kind.PAUSE_LONG);
  }

  /** {@return the table, of two columns} */
  String toMarkdown() {
    StringBuilder text = new StringBuilder("| what | how many |\n|---|---:|\n");
    for (Kind kind : Kind.values()) {
      row(text, kind.label(), count(kind));
    }
    sums.forEach((name, value) -> row(text, name, value));
    largest.forEach((name, value) -> row(text, name, value));
    return text.toString();
  }

  private static void row(StringBuilder text, String name, long value) {
    text.append(String.format(Locale.ROOT, "| %s | %,d |%n", name, value));
  }
}
