package dev.starling.cli.log;

import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Counts the records of a run's logs. */
@Command(
    name = "stat",
    header = "Count the records of update logs by rank, kind, time and partner.",
    description = {"", "Reads every record and checks it.", ""},
    footer = {
      "",
      "updates: optimizer steps; gradients: those summed in them; steps: updates of a stripe that"
          + " were published alone; exchanges: of a stripe, by the rank that initiated them; torn:"
          + " exchanges that were not published; fences: locks that were to be broken, broken:"
          + " those that were; rejected: gradients that were refused."
    })
final class LogStatCommand extends StarlingCommand {
  @Parameters(paramLabel = "DIR", description = "The run directory, or the directory of its logs.")
  private Path directory;

  LogStatCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    List<LogDirectory> logs = RunLogs.of(directory);
    LogStatistics statistics;
    try (WorkProgress progress =
        new WorkProgress(terminal(), "log stat", RunLogs.fileBytes(logs))) {
      statistics = LogStatistics.of(logs, progress);
    }
    answer(LogStatReport.json(directory, statistics), LogStatReport.text(directory, statistics));
  }
}
