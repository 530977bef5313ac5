package dev.starling.chronicle;

import dev.starling.engine.checkpoint.CheckpointCoordinator;
import dev.starling.engine.checkpoint.CheckpointInterval;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.WorkerCheckpoints;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.OptimizerFactory;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Trains a small job on random gradients and records it the way {@code starling train} does: set 0
 * is the initial model, further sets are made while it trains, the last one at its end.
 *
 * @param seed decides the initial model and all gradients
 * @param workers workers
 * @param stripes parameters of each stripe
 * @param stripesInFlight how many stripes an agent exchanges at a time
 * @param optimizer the optimizer of each worker
 * @param payload how the log keeps gradients
 * @param steps gradients of each worker between two sets
 * @param sets checkpoint sets after the initial one
 */
record SampleRun(
    long seed,
    int workers,
    long[] stripes,
    int stripesInFlight,
    OptimizerFactory optimizer,
    GradientPayload payload,
    int steps,
    int sets) {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final long SEGMENT_BYTES = 1 << 16;

  /** What may be done to a run while it trains. */
  @FunctionalInterface
  interface During {
    /** A set has become complete; compute threads rest. */
    void set(long set, RunRecorder recorder);
  }

  static ChronicleLogContext settings() {
    return new ChronicleLogContext().blockBytes(1 << 20).segmentBytes(SEGMENT_BYTES);
  }

  long parameterCount() {
    return LongStream.of(stripes).sum();
  }

  /** Trains to the end. */
  void train(Path directory) throws Exception {
    train(directory, (set, recorder) -> {});
  }

  void train(Path directory, During during) throws Exception {
    CheckpointSets sets = CheckpointSets.of(directory);
    RunRecorder recorder =
        new RunRecorder(
            directory,
            SampleRun::settings,
            UpdateLog.OnFailure.STOP,
            Map.of("model", "sample"),
            lost -> {
              throw new AssertionError(lost);
            });
    JobContext context =
        new JobContext()
            .workers(workers)
            .stripes(stripes)
            .stripesInFlight(stripesInFlight)
            .optimizer(optimizer)
            .schedule(new Schedule.Warmup(3, new Schedule.Constant(0.05f)))
            .gradientPayload(payload)
            .seed(seed);
    recorder.record(context);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment initial = arena.allocate(parameterCount() * Float.BYTES);
      fill(initial, new SplittableRandom(seed));
      writeInitial(sets, initial);
      try (LocalJob job = LocalJob.launch(context, initial)) {
        train(job, sets, recorder, during);
      }
    }
  }

  private void train(LocalJob job, CheckpointSets sets, RunRecorder recorder, During during)
      throws Exception {
    List<String> failures = Collections.synchronizedList(new ArrayList<>());
    WorkerCheckpoints checkpoints =
        new WorkerCheckpoints(
            job.board(),
            sets,
            job.allWorkers(),
            List.of(),
            rank -> Map.of("model", "sample"),
            set -> {},
            failures::add);
    try (checkpoints;
        CheckpointCoordinator coordinator =
            new CheckpointCoordinator(job.board(), sets, 0, CheckpointInterval.NEVER, told -> {})) {
      for (int made = 0; made < this.sets; made++) {
        long round = made;
        job.run(worker -> compute(worker, round));
        job.board().askForCut();
        job.run(worker -> compute(worker, round + this.sets));
        long set = coordinator.makeOne(1);
        if (set < 0 || !failures.isEmpty()) {
          throw new AssertionError("no checkpoint set " + (made + 1) + ": " + failures);
        }
        during.set(set, recorder);
      }
    }
  }

  private void compute(Worker worker, long round) {
    SplittableRandom random = new SplittableRandom(seed + 31 * worker.rank() + 1_000_003 * round);
    for (int step = 0; step < steps; step++) {
      try (Snapshot snapshot = worker.snapshot()) {
        fill(worker.gradient(), random);
        if (snapshot.version(0) < 0 || !worker.submit()) {
          throw new AssertionError("a finite gradient was refused");
        }
      }
    }
  }

  private void fill(MemorySegment values, SplittableRandom random) {
    for (long i = 0; i < parameterCount(); i++) {
      values.setAtIndex(FLOAT, i, (float) random.nextGaussian());
    }
  }

  private void writeInitial(CheckpointSets sets, MemorySegment initial) {
    CheckpointCoordinator.writeInitial(
        sets,
        ReplicaLayout.ofStripes(workers, stripes),
        Map.of("model", "sample"),
        List.of(),
        initial);
  }
}
