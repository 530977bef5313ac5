package dev.starling.cli.train;

import java.io.PrintWriter;

/** One plain line for every progress: for files and pipes. */
final class LineDisplay implements ProgressDisplay {
  private final PrintWriter err;

  LineDisplay(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void show(Progress progress) {
    err.println(progress.toLine());
  }

  @Override
  public void tell(String line) {
    err.println(line);
  }

  @Override
  public void close() {
    err.flush();
  }
}
