package dev.starling.cli.log;

import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Lists the logs of a run. */
@Command(
    name = "ls",
    header = "List the update logs of a run, and how each of them ends.",
    description = {
      "",
      "Reads every record and checks it. With --json it prints one object for each log, a line"
          + " each.",
      ""
    },
    footer = {
      "",
      "log: rank and incarnation. bytes: of all records. versions: of the first stripe.",
      "end: END when the worker left, full when the log was full or could not be written, killed"
          + " when there is no END record (the worker was killed, or is still running), damaged"
          + " where the rest cannot be read."
    })
final class LogLsCommand extends StarlingCommand {
  @Parameters(paramLabel = "DIR", description = "The run directory, or the directory of its logs.")
  private Path directory;

  LogLsCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    List<LogDirectory> logs = RunLogs.of(directory);
    List<LogSummary> summaries = new ArrayList<>();
    try (WorkProgress progress = new WorkProgress(terminal(), "log ls", RunLogs.fileBytes(logs))) {
      for (LogDirectory log : logs) {
        summaries.add(LogSummary.of(log, progress));
      }
    }
    if (!json()) {
      terminal().out().print(LogSummary.heading() + "\n");
    }
    summaries.forEach(summary -> answerLine(summary.json(), summary.row()));
  }
}
