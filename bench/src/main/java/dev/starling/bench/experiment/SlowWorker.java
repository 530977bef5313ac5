package dev.starling.bench.experiment;

import dev.starling.cli.Terminal;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** One worker computes slowly: {@code starling experiment slow-worker}. */
@Command(
    name = "slow-worker",
    header = "Slow one of 16 workers and see what becomes of the others.",
    description = {
      "",
      "Epoch time and speed-up of each algorithm over one worker alone, beside the ideal of n - 1 +"
          + " 1/s workers that is left when one of n is s times slower and nobody waits for it.",
      ""
    })
final class SlowWorker extends ExperimentCommand {
  static final double GOAL = 0.95;

  private static final String MODEL = "softmax";
  private static final int PAPER_WORKERS = 16;

  @Mixin private SlowedOptions slowed = new SlowedOptions();

  SlowWorker(Terminal terminal, RunLauncher launcher) {
    super(terminal, launcher);
  }

  /**
   * Returns how many undisturbed workers one slow one and the others are worth.
   *
   * @param workers all of them
   * @param slowdown of the slow one
   * @return n - 1 + 1/s
   */
  static double ideal(int workers, double slowdown) {
    return workers - 1 + 1 / slowdown;
  }

  @Override
  List<RunSpec> plan() {
    slowed.check(quick());
    List<RunSpec> plan = new ArrayList<>();
    plan.add(solo(slowed, MODEL));
    for (double slowdown : slowed.slowdowns()) {
      for (String algorithm : slowed.algorithms()) {
        int last = slowed.workers() - 1;
        RunSpec.Training run =
            new RunSpec.Training(algorithm)
                .key("slowdown", slowdown)
                .option("--model", MODEL)
                .option("--workers", slowed.workers())
                .option("--compute-ms", slowed.computeMs())
                .option("--steps", slowed.steps(algorithm, slowdown))
                .option("--seed", slowed.seed());
        if (slowdown > 1) {
          run.option("--slow", last + "=" + Numbers.plain(slowdown));
        }
        plan.add(
            run.expectedSeconds(slowed.expectedSeconds(algorithm, slowdown))
                .named(algorithm + "-slow-" + Numbers.plain(slowdown)));
      }
    }
    return plan;
  }

  /** One worker alone, which everything is compared with. */
  static RunSpec solo(SlowedOptions slowed, String model) {
    return new RunSpec.Training(Algorithms.AD_PSGD)
        .key("workers", 1)
        .option("--model", model)
        .option("--workers", 1)
        .option("--compute-ms", slowed.computeMs())
        .option("--steps", slowed.soloSteps())
        .option("--seed", slowed.seed())
        .expectedSeconds(slowed.seconds())
        .asReference()
        .named("one-worker");
  }

  @Override
  Row row(RunOutcome outcome, List<RunOutcome> before) {
    if (outcome.spec().reference()) {
      return new Row(outcome).put("epochSeconds", outcome.epochSeconds());
    }
    double slowdown = ((Number) outcome.spec().keys().get("slowdown")).doubleValue();
    return compare(outcome, before.getFirst(), ideal(slowed.workers(), slowdown));
  }

  /**
   * Compares a run with one worker alone.
   *
   * @param outcome the run; its last worker is the slow one
   * @param solo one worker alone
   * @param ideal how many times faster it could be
   * @return the row
   */
  static Row compare(RunOutcome outcome, RunOutcome solo, double ideal) {
    require(solo, "one worker alone");
    double speedup = solo.epochSeconds() / outcome.epochSeconds();
    int last = outcome.result().path("stepsPerWorker").size() - 1;
    return new Row(outcome)
        .put("epochSeconds", outcome.epochSeconds())
        .put("speedup", speedup)
        .put("idealSpeedup", ideal)
        .put("ofIdeal", speedup / ideal)
        .put("oneWorkerEpochSeconds", solo.epochSeconds())
        .put("slowRankSteps", outcome.result().path("stepsPerWorker").path(last).asLong())
        .put("slowRankExchanges", outcome.exchangesOf(last))
        .put("consensusDistance", outcome.number("consensusDistance"))
        .put("accuracy", outcome.number("accuracy"))
        .put("seconds", outcome.number("seconds"))
        .put("cpuBusy", outcome.cpuBusy())
        .put("valid", outcome.isQuiet() && solo.isQuiet());
  }

