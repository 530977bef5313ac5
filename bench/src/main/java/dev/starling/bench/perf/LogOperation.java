package dev.starling.bench.perf;

import dev.starling.chronicle.ChronicleLog;
import dev.starling.chronicle.ChronicleLogContext;
import dev.starling.chronicle.ChronicleLogs;
import dev.starling.engine.StarlingException;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Appends gradients to an update log as an agent does, chunk by chunk; a segment that is full is
 * ended inside the append that finds it so. Keeps the last two segments; old ones are removed
 * between latencies.
 */
final class LogOperation extends Operation implements AutoCloseable {
  private static final int FRAGMENT_HEAD_BYTES = 8;

  private final Path directory;
  private final MemorySegment values;
  private final long lengthBytes;
  private final ChronicleLog sink;
  private final UpdateLog log;
  private int segment;
  private long appended;

  /**
   * Begins a log.
   *
   * @param directory where, with nothing in it
   * @param values the gradient; the length of the measured ones or longer
   * @param lengthBytes length of the gradients, a multiple of 4
   */
  LogOperation(Path directory, MemorySegment values, long lengthBytes) {
    this.directory = directory;
    this.values = values;
    this.lengthBytes = lengthBytes;
    sink = ChronicleLog.create(directory, new ChronicleLogContext());
    try {
      log = new UpdateLog(sink, run(), 1, UpdateLog.OnFailure.STOP, sentence -> {});
    } catch (Throwable failure) {
      sink.close();
      throw failure;
    }
  }

  /** {@return where the log lies} */
  Path directory() {
    return directory;
  }

  private String run() {
    return new RunText()
        .put(RunText.FORMAT, LogRecord.FORMAT)
        .put(RunText.RANK, 0)
        .put(RunText.INCARNATION, 0)
        .layout(ReplicaLayout.of(1, lengthBytes / Float.BYTES, JobContext.STRIPE_BYTES_DEFAULT))
        .toString();
  }

  private void append() {
    appended++;
    log.gradient(appended, 1, appended, 0.1f, 1f, GradientPayload.F32, lengthBytes);
    for (long at = 0; at < lengthBytes; at += JobContext.CHUNK_BYTES_DEFAULT) {
      log.fragment(values, at, Math.min(JobContext.CHUNK_BYTES_DEFAULT, lengthBytes - at));
    }
  }

  private void dropOldSegments() {
    if (segment != sink.segment()) {
      segment = sink.segment();
      sink.dropBefore(segment - 1);
    }
  }

  @Override
  void latency(long iterations, Samples samples) {
    for (long i = 0; i < iterations; i++) {
      long beganNs = System.nanoTime();
      append();
      samples.record(System.nanoTime() - beganNs);
      dropOldSegments();
    }
  }

  @Override
  void bandwidth(long iterations, int depth, Meter meter) {
    meter.begin(iterations);
    for (long done = 0; done < iterations; ) {
      append();
      dropOldSegments();
      meter.completed(++done);
    }
    meter.end();
  }

  /** Reads the log back: every record is in sequence, and the last gradient tells its number. */
  @Override
  long counted() {
    long last = 0;
    long lastBytes = lengthBytes;
    try (LogCursor cursor = ChronicleLogs.open(directory)) {
      while (cursor.next()) {
        MemorySegment record = cursor.record();
        if (LogRecord.kind(record) == RecordKind.GRADIENT) {
          requireWhole(last, lastBytes);
          last = LogRecord.bodyLong(record, 0);
          lastBytes = 0;
        } else if (LogRecord.kind(record) == RecordKind.FRAGMENT) {
          lastBytes += LogRecord.bodyLengthBytes(record) - FRAGMENT_HEAD_BYTES;
        }
      }
      requireWhole(last, lastBytes);
      if (cursor.damage() != null) {
        throw new StarlingException(
            "the log that was written cannot be read: " + cursor.damage() + "; report this fault");
      }
    }
    return last;
  }

  private void requireWhole(long gradient, long bytes) {
    if (bytes != lengthBytes) {
      throw new StarlingException(
          "gradient %d has %d bytes in the log and not %d: report this fault of starling"
              .formatted(gradient, bytes, lengthBytes));
    }
  }

  /** {@link #counted()} has read the log. */
  @Override
  void check() {}

  @Override
  public void close() {
    log.close();
  }
}
