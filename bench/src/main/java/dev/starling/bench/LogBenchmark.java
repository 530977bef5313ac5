package dev.starling.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Appends to the update log, on the memory file system: the latency of small records back to back,
 * and gradients against a copy of the same bytes into a mapping whose space is reserved but that
 * nobody has touched. The two take turns, 16 MiB each, so that every turn has its share of what a
 * log does now and then. What it does once per segment is not measured; the daemon that seals ended
 * segments runs all the same.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow",
      "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
      "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
      "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED"
    })
public class LogBenchmark {
  private static final int BATCH = 1_000;

  /** What a side writes before it is the other one's turn: a multiple of what a log reserves. */
  private static final long TURN_BYTES = 16 << 20;

  /** Set up by JMH. */
  public LogBenchmark() {}

  /** A gradient, and where the rival copies it to. */
  @State(Scope.Thread)
  public static class Values {
    private static final long FILE_BYTES = 256L << 20;

    /** Bytes of the gradient. */
    @Param({"1048576", "16777216"})
    public long gradientBytes;

    private Arena arena;
    private MemorySegment values;
    private Scratch scratch;
    private FreshMapping rival;

    /** Set up by JMH. */
    public Values() {}

    /**
     * Fills the gradient.
     *
     * @throws IOException when the rival's file cannot be created
     */
    @Setup(Level.Trial)
    public void open() throws IOException {
      arena = Arena.ofShared();
      values = arena.allocate(gradientBytes, 64);
      values.fill((byte) 63);
      scratch = Scratch.create();
      rival = new FreshMapping(scratch.directory().resolve("copy"), FILE_BYTES);
    }

    /**
     * Removes the rival's file.
     *
     * @throws IOException when that fails
     */
    @TearDown(Level.Trial)
    public void close() throws IOException {
      rival.close();
      scratch.close();
      arena.close();
    }
  }

  /**
   * Appends the small records of some steps: INTENT, COMMIT, STEP.
   *
   * @param log the log
   * @param latency takes the time of each record
   */
  @Benchmark
  public void smallRecords(BenchLog log, Latency latency) {
    for (int i = 0; i < BATCH; i++) {
      log.smallRecords(latency);
    }
    log.trim();
  }

  /**
   * Appends gradients, and copies them.
   *
   * @param log the log
   * @param values the gradient, and the rival
   * @param pair takes the times; the rival is the copy
   */
  @Benchmark
  public void gradientAndCopy(BenchLog log, Values values, Pair pair) {
    values.rival.prepare(TURN_BYTES);
    long appendNs;
    long copyNs;
    if (pair.javaFirst()) {
      appendNs = timeAppend(log, values);
      copyNs = timeCopy(values);
    } else {
      copyNs = timeCopy(values);
      appendNs = timeAppend(log, values);
    }
    double gradients = (double) TURN_BYTES / values.gradientBytes;
    pair.record(appendNs / gradients, copyNs / gradients);
    log.trim();
  }

  private static long timeAppend(BenchLog log, Values values) {
    long startNs = System.nanoTime();
    for (long done = 0; done < TURN_BYTES; done += values.gradientBytes) {
      log.gradient(values.values);
    }
    return System.nanoTime() - startNs;
  }

  private static long timeCopy(Values values) {
    long startNs = System.nanoTime();
    for (long done = 0; done < TURN_BYTES; done += values.gradientBytes) {
      values.rival.copy(values.values, values.gradientBytes);
    }
    return System.nanoTime() - startNs;
  }
}
