package dev.starling.cli.log;

import dev.starling.cli.CommandGroup;
import dev.starling.cli.Terminal;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands about update logs. */
@Command(
    name = "log",
    header = "Look into the update logs of a run: list, dump and count their records.")
public final class LogCommand extends CommandGroup {
  private LogCommand() {}

  /**
   * Assembles the group.
   *
   * @param terminal where its commands write
   * @return the group
   */
  public static CommandLine with(Terminal terminal) {
    return new LogCommand()
        .holding(
            List.of(
                new LogLsCommand(terminal),
                new LogDumpCommand(terminal),
                new LogStatCommand(terminal)));
  }
}
