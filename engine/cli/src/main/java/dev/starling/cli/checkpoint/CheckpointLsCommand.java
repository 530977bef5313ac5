package dev.starling.cli.checkpoint;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.checkpoint.CheckpointSets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the checkpoint sets of a run. */
@Command(
    name = "ls",
    header = "List the checkpoint sets of a run, oldest first.",
    description = {"", "With --json it prints one object for each set, a line each.", ""},
    footer = {
      "",
      "state: complete when its manifest is there, incomplete while it is taken or when a crash"
          + " stopped that, damaged when a file is not what the manifest says. step and versions:"
          + " the lowest and the highest of all ranks and stripes. missing: ranks without a state,"
          + " and why."
    })
final class CheckpointLsCommand extends StarlingCommand {
  @Parameters(paramLabel = "DIR", description = "The run directory.")
  private Path directory;

  @Option(
      names = "--check",
      description = "Read all files and compare them with their checksums, not only their lengths.")
  private boolean check;

  CheckpointLsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    RunSets run = RunSets.of(directory);
    List<CheckpointSets.CheckpointSet> sets = run.sets().list();
    List<SetSummary> summaries = new ArrayList<>();
    Instant now = Instant.now();
    try (WorkProgress progress = new WorkProgress(terminal(), "checkpoint ls", sets.size())) {
      for (CheckpointSets.CheckpointSet set : sets) {
        summaries.add(SetSummary.of(run.sets(), set, check, now));
        progress.advance(1);
      }
    }
    if (!json()) {
      terminal().out().print(SetSummary.heading() + "\n");
    }
    summaries.forEach(summary -> answerLine(summary.json(), summary.row()));
  }
}
