package dev.starling.cli.log;

import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the records of a run's logs. */
@Command(
    name = "dump",
    header = "Print the records of update logs, one on a line, by time.",
    description = {
      "",
      "A line has time, rank.incarnation, the record's number in its log, its kind, and its fields;"
          + " of payloads only offset and length. With --json each line is an object.",
      ""
    },
    footer = {
      "",
      "A damaged log is shown up to the damage; then the command fails and says where it is."
    })
final class LogDumpCommand extends StarlingCommand {
  /** Lines between two looks whether anybody still reads them. */
  private static final int CHECK_LINES = 1024;

  @Parameters(paramLabel = "DIR", description = "The run directory, or the directory of its logs.")
  private Path directory;

  @Mixin private RecordFilter filter = new RecordFilter();

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Print the first N lines only, from 1. Default: all.")
  private Long limit;

  LogDumpCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    long most =
        limit == null
            ? Long.MAX_VALUE
            : ConfigurationException.requireRange("--limit", limit, 1, Long.MAX_VALUE);
    filter.check();
    List<LogDirectory> logs = filter.choose(directory, RunLogs.of(directory));
    try (WorkProgress progress =
            terminal().showsResults()
                ? WorkProgress.unseen(terminal())
                : new WorkProgress(terminal(), "log dump", RunLogs.fileBytes(logs));
        MergedLogs records = MergedLogs.open(logs, progress)) {
      if (print(records, most)) {
        requireWhole(records.damages());
      }
    }
  }

  /** Answers whether the end was reached. */
  private boolean print(MergedLogs records, long most) {
    long lines = 0;
    while (lines < most) {
      LogScan scan = records.next();
      if (scan == null) {
        return true;
      }
      if (filter.matches(scan)) {
        lines++;
        answerLine(
            json() ? RecordFields.json(scan) : null, json() ? null : RecordFields.line(scan));
        if (lines % CHECK_LINES == 0 && terminal().out().checkError()) {
          return false;
        }
      }
    }
    return false;
  }

  private static void requireWhole(List<String> damages) {
    if (!damages.isEmpty()) {
      String others = damages.size() == 1 ? "" : " (and " + (damages.size() - 1) + " other logs)";
      throw new StarlingException(
          damages.getFirst()
              + others
              + "; what lies before it was shown: restore the file from a copy to see the rest");
    }
  }
}
