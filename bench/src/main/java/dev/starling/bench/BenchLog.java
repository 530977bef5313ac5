package dev.starling.bench;

import dev.starling.chronicle.ChronicleLog;
import dev.starling.chronicle.ChronicleLogContext;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A log that a benchmark appends to; keeps its last two segments. */
@State(Scope.Thread)
public class BenchLog {
  private static final String NAME = "0.0";

  private Scratch scratch;
  private ChronicleLog sink;
  private UpdateLog log;
  private int segment;
  private long version;

  /** Set up by JMH. */
  public BenchLog() {}

  /**
   * Begins a log.
   *
   * @throws IOException when that fails
   */
  @Setup(Level.Trial)
  public void open() throws IOException {
    scratch = Scratch.create();
    sink = ChronicleLog.create(directory(), new ChronicleLogContext());
    String text =
        new RunText()
            .put(RunText.FORMAT, LogRecord.FORMAT)
            .put(RunText.RANK, 0)
            .put(RunText.INCARNATION, 0)
            .layout(ReplicaLayout.of(2, 1 << 18, 1L << 20))
            .toString();
    log =
        new UpdateLog(
            sink,
            text,
            1,
            UpdateLog.OnFailure.STOP,
            lost -> {
              throw new IllegalStateException(lost);
            });
  }

  /**
   * Ends and removes the log.
   *
   * @throws IOException when that fails
   */
  @TearDown(Level.Trial)
  public void close() throws IOException {
    try {
      log.close();
    } finally {
      scratch.close();
    }
  }

  /** {@return where the log lies} */
  Path directory() {
    return scratch.directory().resolve(NAME);
  }

  /** Appends the three small records of a step, and keeps the time of each. */
  void smallRecords(Latency latency) {
    version++;
    long beganNs = System.nanoTime();
    log.intent(0, version, 1, 0, version, true);
    long intendedNs = System.nanoTime();
    log.commit(0, version);
    long committedNs = System.nanoTime();
    log.step(0, ++version);
    long steppedNs = System.nanoTime();
    latency.record(intendedNs - beganNs);
    latency.record(committedNs - intendedNs);
    latency.record(steppedNs - committedNs);
  }

  /** Appends a gradient as the agent does, chunk by chunk. */
  void gradient(MemorySegment values) {
    long lengthBytes = values.byteSize();
    log.gradient(++version, 1, version, 0.1f, 1f, GradientPayload.F32, lengthBytes);
    for (long at = 0; at < lengthBytes; at += JobContext.CHUNK_BYTES_DEFAULT) {
      log.fragment(values, at, Math.min(JobContext.CHUNK_BYTES_DEFAULT, lengthBytes - at));
    }
  }

  /** Begins the next segment where one is due, and removes old ones; not to be measured. */
  void trim() {
    if (sink.isSegmentFull()) {
      log.gradient(++version, 1, version, 0.1f, 1f, GradientPayload.NONE, 0);
    }
    if (segment != sink.segment()) {
      segment = sink.segment();
      sink.dropBefore(segment - 1);
    }
  }
}
