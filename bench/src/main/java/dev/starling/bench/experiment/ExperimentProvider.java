package dev.starling.bench.experiment;

import dev.starling.cli.SubCommandProvider;
import dev.starling.cli.Terminal;

/** Adds {@code starling experiment} to the command line. */
public final class ExperimentProvider implements SubCommandProvider {
  /** Called by {@link java.util.ServiceLoader}. */
  public ExperimentProvider() {}

  @Override
  public Object command(Terminal terminal) {
    return ExperimentGroup.with(terminal, new ChildRuns());
  }
}
