package dev.starling.cli.train;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A line that is redrawn in place: bar, time left, loss, accuracy, exchanges per second. */
final class BarDisplay implements ProgressDisplay {
  private static final int DEFAULT_COLUMNS = 120;
  private static final int MIN_COLUMNS = 40;
  private static final int MAX_COLUMNS = 1000;

  private final ProgressBar bar;
  private volatile Duration left;

  BarDisplay(PrintWriter err, String name, long total) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(total)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(200)
            .setEtaFunction(state -> Optional.ofNullable(left))
            .setConsumer(new RedrawnLine(err))
            .build();
  }

  @Override
  public long intervalNs() {
    return TimeUnit.MILLISECONDS.toNanos(250);
  }

  @Override
  public void show(Progress progress) {
    if (progress.taken() > 0) {
      double secondsLeft = progress.seconds() * (1 / progress.fraction() - 1);
      left = Duration.ofMillis((long) (1000 * secondsLeft));
    }
    bar.stepTo(progress.taken());
    bar.setExtraMessage("  " + progress.measures());
  }

  @Override
  public void close() {
    bar.close();
  }

  /**
   * Draws over the same line, as wide as COLUMNS says. The library's own consumer would open the
   * terminal through another library only to ask for its width.
   */
  private static final class RedrawnLine implements ProgressBarConsumer {
    private final PrintWriter err;
    private final int columns;

    RedrawnLine(PrintWriter err) {
      this.err = err;
      columns = columns(System.getenv("COLUMNS"));
    }

    private static int columns(String value) {
      if (value == null || !value.matches("[0-9]{1,4}")) {
        return DEFAULT_COLUMNS;
      }
      return Math.clamp(Integer.parseInt(value), MIN_COLUMNS, MAX_COLUMNS);
    }

    @Override
    public int getMaxRenderedLength() {
      return columns - 1;
    }

    @Override
    public void accept(String line) {
      err.print("\r" + line);
      err.flush();
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
