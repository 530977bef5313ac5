package dev.starling.cli.replay;

import dev.starling.chronicle.RecordedRun;
import dev.starling.cli.Terminal;
import dev.starling.cli.progress.WorkProgress;
import java.util.function.LongConsumer;

/** Shows how much of a run's logs has been read. Belongs to the thread that replays. */
public final class ReplayProgress implements LongConsumer, AutoCloseable {
  private final WorkProgress progress;
  private long seen;

  private ReplayProgress(WorkProgress progress) {
    this.progress = progress;
  }

  /**
   * Begins to show.
   *
   * @param terminal where
   * @param name what is done
   * @param run whose logs are read
   * @return takes the bytes read so far
   */
  public static ReplayProgress of(Terminal terminal, String name, RecordedRun run) {
    return new ReplayProgress(new WorkProgress(terminal, name, run.logBytes()));
  }

  @Override
  public void accept(long bytes) {
    progress.advance(bytes - seen);
    seen = bytes;
  }

  @Override
  public void close() {
    progress.close();
  }
}
