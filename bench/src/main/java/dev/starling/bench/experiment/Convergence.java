package dev.starling.bench.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.Terminal;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import dev.starling.engine.ConfigurationException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Whether the algorithms learn alike: {@code starling experiment convergence}. */
@Command(
    name = "convergence",
    header = "Train with every algorithm for equal epochs and compare loss and accuracy.",
    description = {
      "",
      "Accuracy is that of the average of all replicas on samples that were not trained on. Each"
          + " seed trains with every algorithm, one after the other; differences are of equal"
          + " seeds.",
      ""
    })
final class Convergence extends ExperimentCommand {
  static final double GOAL_POINTS = 0.5;

  private static final double SECONDS_PER_EPOCH = 4;
  private static final int QUICK_SAMPLES = 400;
  private static final double PERCENT = 100;

  @Option(
      names = "--data",
      paramLabel = "generated|DIR,...",
      split = ",",
      description =
          "What to learn: generated digits, or directories with MNIST (IDX) or CIFAR-10 (binary)"
              + " files. Default: ${DEFAULT-VALUE}.")
  private List<String> data = List.of("generated");

  @Option(
      names = "--seeds",
      paramLabel = "A..B|S,S,...",
      description = "A run of each algorithm for each of them. Default: 1..5.")
  private String seeds;

