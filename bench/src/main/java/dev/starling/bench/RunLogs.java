package dev.starling.bench;

import dev.starling.chronicle.ChronicleLog;
import dev.starling.chronicle.ChronicleLogContext;
import dev.starling.chronicle.ChronicleLogs;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.log.RunText;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.replay.ReplayInput;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.OptimizerFactory;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The logs of a run that was made for them, on the memory file system, and the replicas that it
 * ended with. Belongs to one thread.
 */
final class RunLogs implements ReplayInput, AutoCloseable {
  private static final long SEED = 7;
  private static final float RATE = 0.01f;
  private static final long APPLY_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);

  private final Shape shape;
  private final Scratch scratch;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment initial;
  private final List<MemorySegment> replicas = new ArrayList<>();
  private final String optimizer;

  /**
   * What run to make.
   *
   * @param ranks workers
   * @param gradients gradients of each
   * @param parameters parameters of the model, one stripe
   * @param optimizer makes each worker's optimizer
   * @param payload how gradients are kept
   */
  record Shape(
      int ranks,
      int gradients,
      long parameters,
      OptimizerFactory optimizer,
      GradientPayload payload) {
    long modelBytes() {
      return parameters * Float.BYTES;
    }
  }

  private RunLogs(Shape shape, Scratch scratch) {
    this.shape = shape;
    this.scratch = scratch;
    initial = arena.allocate(shape.modelBytes(), 64);
    try (Optimizer made = shape.optimizer().create(shape.parameters())) {
      optimizer = made.specification();
    }
  }

  /**
   * Makes a run with random gradients.
   *
   * @throws Exception when it fails; nothing is left behind
   */
  static RunLogs write(Shape shape) throws Exception {
    RunLogs logs = new RunLogs(shape, Scratch.create());
    try {
      logs.train();
      return logs;
    } catch (Throwable failure) {
      logs.close();
      throw failure;
    }
  }

  private void train() throws Exception {
    JobContext context =
        new JobContext()
            .workers(shape.ranks())
            .parameterCount(shape.parameters())
            .stripeBytes(shape.modelBytes() + 64)
            .optimizer(shape.optimizer())
            .schedule(new Schedule.Constant(RATE))
            .gradientPayload(shape.payload());
    context.journal((rank, incarnation) -> journal(context, rank, incarnation));
    MemorySegment noise = noise();
    try (LocalJob job = LocalJob.launch(context, initial)) {
      job.run(worker -> submitAll(worker, noise));
      for (int rank = 0; rank < shape.ranks(); rank++) {
        MemorySegment replica = arena.allocate(shape.modelBytes(), 64);
        job.copyReplica(rank, replica);
        replicas.add(replica);
      }
    }
  }

  private Journal journal(JobContext context, int rank, int incarnation) {
    String text =
        new RunText()
            .put(RunText.FORMAT, LogRecord.FORMAT)
            .put(RunText.RANK, rank)
            .put(RunText.INCARNATION, incarnation)
            .put(RunText.OPTIMIZER, optimizer)
            .put(RunText.PAYLOAD, shape.payload())
            .layout(context.layout())
            .toString();
    ChronicleLog sink =
        ChronicleLog.create(path(new ChainId(rank, incarnation)), new ChronicleLogContext());
    return new UpdateLog(
        sink, text, context.layout().stripes(), UpdateLog.OnFailure.STOP, lost -> {});
  }

  private MemorySegment noise() {
    SplittableRandom random = new SplittableRandom(SEED);
    MemorySegment noise = arena.allocate(2 * shape.modelBytes(), 64);
    for (long i = 0; i < 2 * shape.parameters(); i++) {
      noise.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return noise;
  }

  private void submitAll(Worker worker, MemorySegment noise) {
    for (int i = 1; i <= shape.gradients(); i++) {
      try (Snapshot snapshot = worker.snapshot()) {
        // Any other gradient than the one before.
        long shift = snapshot.version(0) * 7919 + worker.rank();
        long from = shift % shape.parameters() * Float.BYTES;
        MemorySegment.copy(noise, from, worker.gradient(), 0, shape.modelBytes());
        worker.submit();
      }
      awaitApplied(worker, i);
    }
  }

  private static void awaitApplied(Worker worker, long gradients) {
    long deadlineNs = System.nanoTime() + APPLY_TIMEOUT_NS;
    while (worker.counters().get(Counter.GRADIENTS_APPLIED) < gradients) {
      if (System.nanoTime() - deadlineNs > 0) {
        throw new IllegalStateException(
            "gradient " + gradients + " of rank " + worker.rank() + " was not applied in 20 s");
      }
      LockSupport.parkNanos(1_000);
    }
  }

  Shape shape() {
    return shape;
  }

  /** {@return the text that replay makes the optimizer from} */
  String optimizer() {
    return optimizer;
  }

  /** {@return the replica that the run ended with} */
  MemorySegment replica(int rank) {
    return replicas.get(rank);
  }

  /**
   * Reads every record, checks it, and does nothing with it.
   *
   * @return bytes of gradients
   */
  long scan() {
    long payloadBytes = 0;
    for (ChainId chain : logs()) {
      try (LogCursor cursor = open(chain)) {
        while (cursor.next()) {
          MemorySegment record = cursor.record();
          if (LogRecord.kind(record) == RecordKind.FRAGMENT) {
            payloadBytes += LogRecord.bodyLengthBytes(record) - Long.BYTES;
          }
        }
        if (cursor.damage() != null) {
          throw new IllegalStateException(cursor.damage());
        }
      }
    }
    return payloadBytes;
  }

  private Path path(ChainId chain) {
    return scratch.directory().resolve(chain.rank() + "." + chain.incarnation());
  }

  @Override
  public List<ChainId> logs() {
    return ChronicleLogs.list(scratch.directory()).stream()
        .map(log -> new ChainId(log.rank(), log.incarnation()))
        .toList();
  }

  @Override
  public LogCursor open(ChainId chain) {
    return ChronicleLogs.open(path(chain));
  }

  @Override
  public Map<Integer, SavedState> set(long set) {
    Map<Integer, SavedState> states = new HashMap<>();
    if (set == 0) {
      for (int rank = 0; rank < shape.ranks(); rank++) {
        states.put(rank, new SavedState(new ChainId(rank, 0), 0, new long[1], initial, Map.of()));
      }
    }
    return states;
  }

  /**
   * Removes the logs.
   *
   * @throws IOException when that fails
   */
  @Override
  public void close() throws IOException {
    arena.close();
    scratch.close();
  }
}
