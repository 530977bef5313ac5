package dev.starling.bench;

import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a compute thread has to do with its agent, call by call: a snapshot opened and closed, and a
 * gradient from {@code submit} until the agent has taken it, which includes waking an agent that
 * rests. The model is small ({@value #PARAMETERS} parameters), so that hardly anything but the
 * hand-off is measured.
 */
@State(Scope.Thread)
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
      "--sun-misc-unsafe-memory-access=allow"
    })
public class HandOffBenchmark {
  private static final int PARAMETERS = 1024;
  private static final int BATCH = 1_000;
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);

  /** Plain SGD that notes when it begins a step: then the agent has just taken the gradient. */
  private static final class TimedSgd implements Optimizer {
    private final Sgd sgd = new Sgd(0f, 0f, PARAMETERS);
    private volatile long takenNs;
    private volatile long steps;

    @Override
    public void begin(long step) {
      takenNs = System.nanoTime();
      steps = step;
      sgd.begin(step);
    }

    @Override
    public long advance(Kernels kernels, MemorySegment gradient, long offsetBytes, long count) {
      return sgd.advance(kernels, gradient, offsetBytes, count);
    }

    @Override
    public MemorySegment update(MemorySegment gradient) {
      return sgd.update(gradient);
    }

    @Override
    public float l2Decay() {
      return 0f;
    }

    @Override
    public long stateBytes() {
      return 0;
    }

    @Override
    public void close() {
      sgd.close();
    }
  }

  private Arena arena;
  private LocalJob job;
  private Worker worker;
  private TimedSgd optimizer;

  /** Set up by JMH. */
  public HandOffBenchmark() {}

  /** Launches two workers, of which the second one only has its agent. */
  @Setup(Level.Trial)
  public void open() {
    arena = Arena.ofShared();
    JobContext context = new JobContext().workers(2).parameterCount(PARAMETERS);
    context.optimizer(
        parameters -> {
          TimedSgd made = new TimedSgd();
          optimizer = optimizer == null ? made : optimizer;
          return made;
        });
    job = LocalJob.launch(context, arena.allocate(PARAMETERS * (long) Float.BYTES));
    worker = job.worker(0);
  }

  /** Closes the job. */
  @TearDown(Level.Trial)
  public void close() {
    job.close();
    arena.close();
  }

  /**
   * Opens and closes snapshots, and keeps the time of each.
   *
   * @param latency takes the times
   */
  @Benchmark
  public void snapshot(Latency latency) {
    for (int i = 0; i < BATCH; i++) {
      long beganNs = System.nanoTime();
      worker.snapshot().close();
      latency.record(System.nanoTime() - beganNs);
    }
  }

  /**
   * Hands in a gradient and waits until it is applied; keeps the time until it was taken.
   *
   * @param latency takes the time
   */
  @Benchmark
  public void submitToTaken(Latency latency) {
    long before = optimizer.steps;
    long beganNs;
    try (Snapshot snapshot = worker.snapshot()) {
      VectorKernels.fill(worker.gradient(), 0, snapshot.version(0) & 1, PARAMETERS);
      beganNs = System.nanoTime();
      worker.submit();
    }
    long submitted = worker.counters().get(Counter.GRADIENTS_SUBMITTED);
    while (optimizer.steps == before
        || worker.counters().get(Counter.GRADIENTS_APPLIED) < submitted) {
      Thread.onSpinWait();
      if (System.nanoTime() - beganNs > LIMIT_NS) {
        throw new IllegalStateException("the agent has not applied a gradient for 20 s");
      }
    }
    latency.record(optimizer.takenNs - beganNs);
  }
}
