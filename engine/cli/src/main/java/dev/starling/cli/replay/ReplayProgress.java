package dev.starling.cli.replay;

import dev.starling.chronicle.RecordedRun;
import dev.starling.cli.Terminal;
import java.util.function.LongConsumer;

/** Shows how much of a run's logs has been read. Belongs to the thread that replays. */
final class ReplayProgress implements LongConsumer, AutoCloseable {
  private ReplayProgress() {}

  static ReplayProgress of(Terminal terminal, String name, RecordedRun run) {
    return new ReplayProgress();
  }

  @Override
  public void accept(long bytes) {}

  @Override
  public void close() {}
}
