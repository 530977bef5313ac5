package dev.starling.bench.perf;

import dev.starling.cli.CommandGroup;
import dev.starling.cli.Terminal;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands that measure latency and bandwidth. */
@Command(
    name = "perf",
    header = "Measure latency and bandwidth of locks, transfers, exchanges, snapshots and the log.")
public final class PerfCommand extends CommandGroup {
  private PerfCommand() {}

  /**
   * Assembles the group.
   *
   * @param terminal where its commands write
   * @return the group
   */
  static CommandLine with(Terminal terminal) {
    return with(terminal, VerbsOpener.INSTALLED);
  }

  /**
   * Assembles the group on some other fabric.
   *
   * @param terminal where its commands write
   * @param verbs opens the fabric between hosts
   * @return the group
   */
  static CommandLine with(Terminal terminal, VerbsOpener verbs) {
    return new PerfCommand()
        .holding(
            List.of(
                new LockCommand(terminal, verbs),
                new TransferCommand.Read(terminal, verbs),
                new TransferCommand.Write(terminal, verbs),
                new ExchangeCommand(terminal, verbs),
                new SnapshotCommand(terminal),
                new LogCommand(terminal)));
  }
}
