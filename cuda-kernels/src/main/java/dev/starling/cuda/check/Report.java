package dev.starling.cuda.check;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Results, in the order in which they come. */
final class Report {
  private static final String ROW = "%-52s %12s %-10s %-8s %s";

  /** One line of the table; a goal that is NaN is none. */
  private record Row(String what, double value, String unit, double goal) {
    boolean isMissed() {
      return !Double.isNaN(goal) && !(value >= goal);
    }

    private String verdict() {
      if (Double.isNaN(goal)) {
        return "";
      }
      return isMissed() ? "MISSED" : "reached";
    }

    @Override
    public String toString() {
      String wanted = Double.isNaN(goal) ? "" : ">= %.2f".formatted(goal);
      return ROW.formatted(what, number(value), unit, wanted, verdict()).stripTrailing();
    }

    String toJson() {
      String wanted = Double.isNaN(goal) ? "" : ",\"goal\":" + goal + ",\"reached\":" + !isMissed();
      return "{\"what\":%s,\"value\":%s,\"unit\":%s%s}"
          .formatted(quoted(what), plain(value), quoted(unit), wanted);
    }

    private static String number(double value) {
      int digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
      return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    /** JSON has neither infinities nor NaN. */
    private static String plain(double value) {
      return Double.isFinite(value) ? Double.toString(value) : "null";
    }
  }

  private final PrintStream progress;
  private final List<Row> rows = new ArrayList<>();
  private String device = "";
  private int differences;

  /** Prints results as they come. */
  Report(PrintStream progress) {
    this.progress = progress;
  }

  /** Says which device it is about. */
  void device(String facts) {
    device = facts;
    progress.println(facts);
  }

  /** Adds a result without a goal. */
  void add(String what, double value, String unit) {
    add(what, value, unit, Double.NaN);
  }

  /** Adds a result that is to be no less than its goal. */
  void add(String what, double value, String unit, double goal) {
    Row row = new Row(what, value, unit, goal);
    rows.add(row);
    progress.println(row);
  }

  /** Adds what the comparison with the CPU found. */
  void compared(long cases, long results, int different) {
    add("cases compared with the CPU, bit for bit", cases, "");
    add("results compared", results, "");
    add("results that differ", different, "");
    differences += different;
  }

  /** Results that differ from those of the CPU. */
  int differences() {
    return differences;
  }

  /** Goals that were not reached. */
  long missed() {
    return rows.stream().filter(Row::isMissed).count();
  }

  /** The table, without a line end after its last line. */
  String table() {
    StringBuilder text = new StringBuilder(device).append('\n');
    text.append(ROW.formatted("what", "measured", "", "goal", "").stripTrailing()).append('\n');
    rows.forEach(row -> text.append(row).append('\n'));
    text.append(verdict());
    return text.toString();
  }

  private String verdict() {
    if (differences > 0) {
      return differences + " results DIFFER from those of the CPU";
    }
    return missed() > 0 ? missed() + " goals MISSED" : "nothing differs, no goal is missed";
  }

  /** All of it as one line. */
  String json() {
    List<String> all = rows.stream().map(Row::toJson).toList();
    return "{\"device\":%s,\"differences\":%d,\"goalsMissed\":%d,\"results\":[%s]}"
        .formatted(quoted(device), differences, missed(), String.join(",", all));
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
