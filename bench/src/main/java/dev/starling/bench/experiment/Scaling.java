package dev.starling.bench.experiment;

import dev.starling.cli.Terminal;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.sim.ScaleOptions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Throughput against the number of workers: {@code starling experiment scaling}. */
@Command(
    name = "scaling",
    header = "Measure throughput with 1 to 16 workers, and simulate up to 1024.",
    description = {
      "",
      "Workers on this machine pretend to have a GPU each (train --compute-ms), so that the"
          + " processors are left for the communication. What is simulated or computed by a formula"
          + " is marked so.",
      ""
    })
final class Scaling extends ExperimentCommand {
  private static final String MEASURED = "measured";
  private static final String SIMULATED = "simulated";
  private static final String FORMULA = "formula";
  private static final double MS_PER_S = 1e3;

  @Option(
      names = "--workers",
      paramLabel = "N,...",
      split = ",",
      description = "Numbers of workers to measure; the first one must be 1. Default: 1,2,4,8,16.")
  private List<Integer> workers;

  @Option(
      names = "--simulated",
      paramLabel = "N,...",
      split = ",",
      description = "Numbers of workers to simulate, 2 to 1024. Default: 16,64,256,1024.")
  private List<Integer> simulated;

  @Option(
      names = "--algorithms",
      paramLabel = "NAME,...",
      split = ",",
      description = "Which ones. Default: ad-psgd,allreduce,d-psgd,a-psgd.")
  private List<String> algorithms = Algorithms.ALL;

  @Option(
      names = "--compute-ms",
      paramLabel = "MS",
      description = "Time of a gradient, 1 to 10000. Default: 50.")
  private Double computeMs;

  @Option(
      names = "--seconds",
      paramLabel = "T",
      description = "Length of each measured run, 0.1 to 3600. Default: 15.")
  private Double seconds;

  @Option(names = "--seed", paramLabel = "S", description = "Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  Scaling(Terminal terminal, RunLauncher launcher) {
    super(terminal, launcher);
  }

  @Override
  List<RunSpec> plan() {
    check();
    List<RunSpec> plan = new ArrayList<>();
    for (int count : workers) {
      // Alone, a worker does the same in every algorithm.
      for (String algorithm : count == 1 ? algorithms.subList(0, 1) : algorithms) {
        plan.add(measured(algorithm, count));
      }
    }
    for (int count : simulated) {
      for (String algorithm : algorithms) {
        if (algorithm.equals(Algorithms.AD_PSGD)) {
          plan.add(simulated(algorithm, count));
        }
      }
    }
    return plan;
  }

  private void check() {
    Algorithms.require(algorithms);
    workers = workers != null ? workers : quick() ? List.of(1, 4) : List.of(1, 2, 4, 8, 16);
    simulated = simulated != null ? simulated : quick() ? List.of(8) : List.of(16, 64, 256, 1024);
    computeMs = computeMs != null ? computeMs : quick() ? 20.0 : 50.0;
    seconds = seconds != null ? seconds : quick() ? 0.6 : 15.0;
    if (workers.isEmpty() || workers.getFirst() != 1) {
      throw new ConfigurationException(
          "--workers=" + workers + " must begin with 1, which the others are compared with");
    }
    workers.forEach(n -> ConfigurationException.requireRange("--workers", n, 1, 1024));
    simulated.forEach(
        n -> ConfigurationException.requireRange("--simulated", n, 2, ScaleOptions.MAX_WORKERS));
    ConfigurationException.requireRange("--compute-ms", computeMs, 1, 10_000);
    ConfigurationException.requireRange("--seconds", seconds, 0.1, 3600);
  }

  private RunSpec measured(String algorithm, int count) {
    return new RunSpec.Training(algorithm)
        .key("workers", count)
        .key("source", MEASURED)
        .option("--model", "softmax")
        .option("--workers", count)
        .option("--compute-ms", computeMs)
        .option("--steps", Math.max(3, Math.round(seconds * MS_PER_S / computeMs)))
        .option("--seed", seed)
        .expectedSeconds(seconds)
        .named(algorithm + "-" + count);
  }

  private RunSpec simulated(String algorithm, int count) {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("algorithm", algorithm);
    keys.put("workers", count);
    keys.put("source", SIMULATED);
    List<String> arguments =
        List.of(
            "sim",
            "scale",
            "--workers",
            Integer.toString(count),
            "--algorithm",
            algorithm,
            "--compute-ms",
            Numbers.plain(computeMs),
            "--epochs",
            "2",
            "--steps",
            quick() ? "5" : "40",
            "--seed",
            Long.toString(seed));
    return new RunSpec(algorithm + "-simulated-" + count, keys, arguments, 2 + count / 8.0, false);
  }

  @Override
  Row row(RunOutcome outcome, List<RunOutcome> before) {
    return outcome.spec().isTraining() ? measured(outcome, before) : simulated(outcome);
  }

