package dev.starling.cli.topology;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All kinds of graph for one number of workers, except those from files.
 *
 * @param workers how many workers
 * @param seed decides the random graph
 * @param rows one for each kind
 */
record GraphTable(int workers, long seed, List<Row> rows) {
  /** A kind: its report, or why there is no such graph. */
  record Row(String kind, GraphReport report, String reason) {
    static Row of(String kind, int workers, long seed) {
      try {
        GraphReport report = GraphReport.of(Topology.parse(kind, workers, seed), seed);
        return new Row(report.topology().name(), report, null);
      } catch (ConfigurationException noSuchGraph) {
        return new Row(kind, null, noSuchGraph.getMessage());
      }
    }

    Map<String, Object> json() {
      if (report != null) {
        return report.figures();
      }
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("kind", kind);
      json.put("reason", reason);
      return json;
    }

    String text() {
      return report == null
          ? String.format(Locale.ROOT, "%-22s %s\n", kind, reason)
          : String.format(
              Locale.ROOT,
              "%-22s %8d %12s %13s %18.1f\n",
              kind,
              report.topology().edges(),
              report.degreeRange(),
              report.gap(),
              report.mixing().exchangesToHalve());
    }
  }

  static GraphTable of(int workers, long seed) {
    List<Row> rows = new ArrayList<>();
    for (String form : Topology.specifications().keySet()) {
      if (!form.startsWith("file:")) {
        rows.add(Row.of(form.replaceFirst("\\[.*", ""), workers, seed));
      }
    }
    return new GraphTable(workers, seed, rows);
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("workers", workers);
    json.put("seed", seed);
    json.put("kinds", rows.stream().map(Row::json).toList());
    return json;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "%-22s %8s %12s %13s %18s\n",
            workers + " workers", "edges", "degree", "spectral gap", "exchanges to halve"));
    rows.forEach(row -> text.append(row.text()));
    return text.append("--kind describes one of them, or the graph of a file.\n").toString();
  }
}
