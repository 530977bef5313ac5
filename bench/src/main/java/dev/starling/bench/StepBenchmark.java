package dev.starling.bench;

import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
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
 * One training step as the engine sees it: snapshot, a gradient that is there already, submit, and
 * the agent's exchange with the other of two workers, until it is applied. Run it with {@code -prof
 * gc}: all threads together allocate nothing per step.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class StepBenchmark {
  private static final int PARAMETERS = 250_000;

  private Arena arena;
  private LocalJob job;

  /** Set up by JMH. */
  public StepBenchmark() {}

  /** Launches two workers. */
  @Setup(Level.Trial)
  public void open() {
    arena = Arena.ofShared();
    job =
        LocalJob.launch(
            new JobContext()
                .workers(2)
                .parameterCount(PARAMETERS)
                .optimizer(parameters -> new Sgd(0.9f, 1e-4f, parameters)),
            arena.allocate(PARAMETERS * 4L));
    VectorKernels.fill(job.worker(0).gradient(), 0, 0f, PARAMETERS);
  }

  /** Closes the job. */
  @TearDown(Level.Trial)
  public void close() {
    job.close();
    arena.close();
  }

  /** Runs one step of worker 0 until it is applied. */
  @Benchmark
  public void step() {
    Worker worker = job.worker(0);
    try (Snapshot snapshot = worker.snapshot()) {
      VectorKernels.fill(worker.gradient(), 0, snapshot.version(0) & 1, PARAMETERS);
      worker.submit();
    }
    long submitted = worker.counters().get(Counter.GRADIENTS_SUBMITTED);
    while (worker.counters().get(Counter.GRADIENTS_APPLIED) < submitted) {
      Thread.onSpinWait();
    }
  }
}
