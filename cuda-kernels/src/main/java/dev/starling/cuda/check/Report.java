package dev.starling.cuda.check;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Results: all of them as they come and in the JSON object, those that count most in the table. */
final class Report {
  private static final String ROW = "%-60s %10s %-10s %-8s %s";

  /** No goal. */
  private static final double NONE = Double.NaN;

  /** One result; what it is made of is for the reader. */
  private record Row(
      String what, double value, String unit, double goal, String parts, boolean inTable) {
    boolean isMissed() {
      return !Double.isNaN(goal) && !(value >= goal);
    }

    @Override
    public String toString() {
      String verdict = Double.isNaN(goal) ? "" : isMissed() ? "MISSED" : "reached";
      String wanted = Double.isNaN(goal) ? "" : ">= %.2f".formatted(goal);
      String end = parts.isEmpty() ? verdict : (verdict + " (" + parts + ")").strip();
      return ROW.formatted(what, number(), unit, wanted, end).stripTrailing();
    }

    private String number() {
      boolean whole = value == Math.rint(value) && unit.isEmpty();
      int digits = whole || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
      return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    String toJson() {
      String wanted = Double.isNaN(goal) ? "" : ",\"goal\":" + goal + ",\"reached\":" + !isMissed();
      String made = parts.isEmpty() ? "" : ",\"parts\":" + quoted(parts);
      return "{\"what\":%s,\"value\":%s,\"unit\":%s%s%s}"
          .formatted(quoted(what), plain(value), quoted(unit), wanted, made);
    }

    /** JSON has neither infinities nor NaN. */
    private static String plain(double value) {
      return Double.isFinite(value) ? Double.toString(Math.round(value * 1e4) / 1e4) : "null";
    }
  }

  private final PrintStream progress;
  private final List<Row> rows = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();
  private String device = "";
  private long differences;

  /** Prints results as they come. */
  Report(PrintStream progress) {
    this.progress = progress;
  }

  /** Says which device it is about. */
  void device(String facts) {
    device = facts;
    progress.println(facts);
  }

  /** Adds a result to the table. */
  void add(String what, double value, String unit) {
    add(new Row(what, value, unit, NONE, "", true));
  }

  /**
   * Adds a result that is to be no less than its goal, and what it is made of; not in the table.
   */
  void detail(String what, double value, String unit, double goal, String parts) {
    add(new Row(what, value, unit, goal, parts, false));
  }

  /** Puts the least of the details whose name ends in this into the table, as the slowest. */
  void slowest(String ending) {
    rows.stream()
        .filter(row -> !row.inTable() && row.what().endsWith(ending))
        .min((a, b) -> Double.compare(a.value(), b.value()))
        .ifPresent(
            row ->
                rows.add(
                    new Row(
                        "slowest: " + row.what(),
                        row.value(),
                        row.unit(),
                        row.goal(),
                        row.parts(),
                        true)));
  }

  private void add(Row row) {
    rows.add(row);
    progress.println(row);
  }

  /** Adds how many results of the device were compared with the CPU's, and how many differ. */
  void compared(String what, long results, long different) {
    add(what + ", compared with the CPU", results, "");
    add("those that differ", different, "");
    differences += different;
  }

  /** Adds what could not be done. */
  void failed(String what, RuntimeException failure) {
    String text = what + ": " + failure.getMessage();
    failures.add(text);
    progress.println("FAILED: " + text);
  }

  /** Results that differ from those of the CPU, and what could not be done. */
  long wrong() {
    return differences + failures.size();
  }

  /** Goals that were not reached. */
  long missed() {
    return rows.stream().filter(row -> !row.inTable() && row.isMissed()).count();
  }

  /** The table, without a line end after its last line. */
  String table() {
    StringBuilder text = new StringBuilder(device).append('\n');
    text.append(ROW.formatted("what", "measured", "", "goal", "").stripTrailing()).append('\n');
    rows.stream().filter(Row::inTable).forEach(row -> text.append(row).append('\n'));
    failures.forEach(failure -> text.append("FAILED: ").append(failure).append('\n'));
    return text.append(verdict()).toString();
  }

  private String verdict() {
    return "results that differ: %,d, parts that failed: %d, goals that are missed: %d"
        .formatted(differences, failures.size(), missed());
  }

  /** All of it as one line. */
  String json() {
    List<String> all = rows.stream().map(Row::toJson).toList();
    List<String> failed = failures.stream().map(Report::quoted).toList();
    return "{\"device\":%s,\"differences\":%d,\"failures\":[%s],\"goalsMissed\":%d,\"results\":[%s]}"
        .formatted(
            quoted(device), differences, String.join(",", failed), missed(), String.join(",", all));
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