  /** Efficiency is against one worker alone, the first run. */
  private static Row measured(RunOutcome outcome, List<RunOutcome> before) {
    Map<String, Object> keys = outcome.spec().keys();
    RunOutcome one = before.isEmpty() ? outcome : before.getFirst();
    double efficiency =
        outcome.samplesPerSecond()
            / (require(one, "one worker alone").samplesPerSecond()
                * ((Number) keys.get("workers")).doubleValue());
    return new Row(outcome)
        .put("samplesPerSecond", outcome.samplesPerSecond())
        .put("epochSeconds", outcome.epochSeconds())
        .put("efficiency", efficiency)
        .put("exchanges", (long) outcome.number("exchanges"))
        .put("stalenessMean", outcome.number("stalenessMean"))
        .put("cpuBusy", outcome.cpuBusy())
        .put("valid", outcome.isQuiet() && one.isQuiet());
  }

  private static Row simulated(RunOutcome outcome) {
    var options = outcome.result().path("options");
    double samples =
        options.path("workers").asDouble()
            * options.path("steps").asDouble()
            * options.path("batch").asDouble();
    double epochSeconds = outcome.number("epochSeconds");
    return new Row(outcome)
        .put("samplesPerSecond", samples / epochSeconds)
        .put("epochSeconds", epochSeconds)
        .put("efficiency", outcome.number("efficiency"))
        .put("exchanges", (long) outcome.number("exchanges"))
        .put("stalenessMean", outcome.number("stalenessMean"))
        .put("idealEpochSeconds", outcome.number("idealEpochSeconds"))
        .put(
            "ringAllReduceEpochSeconds",
            outcome.result().path("ringAllReduce").path("epochSeconds").asDouble(Double.NaN))
        .put("samples", samples);
  }

  /** The simulator's formula for the ring stands beside what it simulates. */
  @Override
  List<Row> summaries(List<Row> rows) {
    return rows.stream()
        .filter(row -> !row.hasFailed() && row.text("source").equals(SIMULATED))
        .map(
            row ->
                new Row()
                    .put("algorithm", Algorithms.ALL_REDUCE)
                    .put("workers", row.map().get("workers"))
                    .put("source", FORMULA)
                    .put(
                        "samplesPerSecond",
                        row.number("samples") / row.number("ringAllReduceEpochSeconds"))
                    .put("epochSeconds", row.number("ringAllReduceEpochSeconds"))
                    .put(
                        "efficiency",
                        row.number("idealEpochSeconds") / row.number("ringAllReduceEpochSeconds")))
        .toList();
  }

  @Override
  Map<String, TextTable> tables(List<Row> rows) {
    TextTable table =
        new TextTable(
            "algorithm", "workers", "source", "samples/s", "efficiency", "staleness", "CPU busy");
    for (Row row : rows) {
      if (!row.hasFailed()) {
        boolean measured = row.text("source").equals(MEASURED);
        table.row(
            row.text("algorithm"),
            row.text("workers"),
            row.text("source"),
            Numbers.fixed(row.number("samplesPerSecond"), 0),
            Numbers.fixed(row.number("efficiency"), 3)
                + (measured && !row.is("valid") ? " (invalid)" : ""),
            Numbers.fixed(row.number("stalenessMean"), 2),
            measured ? Numbers.fixed(100 * row.number("cpuBusy"), 0) + " %" : "-");
      }
    }
    Map<String, TextTable> tables = new LinkedHashMap<>();
    tables.put("Throughput of all workers together", table);
    return tables;
  }

  @Override
  void draw(Page page, List<Row> rows, List<RunOutcome> outcomes) {
    LineChart chart =
        new LineChart(
            "Efficiency", Axis.logarithmic("workers", ""), Axis.fromZero("efficiency", ""));
    for (String source : List.of(MEASURED, SIMULATED, FORMULA)) {
      for (String algorithm : Algorithms.ALL) {
        List<Row> own =
            rows.stream()
                .filter(row -> !row.hasFailed())
                .filter(row -> row.text("source").equals(source))
                .filter(row -> row.text("algorithm").equals(algorithm))
                .sorted(Comparator.comparingDouble(row -> row.number("workers")))
                .toList();
        if (!own.isEmpty()) {
          chart.line(
              algorithm + ", " + source,
              own.stream().mapToDouble(row -> row.number("workers")).toArray(),
              own.stream().mapToDouble(row -> row.number("efficiency")).toArray());
        }
      }
    }
    page.figure(chart);
  }

  @Override
  List<String> notes() {
    return List.of(
        "measured: workers on this machine; efficiency is the rate over that of one worker alone"
            + " times their number.",
        "simulated: 'starling sim scale', virtual time on a model of a network; efficiency is"
            + " against workers that communicate for free.",
        "formula: a ring all-reduce after each gradient on the same model of a network, not"
            + " simulated; efficiency likewise.",
        "A measured row is invalid when the machine's processors were more than 70 % busy.");
  }
}
