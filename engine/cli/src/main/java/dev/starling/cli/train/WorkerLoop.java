package dev.starling.cli.train;

import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import dev.starling.models.Model;
import dev.starling.models.Pass;
import dev.starling.models.data.Batch;
import dev.starling.models.data.BatchSampler;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;

/**
 * The compute thread of one worker: draws a batch, computes its gradient on a snapshot, waits for
 * the pretended GPU, hands in, until the budget is used up or the run is stopped.
 *
 * <p>{@link #run} belongs to the compute thread; the numbers may be read from any thread.
 */
final class WorkerLoop {
  /** Weight of the newest loss in the running mean: it looks back about fifty steps. */
  private static final double NEWEST = 0.02;

  private final Model model;
  private final Dataset train;
  private final int batchSize;
  private final long seed;
  private final WorkBudget budget;
  private final ComputePace pace;
  private final StopSignal stop;
  private final BacklogLimit backlog;

  private long done;
  private long drawn;
  private volatile long steps;
  private volatile long samples;
  private volatile long startNs;
  private volatile long endNs;
  private volatile long backlogWaitNs;
  private volatile double loss = Double.NaN;

  /**
   * Creates the loop of one worker.
   *
   * @param options the run's options
   * @param model what is trained
   * @param train where the batches come from
   * @param budget how much work there is
   * @param rank the worker
   * @param stop ends the loop after the step in hand
   */
  WorkerLoop(
      TrainOptions options,
      Model model,
      Dataset train,
      WorkBudget budget,
      int rank,
      StopSignal stop) {
    this.model = model;
    this.train = train;
    this.batchSize = options.batch;
    this.seed = options.seed;
    this.budget = budget;
    this.stop = stop;
    backlog = new BacklogLimit(options.maxBacklog, stop);
    pace = new ComputePace((long) (options.computeMs * 1e6), options.slowFactor(rank), stop);
  }

  /**
   * Trains.
   *
   * @param worker the thread's worker
   */
  void run(Worker worker) {
    BatchSampler sampler = BatchSampler.whole(train, batchSize, seed, worker.rank());
    Pass pass = model.newPass(batchSize);
    startNs = System.nanoTime();
    endNs = startNs;
    try (FlatParameters parameters = new FlatParameters(model.parameterCount())) {
      while (!stop.isRequested() && !Thread.currentThread().isInterrupted()) {
        Batch batch = sampler.next();
        if (!budget.take(batch.size())) {
          return;
        }
        step(worker, pass, batch, parameters);
      }
    }
  }

  private void step(Worker worker, Pass pass, Batch batch, FlatParameters parameters) {
    float batchLoss;
    try (Snapshot snapshot = worker.snapshot()) {
      long beginNs = System.nanoTime();
      batchLoss = pass.gradient(parameters.of(snapshot), batch, worker.gradient());
      pace.await(beginNs);
      backlog.await(worker);
      worker.submit();
    }
    loss = Double.isFinite(loss) ? loss + NEWEST * (batchLoss - loss) : batchLoss;
    drawn += batch.size();
    done++;
    samples = drawn;
    steps = done;
    backlogWaitNs = backlog.waitedNs();
    endNs = System.nanoTime();
  }

  /** {@return gradients handed in} */
  long steps() {
    return steps;
  }

  /** {@return samples used} */
  long samples() {
    return samples;
  }

  /** {@return running mean of the batches' losses in nats, NaN before the first} */
  double loss() {
    return loss;
  }

  /** {@return time waited for the worker's own agent in nanoseconds} */
  long backlogWaitNs() {
    return backlogWaitNs;
  }

  /** {@return when the first step began, {@link System#nanoTime()}} */
  long startNs() {
    return startNs;
  }

  /** {@return when the last step ended, {@link System#nanoTime()}} */
  long endNs() {
    return endNs;
  }

  /** {@return steps per second from the begin of the first to the end of the last} */
  double stepsPerSecond() {
    return endNs > startNs ? steps * 1e9 / (endNs - startNs) : 0;
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
