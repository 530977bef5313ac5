package dev.starling.cli.progress;

import dev.starling.cli.Terminal;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/**
 * Shows a person how far some work is, once it has taken longer than two seconds, and leaves no
 * trace of it. Belongs to the thread that works.
 */
public final class WorkProgress implements AutoCloseable {
  private static final long DELAY_NS = TimeUnit.SECONDS.toNanos(2);
  private static final int INTERVAL_MS = 250;

  private final Terminal terminal;
  private final String name;
  private final long total;
  private final long delayNs;
  private final long startNs = System.nanoTime();
  private long done;
  private RedrawnLine line;
  private ProgressBar bar;

  /**
   * Begins some work; nothing is drawn yet.
   *
   * @param terminal where to draw; nothing is when it is not interactive
   * @param name what is done
   * @param total how much there is to do, in any unit
   */
  public WorkProgress(Terminal terminal, String name, long total) {
    this(terminal, name, total, DELAY_NS);
  }

  WorkProgress(Terminal terminal, String name, long total, long delayNs) {
    this.terminal = terminal;
    this.name = name;
    this.total = Math.max(1, total);
    this.delayNs = terminal.interactive() ? delayNs : Long.MAX_VALUE;
  }

  /**
   * Work that nobody shall see.
   *
   * @param terminal any
   * @return a progress that draws nothing
   */
  public static WorkProgress unseen(Terminal terminal) {
    return new WorkProgress(terminal, "", 1, Long.MAX_VALUE);
  }

  /**
   * Some of the work was done.
   *
   * @param amount how much
   */
  public void advance(long amount) {
    done += amount;
    if (bar != null) {
      bar.stepTo(Math.min(done, total));
    } else if (delayNs != Long.MAX_VALUE && System.nanoTime() - startNs >= delayNs) {
      line = RedrawnLine.passing(terminal.err(), terminal.columns());
      bar =
          new ProgressBarBuilder()
              .setTaskName(name)
              .setInitialMax(total)
              .setUpdateIntervalMillis(INTERVAL_MS)
              .setRenderer(BarLine::render)
              .setConsumer(line)
              .build();
      bar.stepTo(Math.min(done, total));
    }
  }

  /** Takes the bar from the screen. A second call does nothing. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      // The library leaves it open when it had not drawn anything yet.
      line.close();
      bar = null;
    }
  }
}
