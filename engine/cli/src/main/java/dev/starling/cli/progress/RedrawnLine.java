package dev.starling.cli.progress;

import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBarConsumer;

/** Draws over the same line of a terminal. Any thread may call. */
public final class RedrawnLine implements ProgressBarConsumer {
  private final PrintWriter err;
  private final int columns;
  private final boolean kept;
  private boolean closed;

  private RedrawnLine(PrintWriter err, int columns, boolean kept) {
    this.err = err;
    this.columns = columns;
    this.kept = kept;
  }

  /**
   * A line that stays on the screen when it is closed.
   *
   * @param err the terminal
   * @param columns how wide it is
   * @return the line
   */
  public static RedrawnLine kept(PrintWriter err, int columns) {
    return new RedrawnLine(err, columns, true);
  }

  /**
   * A line that is gone when it is closed.
   *
   * @param err the terminal
   * @param columns how wide it is
   * @return the line
   */
  public static RedrawnLine passing(PrintWriter err, int columns) {
    return new RedrawnLine(err, columns, false);
  }

  /** One less than there are, as some terminals begin a new line after the last one. */
  @Override
  public int getMaxRenderedLength() {
    return columns - 1;
  }

  /** Does nothing after {@link #close()}: the library may still be drawing then. */
  @Override
  public synchronized void accept(String line) {
    if (!closed) {
      draw(line);
    }
  }

  private void draw(String line) {
    err.print("\r" + line);
    err.flush();
  }

  /**
   * Prints something that stays, in place of the line.
   *
   * @param message without a line break
   */
  public synchronized void tell(String message) {
    clear();
    err.println(message);
  }

  @Override
  public synchronized void clear() {
    draw(" ".repeat(columns - 1) + "\r");
  }

  /** Ends the drawing. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (kept) {
      err.println();
    } else {
      clear();
    }
  }
}
