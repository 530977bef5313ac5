package dev.starling.bench.experiment;

import dev.starling.cli.Terminal;
import dev.starling.cli.page.Axis;
import dev.starling.cli.page.LineChart;
import dev.starling.cli.page.Page;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.worker.Algorithm;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One worker has a slow link: {@code starling experiment slow-link}. */
@Command(
    name = "slow-link",
    header = "Slow the link of one of 16 workers and see what becomes of the others.",
    description = {
      "",
      "The links are emulated (train --link-gbit): the workers read, write and swap as over a"
          + " network, and each operation ends when a link of that speed would have delivered it.",
      ""
    })
final class SlowLink extends ExperimentCommand {
  private static final String MODEL = "softmax";

  /** 785 parameters for each of ten digits, what the runs train; it decides their length only. */
  private static final double MODEL_BYTES = 7_850 * 4;

  @Mixin private SlowedOptions slowed = new SlowedOptions();

  @Option(
      names = "--gbit",
      paramLabel = "G",
      description =
          "Speed of a link in Gbit/s, 0.001 to 1000. Default: ${DEFAULT-VALUE}, at which the small"
              + " model takes a twentieth of a gradient's time.")
  private double gigabits = 0.1;

  @Option(
      names = "--link-us",
      paramLabel = "L",
      description = "Latency of an operation, in microseconds. Default: ${DEFAULT-VALUE}.")
  private double latencyUs = 20;

  SlowLink(Terminal terminal, RunLauncher launcher) {
    super(terminal, launcher);
  }

  @Override
  List<RunSpec> plan() {
    slowed.check(quick());
    ConfigurationException.requireRange("--gbit", gigabits, 0.001, 1000);
    ConfigurationException.requireRange("--link-us", latencyUs, 0, 1e6);
    List<RunSpec> plan = new ArrayList<>();
    plan.add(SlowWorker.solo(slowed, MODEL));
    for (double slowdown : slowed.slowdowns()) {
      for (String algorithm : slowed.algorithms()) {
        RunSpec.Training run =
            new RunSpec.Training(algorithm)
                .key("slowdown", slowdown)
                .option("--model", MODEL)
                .option("--workers", slowed.workers())
                .option("--compute-ms", slowed.computeMs())
                .option("--steps", steps(algorithm, slowdown))
                .option("--link-gbit", gigabits)
                .option("--link-us", latencyUs)
                .option("--seed", slowed.seed());
        if (slowdown > 1) {
          run.option("--slow-link", slowed.workers() - 1 + "=" + Numbers.plain(slowdown));
        }
        plan.add(
            run.expectedSeconds(expectedSeconds(algorithm, slowdown))
                .named(algorithm + "-link-" + Numbers.plain(slowdown)));
      }
    }
    return plan;
  }

  /**
   * {@return gradients per worker, at least three, so that the run takes about as long as asked}
   */
  private long steps(String algorithm, double slowdown) {
    return Math.max(3, Math.round(slowed.seconds() / roundSeconds(algorithm, slowdown)));
  }

  private double expectedSeconds(String algorithm, double slowdown) {
    return steps(algorithm, slowdown) * roundSeconds(algorithm, slowdown);
  }

  /**
   * How long all workers take for a gradient each, at most: where all need the slow link, its share
   * of the transfers comes on top. Around a ring, and to and from a server of one shard of n, that
   * is the model twice; to the neighbours of a complete graph once for each.
   */
  private double roundSeconds(String algorithm, double slowdown) {
    double models =
        switch (Algorithm.parse(algorithm)) {
          case AD_PSGD -> 0;
          case D_PSGD -> slowed.workers() - 1;
          case ALLREDUCE, A_PSGD -> 2;
        };
    double modelSeconds = MODEL_BYTES * 8 / (gigabits * 1e9) * slowdown;
    return slowed.computeMs() / 1e3 + models * modelSeconds;
  }

  @Override
  Row row(RunOutcome outcome, List<RunOutcome> before) {
    return outcome.spec().reference()
        ? new Row(outcome).put("epochSeconds", outcome.epochSeconds())
        : SlowWorker.compare(outcome, before.getFirst(), slowed.workers());
  }

  @Override
  Map<String, TextTable> tables(List<Row> rows) {
    TextTable table =
        new TextTable(
            "algorithm",
            "link slowed",
            "epoch, s",
            "speed-up",
            "ideal",
            "of ideal",
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
            Numbers.fixed(row.number("idealSpeedup"), 0),
            SlowWorker.ofIdeal(row),
            row.text("slowRankExchanges"),
            Numbers.short3(row.number("consensusDistance")),
            Numbers.fixed(100 * row.number("accuracy"), 2) + " %",
            Numbers.fixed(100 * row.number("cpuBusy"), 0) + " %");
      }
    }
    Map<String, TextTable> tables = new LinkedHashMap<>();
    tables.put(
        "%d workers on emulated links of %s Gbit/s, the last one's slowed; one worker alone needs %s s for an epoch"
            .formatted(slowed.workers(), Numbers.plain(gigabits), SlowWorker.soloSeconds(rows)),
        table);
    return tables;
  }

  @Override
  void draw(Page page, List<Row> rows, List<RunOutcome> outcomes) {
    LineChart chart =
        new LineChart(
            "Speed-up over one worker",
            Axis.logarithmic("slowdown of one link", ""),
            Axis.logarithmic("speed-up", ""));
    SlowWorker.lines(chart, rows, slowed.algorithms());
    double[] x = slowed.slowdowns().stream().mapToDouble(s -> s).sorted().toArray();
    double[] y = new double[x.length];
    java.util.Arrays.fill(y, slowed.workers());
    page.figure(chart.reference("ideal, n", x, y));
  }

  @Override
  List<String> notes() {
    return List.of(
        "Ideal: n times the rate of one worker alone, measured in the same experiment: every worker"
            + " still computes at full speed. The formula is derived, not the paper's.",
        "The paper shows slow links in a figure only; none of its numbers is known here.",
        "A row is invalid when the machine's processors were more than 70 % busy during its run or"
            + " that of one worker alone.");
  }
}
