package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import dev.starling.models.Model;
import dev.starling.models.Pass;
import dev.starling.models.data.Batch;
import dev.starling.models.data.BatchSampler;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/**
 * The compute thread of one worker: draws a batch, computes its gradient on a snapshot, waits for
 * the pretended GPU, hands in, until the budget is used up or the run is stopped.
 *
 * <p>Belongs to the compute thread; the numbers are told on the job's board.
 */
final class WorkerLoop {
  /** Weight of the newest loss in the running mean: it looks back about fifty steps. */
  private static final double NEWEST = 0.02;

  private static final long SEED_STEP = 1_000_003;

  private final RunPlan plan;
  private final JobBoard board;
  private final RankRecord record;
  private final ComputePace pace;
  private final BooleanSupplier stop;
  private final BacklogLimit backlog;

  private long steps;
  private long samples;
  private long waitedBeforeNs;
  private long beginNs;
  private double loss;

  /**
   * Creates the loop of one worker, which goes on counting where the rank's last incarnation was
   * lost.
   *
   * @param plan the run
   * @param board where the work is taken from and progress is told
   * @param rank the worker
   * @param stop ends the loop after the step in hand
   */
  WorkerLoop(RunPlan plan, JobBoard board, int rank, BooleanSupplier stop) {
    this.plan = plan;
    this.board = board;
    this.stop = stop;
    record = board.rank(rank);
    TrainOptions options = plan.options();
    backlog = new BacklogLimit(options.maxBacklog, stop);
    pace = new ComputePace((long) (options.computeMs * 1e6), options.slowFactor(rank), stop);
  }

  /**
   * Trains.
   *
   * @param worker the thread's worker
   */
  void run(Worker worker) {
    TrainOptions options = plan.options();
    Model model = plan.setup().model();
    steps = record.steps();
    samples = record.samples();
    loss = record.loss();
    waitedBeforeNs = record.backlogNs();
    beginNs = steps == 0 ? System.nanoTime() : record.beginNs();
    // A rank that joined again draws other batches than its predecessor drew at first.
    BatchSampler sampler =
        BatchSampler.whole(
            plan.setup().train(), options.batch, options.seed + SEED_STEP * steps, worker.rank());
    record.progress(steps, samples, loss, beginNs, System.nanoTime(), waitedBeforeNs);
    try (Pass pass = plan.device().newPass(model, options.batch, worker.rank());
        FlatParameters parameters = new FlatParameters(model.parameterCount())) {
      while (!stop.getAsBoolean()
          && !worker.areRoundsOver()
          && steps < plan.roundsPerWorker()
          && !Thread.currentThread().isInterrupted()) {
        Batch batch = sampler.next();
        if (!plan.budget().take(board, batch.size())) {
          return;
        }
        step(worker, pass, batch, parameters);
      }
    }
  }

  private void step(Worker worker, Pass pass, Batch batch, FlatParameters parameters) {
    float batchLoss;
    try (Snapshot snapshot = worker.snapshot()) {
      long computeNs = System.nanoTime();
      batchLoss = pass.gradient(parameters.of(snapshot), batch, worker.gradient());
      pace.await(computeNs);
      backlog.await(worker);
      worker.submit();
    }
    loss = steps > 0 && Double.isFinite(loss) ? loss + NEWEST * (batchLoss - loss) : batchLoss;
    samples += batch.size();
    steps++;
    record.progress(
        steps, samples, loss, beginNs, System.nanoTime(), waitedBeforeNs + backlog.waitedNs());
  }

  /** A snapshot as the models want it: without a copy when it lies in one piece. */
  private static final class FlatParameters implements AutoCloseable {
    private final long lengthBytes;
    private PrivateMemory copy;

    FlatParameters(long count) {
      lengthBytes = count * Float.BYTES;
    }

    MemorySegment of(Snapshot snapshot) {
      MemorySegment first = snapshot.stripe(0);
      if (first.byteSize() == lengthBytes) {
        return first;
      }
      if (copy == null) {
        copy = PrivateMemory.allocate("copy of the snapshot", lengthBytes);
      }
      snapshot.copyTo(copy.segment());
      return copy.segment();
    }

    @Override
    public void close() {
      if (copy != null) {
        copy.close();
      }
    }
  }
}
