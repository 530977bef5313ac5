package dev.starling.cli.checkpoint;

import dev.starling.cli.CommandGroup;
import dev.starling.cli.Terminal;
import dev.starling.cli.train.CheckpointNowCommand;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands about checkpoint sets. */
@Command(
    name = "checkpoint",
    header = "List, make, export, average and compare the checkpoint sets of a run.")
public final class CheckpointCommand extends CommandGroup {
  private CheckpointCommand() {}

  /**
   * Assembles the group.
   *
   * @param terminal where its commands write
   * @return the group
   */
  public static CommandLine with(Terminal terminal) {
    return new CheckpointCommand()
        .holding(
            List.of(
                new CheckpointLsCommand(terminal),
                new CheckpointNowCommand(terminal),
                new CheckpointExportCommand(terminal),
                new CheckpointAverageCommand(terminal),
                new CheckpointDiffCommand(terminal)));
  }
}
