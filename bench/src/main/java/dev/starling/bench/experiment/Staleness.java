package dev.starling.bench.experiment;

import dev.starling.cli.Terminal;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.BarChart;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How old gradients are when they are applied: {@code starling experiment staleness}. */
@Command(
    name = "staleness",
    header = "Measure how stale gradients are, against the number of workers and the graph.",
    description = {
      "",
      "The staleness of a gradient is the number of versions of its replica between the one that it"
          + " was computed on and the one that it was applied to, read from the update logs (train"
          + " --log none).",
      ""
    })
final class Staleness extends ExperimentCommand {
  private static final double MS_PER_S = 1e3;
  private static final String HISTOGRAM = "histogram";

  @Option(
      names = "--workers",
      paramLabel = "N,...",
      split = ",",
      description = "Numbers of workers, 2 to 1024 each. Default: 2,4,8,16.")
  private List<Integer> workers;

  @Option(
      names = "--topologies",
      paramLabel = "GRAPH,...",
      split = ",",
      description = "Graphs as train takes them. Default: ring,bipartite-exponential,complete.")
  private List<String> topologies;

  @Option(
      names = "--compute-ms",
      paramLabel = "MS",
      description = "Time of a gradient, 1 to 10000. Default: ${DEFAULT-VALUE}.")
  private double computeMs = 20;

  @Option(
      names = "--seconds",
      paramLabel = "T",
      description = "Length of each run, 0.1 to 3600. Default: 10.")
  private Double seconds;

  @Option(names = "--seed", paramLabel = "S", description = "Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  Staleness(Terminal terminal, RunLauncher launcher) {
    super(terminal, launcher);
  }

  @Override
  List<RunSpec> plan() {
    workers = workers != null ? workers : quick() ? List.of(4) : List.of(2, 4, 8, 16);
    topologies =
        topologies != null
            ? topologies
            : quick()
                ? List.of("ring", "complete")
                : List.of("ring", "bipartite-exponential", "complete");
    seconds = seconds != null ? seconds : quick() ? 0.6 : 10.0;
    ConfigurationException.requireRange("--compute-ms", computeMs, 1, 10_000);
    ConfigurationException.requireRange("--seconds", seconds, 0.1, 3600);
    List<RunSpec> plan = new ArrayList<>();
    for (String topology : topologies) {
      for (int count : workers) {
        ConfigurationException.requireRange("--workers", count, 2, 1024);
        Topology.parse(topology, count, seed);
        plan.add(
            new RunSpec.Training(Algorithms.AD_PSGD)
                .key("workers", count)
                .key("topology", topology)
                .option("--model", "softmax")
                .option("--workers", count)
                .option("--topology", topology)
                .option("--compute-ms", computeMs)
                .option("--steps", Math.max(3, Math.round(seconds * MS_PER_S / computeMs)))
                .option("--log", "none")
                .option("--seed", seed)
                .expectedSeconds(seconds)
                .named(topology + "-" + count));
      }
    }
    return plan;
  }

  @Override
  Row row(RunOutcome outcome, List<RunOutcome> before) {
    long[] histogram = StalenessLog.histogram(ChildRuns.runDirectory(outcome.directory()));
    return new Row(outcome)
        .put("gradients", Arrays.stream(histogram).sum())
        .put("stalenessMean", StalenessLog.mean(histogram))
        .put("stalenessP50", StalenessLog.quantile(histogram, 0.5))
        .put("stalenessP90", StalenessLog.quantile(histogram, 0.9))
        .put("stalenessP99", StalenessLog.quantile(histogram, 0.99))
        .put("stalenessMax", histogram.length - 1)
        .put("countedMean", outcome.number("stalenessMean"))
        .put("countedMax", outcome.number("stalenessMax"))
        .put(HISTOGRAM, histogram)
        .put("cpuBusy", outcome.cpuBusy())
        .put("valid", outcome.isQuiet());
  }

  @Override
  Map<String, TextTable> tables(List<Row> rows) {
    TextTable table =
        new TextTable(
            "topology", "workers", "gradients", "mean", "p50", "p90", "p99", "max", "CPU busy");
    for (Row row : rows) {
      if (!row.hasFailed()) {
        table.row(
            row.text("topology"),
            row.text("workers"),
            Numbers.fixed(row.number("gradients"), 0),
            Numbers.fixed(row.number("stalenessMean"), 2) + (row.is("valid") ? "" : " (invalid)"),
            row.text("stalenessP50"),
            row.text("stalenessP90"),
            row.text("stalenessP99"),
            row.text("stalenessMax"),
            Numbers.fixed(100 * row.number("cpuBusy"), 0) + " %");
      }
    }
    Map<String, TextTable> tables = new LinkedHashMap<>();
    tables.put(
        "Staleness in versions, ad-psgd, gradients of " + Numbers.plain(computeMs) + " ms", table);
    return tables;
  }

  @Override
  void draw(Page page, List<Row> rows, List<RunOutcome> outcomes) {
    LineChart chart =
        new LineChart(
            "Mean staleness", Axis.linear("workers", ""), Axis.fromZero("staleness", "versions"));
    for (String topology : topologies) {
      List<Row> own =
          rows.stream()
              .filter(row -> !row.hasFailed() && row.text("topology").equals(topology))
              .sorted(Comparator.comparingDouble(row -> row.number("workers")))
              .toList();
      if (!own.isEmpty()) {
        chart.line(
            topology,
            own.stream().mapToDouble(row -> row.number("workers")).toArray(),
            own.stream().mapToDouble(row -> row.number("stalenessMean")).toArray());
      }
    }
    page.figure(chart);
    for (Row row : rows) {
      if (row.map().get(HISTOGRAM) instanceof long[] histogram && histogram.length > 0) {
        page.figure(
            BarChart.histogram(
                row.text("topology") + ", " + row.text("workers") + " workers",
                "staleness (versions)",
                Axis.fromZero("gradients", ""),
                histogram));
      }
    }
  }

  @Override
  List<String> notes() {
    return List.of(
        "A version of a replica is made by each gradient of its own, and by each exchange that a"
            + " neighbour begins with it.",
        "Of gradients that were merged before they were applied, the oldest counts.",
        "A row is invalid when the machine's processors were more than 70 % busy: then gradients"
            + " wait for a processor.");
  }
}
