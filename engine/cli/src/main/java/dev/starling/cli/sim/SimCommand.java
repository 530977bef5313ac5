package dev.starling.cli.sim;

import dev.starling.cli.ExitCodes;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.sim.Scenario;
import dev.starling.engine.sim.Shrinker;
import dev.starling.engine.sim.SimReport;
import dev.starling.engine.sim.Simulation;
import dev.starling.engine.sim.Sweep;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Simulates runs with faults and says which invariants were violated. */
@Command(
    name = "sim",
    header = "Simulate runs with faults in virtual time and check every invariant.",
    description = {
      "",
      "The engine's own code runs on one thread in a deterministic world: workers die at any step"
          + " of an exchange, are paused, cut off, run out of disk, and come back. A seed decides"
          + " everything. A violated invariant ends the command with 1, names the command that"
          + " repeats the run, and a smaller run that violates the same.",
      ""
    })
public final class SimCommand extends StarlingCommand {
  private static final long MAX_SEEDS = 1_000_000_000;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "How many seeds to run. Default: ${DEFAULT-VALUE}.")
  private long seeds = 1_000;

  @Option(
      names = "--from",
      paramLabel = "SEED",
      description = "The first seed. Default: ${DEFAULT-VALUE}.")
  private long from = 1;

  @Mixin private ScenarioOptions scenario = new ScenarioOptions();

  @Option(
      names = "--trace",
      description = "Print every event of the first seed's run before the report.")
  private boolean trace;

  @Option(
      names = "--shrink-runs",
      paramLabel = "N",
      description =
          "How many simulations to spend on making the first failing run smaller; 0 for none."
              + " Default: ${DEFAULT-VALUE}.")
  private int shrinkRuns = 2_000;

  @Option(names = "--list", description = "List the faults and the mutants, and nothing else.")
  private boolean list;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  SimCommand(Terminal terminal) {
    super(terminal);
  }

  /**
   * Assembles the command.
   *
   * @param terminal where it and its commands write
   * @return the command, which holds {@code scale}
   */
  public static CommandLine with(Terminal terminal) {
    return new CommandLine(new SimCommand(terminal)).addSubcommand(new ScaleCommand(terminal));
  }

  @Override
  protected void execute() {
    ConfigurationException.requireRange("seeds", seeds, 1, MAX_SEEDS);
    ConfigurationException.requireRange("from", from, 0, Long.MAX_VALUE - MAX_SEEDS);
    ConfigurationException.requireRange("shrink-runs", shrinkRuns, 0, 1_000_000);
    if (list) {
      SimLists lists = SimLists.all();
      answer(lists.json(), lists.text());
      return;
    }
    scenario.conclude();
    Scenario first = scenario.of(from);
    if (trace) {
      Simulation.run(first, line -> terminal().err().println(line));
    }
    long startNs = System.nanoTime();
    Sweep sweep = sweep();
    long elapsedNs = System.nanoTime() - startNs;
    SimReport smallest =
        sweep.failed() == 0 || shrinkRuns == 0
            ? null
            : Shrinker.shrink(sweep.failures().getFirst(), shrinkRuns);
    SweepReport report = new SweepReport(first, sweep, smallest, elapsedNs);
    answer(report.json(), report.text());
    if (sweep.failed() > 0) {
      exitWith(ExitCodes.FAILURE);
    }
  }

  private Sweep sweep() {
    try (WorkProgress progress = new WorkProgress(terminal(), "simulating", seeds)) {
      return Sweep.of(from, seeds, scenario::of, progress::advance);
    }
  }
}
