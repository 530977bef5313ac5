package dev.starling.cli.train;

import dev.starling.cli.progress.BarLine;
import dev.starling.cli.progress.RedrawnLine;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** A line that is redrawn in place: bar, time left, loss, accuracy, exchanges per second. */
final class BarDisplay implements ProgressDisplay {
  private final ProgressBar bar;
  private final RedrawnLine line;
  private boolean closed;

  BarDisplay(PrintWriter err, int columns, String name, long total) {
    line = RedrawnLine.kept(err, columns);
    bar =
        new ProgressBarBuilder()
            .setTaskName(name)
            .setInitialMax(total)
            .setUpdateIntervalMillis(250)
            .setRenderer(BarLine::render)
            .setConsumer(line)
            .build();
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
}
