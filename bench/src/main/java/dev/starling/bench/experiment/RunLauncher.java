package dev.starling.bench.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/** Executes a run. */
@FunctionalInterface
interface RunLauncher {
  /**
   * Executes a run and waits for its end, which comes within {@link RunSpec#limitSeconds()} and a
   * few seconds.
   *
   * @param spec the run
   * @param directory takes its files; does not exist yet
   * @param ticks is told every now and then how many milliseconds it has taken
   * @return what became of it, also when it failed
   * @throws IOException when the directory cannot be written
   * @throws InterruptedException when this thread is to end; the run was ended
   */
  RunOutcome launch(RunSpec spec, Path directory, LongConsumer ticks)
      throws IOException, InterruptedException;
}
