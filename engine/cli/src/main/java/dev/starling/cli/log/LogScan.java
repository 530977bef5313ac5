package dev.starling.cli.log;

import dev.starling.chronicle.ChronicleCursor;
import dev.starling.chronicle.ChronicleLogs;
import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.lang.foreign.MemorySegment;

/**
 * Walks through one log. Belongs to one thread; a segment of the log is mapped while it is open.
 */
final class LogScan implements AutoCloseable {
  private final LogDirectory log;
  private final WorkProgress progress;
  private final long fileBytes;
  private final ChronicleCursor cursor;
  private long readBytes;
  private MemorySegment record;
  private RecordKind kind;
  private String damage;

  /**
   * Opens a log before its first record.
   *
   * @param log the log
   * @param progress is told of the bytes, as many in all as {@link RunLogs#fileBytes} counts
   */
  LogScan(LogDirectory log, WorkProgress progress) {
    this.log = log;
    this.progress = progress;
    fileBytes = RunLogs.fileBytes(log);
    cursor = ChronicleLogs.open(log.path());
  }

  /**
   * Goes to the next record.
   *
   * @return whether there is one; its body is as long as its kind needs
   */
  boolean next() {
    if (damage != null) {
      return false;
    }
    if (!cursor.next()) {
      damage = cursor.damage();
      progress.advance(Math.max(0, fileBytes - readBytes));
      readBytes = Math.max(fileBytes, readBytes);
      return false;
    }
    record = cursor.record();
    kind = LogRecord.kind(record);
    progress.advance(record.byteSize());
    readBytes += record.byteSize();
    int needed = bodyBytes(kind);
    if (LogRecord.bodyLengthBytes(record) < needed) {
      damage =
          "%s is damaged: %s has a body of %d bytes where %d are needed"
              .formatted(cursor.position(), kind, LogRecord.bodyLengthBytes(record), needed);
      return false;
    }
    return true;
  }

  /** The bytes that a kind's body has at least, see {@link LogRecord}. */
  private static int bodyBytes(RecordKind kind) {
    return switch (kind) {
      case RUN -> 0;
      case STEP, COMMIT, TORN, FENCED, CUT, END, FRAGMENT -> 8;
      case FENCE, CHECKPOINT, BASE -> 16;
      case INTENT, REJECT -> 24;
      case RESTORE -> 32;
      case GRADIENT -> 40;
    };
  }

  /** {@return the log} */
  LogDirectory log() {
    return log;
  }

  /** {@return the record's bytes, valid until the next step} */
  MemorySegment record() {
    return record;
  }

  /** {@return the record's kind} */
  RecordKind kind() {
    return kind;
  }

  /** {@return the segment that the record lies in, counted from 0} */
  int segment() {
    return cursor.segment();
  }

  /** {@return the wall time of the record in ns since 1970} */
  long timeNs() {
    return LogRecord.timeNs(record);
  }

  /** {@return what is wrong once {@link #next()} has answered no, or null} */
  String damage() {
    return damage;
  }

  @Override
  public void close() {
    cursor.close();
  }
}