  @Option(
      names = "--algorithms",
      paramLabel = "NAME,...",
      split = ",",
      description = "Which ones. Default: ad-psgd,allreduce,d-psgd,a-psgd.")
  private List<String> algorithms = Algorithms.ALL;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Number of workers, 1 to 1024. Default: ${DEFAULT-VALUE}.")
  private int workers = 4;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "As train takes it. Default: mlp:256,128.")
  private String model;

  @Option(names = "--epochs", paramLabel = "E", description = "Length of each run. Default: 15.")
  private Double epochs;

  Convergence(Terminal terminal, RunLauncher launcher) {
    super(terminal, launcher);
  }

  /**
   * Reads a list of seeds.
   *
   * @param text for instance {@code 1..5} or {@code 1,7}
   * @return the seeds
   * @throws ConfigurationException when it is neither
   */
  static List<Long> seeds(String text) {
    List<Long> seeds = new ArrayList<>();
    if (text.matches("\\d{1,18}\\.\\.\\d{1,18}")) {
      String[] ends = text.split("\\.\\.", -1);
      long first = Long.parseLong(ends[0]);
      long last = Long.parseLong(ends[1]);
      if (first <= last && last - first < 1000) {
        for (long seed = first; seed <= last; seed++) {
          seeds.add(seed);
        }
        return seeds;
      }
    } else if (text.matches("\\d{1,18}(,\\d{1,18})*")) {
      for (String seed : text.split(",", -1)) {
        seeds.add(Long.parseLong(seed));
      }
      return seeds;
    }
    throw new ConfigurationException(
        "--seeds=" + text + " is no list of seeds: write 1..5 or 1,2,3, at most 1000 of them");
  }

  @Override
  List<RunSpec> plan() {
    Algorithms.require(algorithms);
    ConfigurationException.requireRange("--workers", workers, 1, 1024);
    if (epochs != null) {
      ConfigurationException.requireRange("--epochs", epochs, 1e-6, 1e6);
    }
    List<RunSpec> plan = new ArrayList<>();
    for (String set : data) {
      for (long seed : seeds(seeds != null ? seeds : quick() ? "1" : "1..5")) {
        for (String algorithm : algorithms) {
          plan.add(run(set, seed, algorithm));
        }
      }
    }
    return plan;
  }

  private RunSpec run(String set, long seed, String algorithm) {
    double length = epochs != null ? epochs : quick() ? 2 : 15;
    String chosen = model != null ? model : quick() ? "softmax" : "mlp:256,128";
    RunSpec.Training run =
        new RunSpec.Training(algorithm)
            .key("data", set)
            .key("seed", seed)
            .key("epochs", length)
            .option("--data", set)
            .option("--model", chosen)
            .option("--workers", workers)
            .option("--epochs", length)
            .option("--seed", seed);
    if (quick() && set.equals("generated")) {
      run.option("--generated-samples", QUICK_SAMPLES);
    }
    Path file = Path.of(set).getFileName();
    return run.expectedSeconds(SECONDS_PER_EPOCH * length)
        .named(
            (file == null ? "data" : file)
                + "-"
                + data.indexOf(set)
                + "-"
                + seed
                + "-"
                + algorithm);
  }

  @Override
  Row row(RunOutcome outcome, List<RunOutcome> before) {
    return new Row(outcome)
        .put("accuracy", outcome.number("accuracy"))
        .put("evaluationLoss", outcome.number("evaluationLoss"))
        .put("loss", outcome.number("loss"))
        .put("samples", (long) outcome.number("samples"))
        .put("seconds", outcome.number("seconds"))
        .put("consensusDistance", outcome.number("consensusDistance"))
        .put("cpuBusy", outcome.cpuBusy());
  }

  @Override
  List<Row> summaries(List<Row> rows) {
    List<Row> summaries = new ArrayList<>();
    for (String set : data) {
      for (String algorithm : algorithms) {
        List<Row> own = of(rows, set, algorithm);
        if (!own.isEmpty()) {
          summaries.add(summary(set, algorithm, own, of(rows, set, Algorithms.ALL_REDUCE)));
        }
      }
    }
    return summaries;
  }

  private static List<Row> of(List<Row> rows, String set, String algorithm) {
    return rows.stream()
        .filter(row -> !row.hasFailed() && !row.is("summary"))
        .filter(row -> row.text("data").equals(set) && row.text("algorithm").equals(algorithm))
        .toList();
  }

  private static Row summary(String set, String algorithm, List<Row> own, List<Row> others) {
    List<Double> accuracies = own.stream().map(row -> PERCENT * row.number("accuracy")).toList();
    List<Double> differences = new ArrayList<>();
    for (Row row : own) {
      others.stream()
          .filter(other -> other.text("seed").equals(row.text("seed")))
          .forEach(
              other ->
                  differences.add(PERCENT * (row.number("accuracy") - other.number("accuracy"))));
    }
    double difference = Numbers.mean(differences);
    return new Row()
        .put("summary", true)
        .put("data", set)
        .put("algorithm", algorithm)
        .put("runs", own.size())
        .put("accuracyMeanPercent", Numbers.mean(accuracies))
        .put("accuracySpreadPercent", Numbers.spread(accuracies))
        .put("evaluationLossMean", mean(own, "evaluationLoss"))
        .put("secondsMean", mean(own, "seconds"))
        .put("differencePoints", difference)
        .put("differenceSpread", Numbers.spread(differences))
        .put("withinGoal", differences.isEmpty() ? null : difference >= -GOAL_POINTS);
  }

  private static double mean(List<Row> rows, String key) {
    return Numbers.mean(rows.stream().map(row -> row.number(key)).toList());
  }

  @Override
  Map<String, TextTable> tables(List<Row> rows) {
    Map<String, TextTable> tables = new LinkedHashMap<>();
    for (String set : data) {
      TextTable table =
          new TextTable(
              "algorithm",
              "runs",
              "accuracy, %",
              "loss",
              "seconds",
              "less AllReduce, points",
              "goal (-" + GOAL_POINTS + " or better)");
      for (Row row : rows) {
        if (row.is("summary") && row.text("data").equals(set)) {
          table.row(
              row.text("algorithm"),
              row.text("runs"),
              Numbers.withSpread(
                  row.number("accuracyMeanPercent"), row.number("accuracySpreadPercent"), 2),
              Numbers.fixed(row.number("evaluationLossMean"), 4),
              Numbers.fixed(row.number("secondsMean"), 1),
              Numbers.withSpread(row.number("differencePoints"), row.number("differenceSpread"), 2),
              row.map().get("withinGoal") == null ? "-" : row.is("withinGoal") ? "met" : "missed");
        }
      }
      tables.put("Data: " + set + ", " + workers + " workers; mean ± standard deviation", table);
    }
    return tables;
  }

  @Override
  void draw(Page page, List<Row> rows, List<RunOutcome> outcomes) {
    for (String set : data) {
      chart(page, outcomes, set, "epoch", "", "loss");
      chart(page, outcomes, set, "epoch", "", "accuracy");
      chart(page, outcomes, set, "seconds", "s", "loss");
      chart(page, outcomes, set, "seconds", "s", "accuracy");
    }
  }

  private void chart(
      Page page, List<RunOutcome> outcomes, String set, String along, String unit, String of) {
    LineChart chart =
        new LineChart(
            of + " by " + along + ", " + set, Axis.linear(along, unit), Axis.linear(of, ""));
    boolean any = false;
    for (String algorithm : algorithms) {
      List<List<JsonNode>> histories =
          outcomes.stream()
              .filter(outcome -> !outcome.hasFailed())
              .filter(outcome -> set.equals(outcome.spec().keys().get("data")))
              .filter(outcome -> algorithm.equals(outcome.spec().keys().get("algorithm")))
              .map(RunOutcome::history)
              .toList();
      Curves curves = Curves.of(histories, along, of);
      if (curves != null) {
        any = true;
        chart.line(algorithm, curves.x(), curves.mean());
        chart.band(algorithm, curves.x(), curves.low(), curves.high());
      }
    }
    if (any) {
      page.figure(chart);
    } else {
      page.note(
          "No curve of "
              + of
              + " by "
              + along
              + " for "
              + set
              + ": the runs were too short for one");
    }
  }

  @Override
  List<String> notes() {
    return List.of(
        "Goal: the accuracy of ad-psgd at most %s points below that of allreduce at equal epochs, mean over the seeds."
            .formatted(GOAL_POINTS),
        "An epoch is as many samples as the training set has, drawn by all workers together, in"
            + " every algorithm.",
        "The spread is the standard deviation over the seeds, of differences that of the"
            + " differences of equal seeds.",
        "Curves: mean of the seeds, with one standard deviation to either side.");
  }
}
