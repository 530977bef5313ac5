package dev.starling.bench.perf;

import dev.starling.cli.SubCommandProvider;
import dev.starling.cli.Terminal;

/** Adds {@code starling perf} to the command line. */
public final class PerfProvider implements SubCommandProvider {
  /** Called by {@link java.util.ServiceLoader}. */
  public PerfProvider() {}

  @Override
  public Object command(Terminal terminal) {
    return PerfCommand.with(terminal);
  }
}
