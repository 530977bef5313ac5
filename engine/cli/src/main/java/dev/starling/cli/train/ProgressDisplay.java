package dev.starling.cli.train;

import dev.starling.cli.Terminal;
import java.util.concurrent.TimeUnit;

/** Shows a person how far the run is. Belongs to the monitor's thread. */
interface ProgressDisplay extends AutoCloseable {
  /**
   * Chooses the display.
   *
   * @param terminal where to draw
   * @param name the run's name
   * @param total the budget
   * @return a line that is redrawn on a terminal, plain lines elsewhere
   */
  static ProgressDisplay on(Terminal terminal, String name, long total) {
    return terminal.interactive()
        ? new BarDisplay(terminal.err(), terminal.columns(), name, total)
        : new LineDisplay(terminal.err());
  }

  /** {@return nanoseconds between two calls of {@link #show}} */
  default long intervalNs() {
    return TimeUnit.SECONDS.toNanos(2);
  }

  /**
   * Shows the progress.
   *
   * @param progress how far the run is
   */
  void show(Progress progress);

  /**
   * Tells a person something that stays on the screen. May be called from any thread.
   *
   * @param line without a line break
   */
  void tell(String line);

  /** Ends the drawing; closing twice does nothing, and {@link #tell} still works. */
  @Override
  void close();
}
