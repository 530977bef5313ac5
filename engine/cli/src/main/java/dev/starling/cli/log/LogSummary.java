package dev.starling.cli.log;

import dev.starling.chronicle.ChronicleLogs;
import dev.starling.chronicle.LogDirectory;
import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What one log holds, on one line. Filled by one pass over it. */
final class LogSummary {
  private static final long UNKNOWN = -1;
  private static final String ROW = "%-8s %8s %14s %12s  %-24s  %-24s %12s %12s  %s";

  /** How a log ends. */
  enum Ending {
    /** With an END record: its writer left. */
    END,
    /** With an END record that says that it was full, or could not be written. */
    FULL,
    /** Without an END record. */
    KILLED,
    /** At something that cannot be read. */
    DAMAGED;

    @Override
    public String toString() {
      return this == END ? name() : name().toLowerCase(Locale.ROOT);
    }
  }

  private final LogDirectory log;
  private final int segments;
  private final long fileBytes;
  private long recordBytes;
  private long records;
  private long firstTimeNs;
  private long lastTimeNs;
  private long firstVersion = UNKNOWN;
  private long lastVersion = UNKNOWN;
  private long fenceVersion = UNKNOWN;
  private Ending ending = Ending.KILLED;
  private String damage;

  private LogSummary(LogDirectory log) {
    this.log = log;
    segments = ChronicleLogs.segments(log.path()).size();
    fileBytes = RunLogs.fileBytes(log);
  }

  /**
   * Reads a log.
   *
   * @param log the log
   * @param progress is told of its bytes
   * @return what it holds
   */
  static LogSummary of(LogDirectory log, WorkProgress progress) {
    LogSummary summary = new LogSummary(log);
    try (LogScan scan = new LogScan(log, progress)) {
      while (scan.next()) {
        summary.add(scan);
      }
      summary.damage = scan.damage();
      if (summary.damage != null) {
        summary.ending = Ending.DAMAGED;
      }
    }
    return summary;
  }

  private void add(LogScan scan) {
    MemorySegment record = scan.record();
    if (records == 0) {
      firstTimeNs = scan.timeNs();
    }
    lastTimeNs = scan.timeNs();
    records++;
    recordBytes += record.byteSize();
    ending = Ending.KILLED;
    switch (scan.kind()) {
      case RESTORE -> version(0);
      case STEP, COMMIT -> {
        if (LogRecord.stripe(record) == 0) {
          version(LogRecord.bodyLong(record, 0));
        }
      }
      case FENCE, FENCED -> fence(scan.kind(), record);
      case CHECKPOINT -> {
        if (LogRecord.bodyLengthBytes(record) >= 16 + Long.BYTES) {
          version(LogRecord.bodyLong(record, 16));
        }
      }
      case END ->
          ending = LogRecord.bodyLong(record, 0) == UpdateLog.CLOSED ? Ending.END : Ending.FULL;
      default -> {}
    }
  }

  private void fence(RecordKind kind, MemorySegment record) {
    if (LogRecord.stripe(record) != 0) {
      return;
    }
    if (kind == RecordKind.FENCE) {
      fenceVersion = LogRecord.bodyLong(record, 0);
    } else if (LogRecord.has(record, LogRecord.BROKEN) && fenceVersion != UNKNOWN) {
      // The record has the low bits only; a break makes the next version.
      long known = Math.max(0, lastVersion);
      version(known + (fenceVersion - known & LockWord.VERSION_MASK));
    }
  }

  private void version(long version) {
    if (firstVersion == UNKNOWN) {
      firstVersion = version;
    }
    lastVersion = version;
  }

  /** {@return what is wrong with the log, or null} */
  String damage() {
    return damage;
  }

  /** {@return the summary for programs} */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rank", log.rank());
    json.put("incarnation", log.incarnation());
    json.put("path", log.path().toString());
    json.put("segments", segments);
    json.put("fileBytes", fileBytes);
    json.put("recordBytes", recordBytes);
    json.put("records", records);
    json.put("firstTime", records == 0 ? null : Times.exact(firstTimeNs));
    json.put("lastTime", records == 0 ? null : Times.exact(lastTimeNs));
    json.put("firstVersion", firstVersion == UNKNOWN ? null : firstVersion);
    json.put("lastVersion", lastVersion == UNKNOWN ? null : lastVersion);
    json.put("end", ending.toString());
    json.put("damage", damage);
    return json;
  }

  /** {@return the names of the columns} */
  static String heading() {
    return ROW.formatted(
        "log",
        "segments",
        "bytes",
        "records",
        "first",
        "last",
        "from version",
        "to version",
        "end");
  }

  /** {@return the summary for people, without a line break} */
  String row() {
    return ROW.formatted(
        log.rank() + "." + log.incarnation(),
        segments,
        recordBytes,
        records,
        records == 0 ? "-" : Times.brief(firstTimeNs),
        records == 0 ? "-" : Times.brief(lastTimeNs),
        firstVersion == UNKNOWN ? "-" : firstVersion,
        lastVersion == UNKNOWN ? "-" : lastVersion,
        damage == null ? ending : ending + ": " + damage);
  }
}
