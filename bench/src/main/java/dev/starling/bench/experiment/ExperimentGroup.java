package dev.starling.bench.experiment;

import dev.starling.cli.CommandGroup;
import dev.starling.cli.Terminal;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The experiments. */
@Command(
    name = ExperimentGroup.NAME,
    header = "Repeat the paper's experiments as measurements of this engine.",
    description = {
      "",
      "Each runs 'starling train' in processes of its own, one at a time, and leaves raw lines, a"
          + " table and a page with plots.",
      ""
    })
final class ExperimentGroup extends CommandGroup {
  /** The group's name. */
  static final String NAME = "experiment";

  private ExperimentGroup() {}

  /**
   * Assembles the group.
   *
   * @param terminal where its commands write
   * @param launcher executes the runs
   * @return the group
   */
  static CommandLine with(Terminal terminal, RunLauncher launcher) {
    return new ExperimentGroup()
        .holding(
            List.of(
                new Convergence(terminal, launcher),
                new SlowWorker(terminal, launcher),
                new SlowLink(terminal, launcher),
                new Scaling(terminal, launcher),
                new Staleness(terminal, launcher),
                new TopologyMixing(terminal, launcher),
                new MixingCommand(terminal)));
  }
}