  @Override
  Map<String, TextTable> tables(List<Row> rows) {
    TextTable table =
        new TextTable(
            "algorithm",
            "slowdown",
            "epoch, s",
            "speed-up",
            "ideal",
            "of ideal",
            "paper",
            "slow rank's exchanges",
            "consensus distance",
            "accuracy",
            "CPU busy");
    for (Row row : rows) {
      if (!row.hasFailed()) {
        table.row(
            row.text("algorithm"),
            row.text("slowdown") + "x",
            Numbers.fixed(row.number("epochSeconds"), 2),
            Numbers.fixed(row.number("speedup"), 2),
            Numbers.fixed(row.number("idealSpeedup"), 2),
            ofIdeal(row),
            paper(row),
            row.text("slowRankExchanges"),
            Numbers.short3(row.number("consensusDistance")),
            Numbers.fixed(100 * row.number("accuracy"), 2) + " %",
            Numbers.fixed(100 * row.number("cpuBusy"), 0) + " %");
      }
    }
    Map<String, TextTable> tables = new LinkedHashMap<>();
    tables.put(
        "%d workers, the last one slowed; one worker alone needs %s s for an epoch"
            .formatted(slowed.workers(), soloSeconds(rows)),
        table);
    return tables;
  }

  static String soloSeconds(List<Row> rows) {
    return rows.stream()
        .filter(row -> !row.hasFailed())
        .findFirst()
        .map(row -> Numbers.fixed(row.number("oneWorkerEpochSeconds"), 2))
        .orElse("-");
  }

  /** The share of the ideal, or that the number is worth nothing. */
  static String ofIdeal(Row row) {
    String share = Numbers.fixed(row.number("ofIdeal"), 3);
    return row.is("valid") ? share : share + " (invalid)";
  }

  private String paper(Row row) {
    OptionalDouble told =
        slowed.workers() == PAPER_WORKERS
            ? PaperTable.slowWorkerSpeedup(row.text("algorithm"), row.number("slowdown"))
            : OptionalDouble.empty();
    return told.isPresent() ? Numbers.fixed(told.getAsDouble(), 2) + " (unverified)" : "-";
  }

  @Override
  void draw(Page page, List<Row> rows, List<RunOutcome> outcomes) {
    LineChart chart =
        new LineChart(
            "Speed-up over one worker",
            Axis.logarithmic("slowdown of one worker", ""),
            Axis.logarithmic("speed-up", ""));
    lines(chart, rows, slowed.algorithms());
    double[] x = slowed.slowdowns().stream().mapToDouble(s -> s).sorted().toArray();
    chart.reference(
        "ideal, n - 1 + 1/s",
        x,
        java.util.Arrays.stream(x).map(s -> ideal(slowed.workers(), s)).toArray());
    page.figure(chart);
  }

  /** A line for each algorithm over the slowdowns. */
  static void lines(LineChart chart, List<Row> rows, List<String> algorithms) {
    for (String algorithm : algorithms) {
      List<Row> own =
          rows.stream()
              .filter(row -> !row.hasFailed() && row.text("algorithm").equals(algorithm))
              .sorted(java.util.Comparator.comparingDouble(row -> row.number("slowdown")))
              .toList();
      if (!own.isEmpty()) {
        chart.line(
            algorithm,
            own.stream().mapToDouble(row -> row.number("slowdown")).toArray(),
            own.stream().mapToDouble(row -> row.number("speedup")).toArray());
      }
    }
  }

  @Override
  List<String> notes() {
    return List.of(
        "Goal: ad-psgd at least %s of the ideal at every slowdown.".formatted(GOAL),
        "Ideal: n - 1 + 1/s times the rate of one worker alone, measured in the same experiment;"
            + " the formula is derived, not the paper's.",
        "Epoch: the samples of the training set, divided by the samples per second of all workers:"
            + " where nobody waits, each worker's own, from the begin of its first step to the end"
            + " of its last; where all wait for the slowest, all samples over the time of the"
            + " run.",
        "Paper: speed-up of 16 workers that train ResNet-20 on CIFAR-10, " + PaperTable.TAG + ".",
        "A row is invalid when the machine's processors were more than 70 % busy during its run or"
            + " that of one worker alone: then it tells of the machine.");
  }
}
