package dev.starling.cli.log;

import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.progress.WorkProgress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The records of several logs by the time at which they were written; those of one log in their own
 * order, whatever its clock did. Keeps one file of each log open. Belongs to one thread.
 */
final class MergedLogs implements AutoCloseable {
  private final List<LogScan> scans = new ArrayList<>();
  private final PriorityQueue<LogScan> waiting =
      new PriorityQueue<>(
          Comparator.comparingLong(LogScan::timeNs)
              .thenComparingInt(scan -> scan.log().rank())
              .thenComparingInt(scan -> scan.log().incarnation()));
  private final List<String> damages = new ArrayList<>();
  private LogScan current;

  private MergedLogs() {}

  /**
   * Opens logs before their first record.
   *
   * @param logs the logs
   * @param progress is told of their bytes
   * @return the records, to be closed by the caller
   */
  static MergedLogs open(List<LogDirectory> logs, WorkProgress progress) {
    MergedLogs merged = new MergedLogs();
    try {
      for (LogDirectory log : logs) {
        LogScan scan = new LogScan(log, progress);
        merged.scans.add(scan);
        merged.advance(scan);
      }
      return merged;
    } catch (Throwable failure) {
      merged.close();
      throw failure;
    }
  }

  private void advance(LogScan scan) {
    if (scan.next()) {
      waiting.add(scan);
      return;
    }
    if (scan.damage() != null) {
      damages.add(scan.damage());
    }
    scan.close();
  }

  /**
   * Goes to the next record.
   *
   * @return a scan that stands on it until the next call, or null when there is none
   */
  LogScan next() {
    if (current != null) {
      advance(current);
    }
    current = waiting.poll();
    return current;
  }

  /** {@return a sentence for each log that could not be read to its end so far} */
  List<String> damages() {
    return damages;
  }

  @Override
  public void close() {
    scans.forEach(LogScan::close);
  }
}
