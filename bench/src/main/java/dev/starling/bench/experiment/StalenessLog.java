package dev.starling.bench.experiment;

import dev.starling.chronicle.ChronicleLogs;
import dev.starling.chronicle.LogDirectory;
import dev.starling.engine.StarlingException;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * How stale each gradient of a recorded run was: the versions of the first stripe between the one
 * that it was computed on and the one that it was applied to. Of gradients that were merged, the
 * oldest counts.
 */
final class StalenessLog {
  private static final long READ_VERSION = 8;
  private static final long NONE = -1;
  private static final int MAX = 1 << 16;

  private long[] counts = new long[16];
  private int largest = -1;
  private long readVersion = NONE;
  private boolean withUpdate;

  private StalenessLog() {}

  /**
   * Reads the logs of all ranks.
   *
   * @param run a run directory
   * @return how often each staleness occurred, from 0 to the largest; empty when nothing was
   *     applied
   * @throws StarlingException when a log is damaged
   */
  static long[] histogram(Path run) {
    StalenessLog staleness = new StalenessLog();
    for (LogDirectory log : ChronicleLogs.list(run.resolve("log"))) {
      try (LogCursor cursor = ChronicleLogs.open(log.path())) {
        staleness.readVersion = NONE;
        while (cursor.next()) {
          staleness.add(cursor.record());
        }
        if (cursor.damage() != null) {
          throw new StarlingException(cursor.damage());
        }
      }
    }
    return Arrays.copyOf(staleness.counts, staleness.largest + 1);
  }

  private void add(MemorySegment record) {
    RecordKind kind = LogRecord.kind(record);
    if (kind == RecordKind.GRADIENT) {
      readVersion = LogRecord.bodyLong(record, READ_VERSION);
    } else if (LogRecord.stripe(record) == 0) {
      switch (kind) {
        case INTENT -> withUpdate = LogRecord.has(record, LogRecord.WITH_UPDATE);
        case COMMIT -> {
          if (withUpdate) {
            applied(LogRecord.bodyLong(record, 0));
          }
        }
        case STEP -> applied(LogRecord.bodyLong(record, 0));
        default -> {
          // Nothing else applies a gradient.
        }
      }
    }
  }

  private void applied(long version) {
    if (readVersion == NONE) {
      return;
    }
    int staleness = (int) Math.clamp(version - 1 - readVersion, 0L, (long) MAX);
    readVersion = NONE;
    if (staleness >= counts.length) {
      counts = Arrays.copyOf(counts, Math.max(2 * counts.length, staleness + 1));
    }
    counts[staleness]++;
    largest = Math.max(largest, staleness);
  }

  /**
   * Returns a quantile.
   *
   * @param histogram how often each value occurred
   * @param share how much of all lies at or below it, above 0 to 1
   * @return the smallest such value, -1 for an empty histogram
   */
  static int quantile(long[] histogram, double share) {
    long total = Arrays.stream(histogram).sum();
    long needed = (long) Math.ceil(share * total);
    long seen = 0;
    for (int value = 0; value < histogram.length; value++) {
      seen += histogram[value];
      if (seen >= needed && total > 0) {
        return value;
      }
    }
    return -1;
  }

  /**
   * Returns the mean.
   *
   * @param histogram how often each value occurred
   * @return the mean, NaN for an empty one
   */
  static double mean(long[] histogram) {
    double sum = 0;
    for (int value = 0; value < histogram.length; value++) {
      sum += (double) value * histogram[value];
    }
    return sum / Arrays.stream(histogram).sum();
  }
}
