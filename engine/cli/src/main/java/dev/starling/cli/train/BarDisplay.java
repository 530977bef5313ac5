package dev.starling.cli.train;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressState;

/** A line that is redrawn in place: bar, time left, loss, accuracy, exchanges per second. */
final class BarDisplay implements ProgressDisplay {
  private static final int MIN_BAR = 5;
  private static final int MAX_BAR = 40;

  private final ProgressBar bar;
  private final RedrawnLine line;
  private boolean closed;

  BarDisplay(PrintWriter err, int columns, String name, long total) {
    line = new RedrawnLine(err, columns);
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(total)
            .setUpdateIntervalMillis(250)
            .setRenderer(BarDisplay::render)
            .setConsumer(line)
            .build();
  }

  private static String render(ProgressState state, int columns) {
    double fraction = state.getNormalizedProgress();
    String before =
        String.format(Locale.ROOT, "%s %3.0f %% [", state.getTaskName(), 100 * fraction);
    String after = "] " + timeLeft(state, fraction) + state.getExtraMessage();
    int length = Math.clamp(columns - before.length() - after.length(), MIN_BAR, MAX_BAR);
    int done = (int) (fraction * length);
    String line = before + "=".repeat(done) + " ".repeat(length - done) + after;
    String padding = " ".repeat(Math.max(0, columns - line.length()));
    return (line + padding).substring(0, columns);
  }

  private static String timeLeft(ProgressState state, double fraction) {
    if (fraction <= 0) {
      return "-:--:-- left";
    }
    double elapsed = state.getElapsedAfterStart().toMillis() / 1e3;
    long left = Math.round(elapsed * (1 / fraction - 1));
    return "%d:%02d:%02d left".formatted(left / 3600, left / 60 % 60, left % 60);
  }

  @Override
  public long intervalNs() {
    return TimeUnit.MILLISECONDS.toNanos(250);
  }

  @Override
  public void show(Progress progress) {
    bar.stepTo(progress.taken());
    bar.setExtraMessage(progress.toShortLine());
  }

  @Override
  public void tell(String message) {
    line.tell(message);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      bar.close();
    }
  }

  /** Draws over the same line. */
  private static final class RedrawnLine implements ProgressBarConsumer {
    private final PrintWriter err;
    private final int columns;

    RedrawnLine(PrintWriter err, int columns) {
      this.err = err;
      this.columns = columns;
    }

    /** One less than there are, as some terminals begin a new line after the last one. */
    @Override
    public int getMaxRenderedLength() {
      return columns - 1;
    }

    @Override
    public synchronized void accept(String line) {
      err.print("\r" + line);
      err.flush();
    }

    synchronized void tell(String message) {
      clear();
      err.println(message);
    }

    @Override
    public void clear() {
      accept(" ".repeat(columns - 1) + "\r");
    }

    @Override
    public void close() {
      err.println();
    }
  }
}
