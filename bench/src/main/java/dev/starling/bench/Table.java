package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints JMH's JSON results ({@code -rf json -rff FILE}) as Markdown tables. */
public final class Table {
  private static final String JAVA_NS = "javaNs";
  private static final String RIVAL_NS = "rivalNs";
  private static final List<String> LATENCIES = List.of("p50Ns", "p99Ns", "p999Ns", "maxNs");

  private Table() {}

  /**
   * Prints a table for each file.
   *
   * @param args the files
   */
  public static void main(String[] args) {
    if (args.length == 0) {
      System.err.println(
          "No file was named; pass the JSON files that JMH wrote with -rf json -rff FILE.");
      System.exit(2);
    }
    for (String file : args) {
      try {
        System.out.print(markdown(new ObjectMapper().readTree(Path.of(file).toFile())));
      } catch (IOException | IllegalArgumentException e) {
        System.err.println(
            file + " is not a readable JMH result (" + e.getMessage() + "); pass a file of JMH.");
        System.exit(1);
      }
    }
  }

  /**
   * Turns results into Markdown: paired benchmarks as times of both sides and the ratio rival /
   * Java (above 1: Java is faster), its median over the iterations and its range; latencies as the
   * medians of their percentiles over the iterations, and the longest of all; others as JMH's
   * score.
   *
   * @param results the array JMH wrote
   * @return lines that end in a newline
   * @throws IllegalArgumentException if it is no array of results
   */
  static String markdown(JsonNode results) {
    if (!results.isArray() || results.isEmpty()) {
      throw new IllegalArgumentException("it holds no array of results");
    }
    List<String> paired = new ArrayList<>();
    List<String> latencies = new ArrayList<>();
    List<String> single = new ArrayList<>();
    for (JsonNode result : results) {
      JsonNode secondary = result.path("secondaryMetrics");
      if (secondary.has(JAVA_NS)) {
        paired.add(first(result) + pairedCells(secondary));
      } else if (secondary.has(LATENCIES.getFirst())) {
        latencies.add(first(result) + latencyCells(secondary));
      } else {
        single.add(first(result) + scoreCells(result.path("primaryMetric")));
      }
    }
    StringBuilder text = new StringBuilder();
    table(
        text,
        "| benchmark | parameters | Java | rival | rival / Java | range |\n"
            + "|---|---|---:|---:|---:|---:|\n",
        paired);
    table(
        text,
        "| benchmark | parameters | p50 | p99 | p99.9 | longest |\n|---|---|---:|---:|---:|---:|\n",
        latencies);
    table(
        text,
        "| benchmark | parameters | score | error | unit |\n|---|---|---:|---:|---|\n",
        single);
    return text.toString();
  }

  private static void table(StringBuilder text, String header, List<String> rows) {
    if (!rows.isEmpty()) {
      text.append(text.isEmpty() ? "" : "\n").append(header);
      rows.forEach(text::append);
    }
  }

  private static String first(JsonNode result) {
    String[] name = result.path("benchmark").asText().split("\\.");
    if (name.length < 2) {
      throw new IllegalArgumentException("a result has no benchmark name");
    }
    return "| "
        + name[name.length - 2]
        + "."
        + name[name.length - 1]
        + " | "
        + parameters(result.path("params"))
        + " | ";
  }

  private static String scoreCells(JsonNode primary) {
    return format("%.3f | ", primary.path("score").asDouble())
        + format("%.3f | ", primary.path("scoreError").asDouble())
        + primary.path("scoreUnit").asText()
        + " |\n";
  }

  private static String latencyCells(JsonNode secondary) {
    StringBuilder cells = new StringBuilder();
    for (String name : LATENCIES) {
      double[] values = iterations(secondary.path(name));
      if (values.length == 0) {
        throw new IllegalArgumentException("a latency has no iterations");
      }
      boolean longest = name.equals(LATENCIES.getLast());
      cells
          .append(time(longest ? Arrays.stream(values).max().orElseThrow() : median(values)))
          .append(longest ? " |\n" : " | ");
    }
    return cells.toString();
  }

  private static String pairedCells(JsonNode secondary) {
    double[] javaNs = iterations(secondary.path(JAVA_NS));
    double[] rivalNs = iterations(secondary.path(RIVAL_NS));
    if (javaNs.length == 0 || javaNs.length != rivalNs.length) {
      throw new IllegalArgumentException("the two sides have different numbers of iterations");
    }
    double[] ratios = new double[javaNs.length];
    Arrays.setAll(ratios, i -> rivalNs[i] / javaNs[i]);
    Arrays.sort(ratios);
    return time(median(javaNs))
        + " | "
        + time(median(rivalNs))
        + format(" | %.3f", median(ratios))
        + format(" | %.3f-", ratios[0])
        + format("%.3f |\n", ratios[ratios.length - 1]);
  }

  private static String parameters(JsonNode params) {
    List<String> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : params.properties()) {
      all.add(entry.getKey() + "=" + entry.getValue().asText());
    }
    Collections.sort(all);
    return String.join(", ", all);
  }

  private static double[] iterations(JsonNode metric) {
    List<Double> all = new ArrayList<>();
    for (JsonNode fork : metric.path("rawData")) {
      for (JsonNode iteration : fork) {
        all.add(iteration.asDouble());
      }
    }
    return all.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int count = sorted.length;
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
  }

  private static String time(double ns) {
    return ns < 1e3
        ? format("%.1f ns", ns)
        : ns < 1e6 ? format("%.3f us", ns / 1e3) : format("%.3f ms", ns / 1e6);
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
