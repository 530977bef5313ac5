package dev.starling.engine.checkpoint;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.worker.CheckpointCopy;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Saves the workers of this process whenever the job's coordinator wants a checkpoint set, on a
 * thread of its own. The workers train on meanwhile: an agent copies between two of its updates,
 * and this thread writes the copy.
 */
public final class WorkerCheckpoints implements AutoCloseable {
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long COPY_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
  private static final long STOP_TIMEOUT_MS = TimeUnit.SECONDS.toMillis(60);
  private static final long NS_PER_MS = 1_000_000;

  /** Tells what a checkpoint file should say besides what the engine knows. */
  @FunctionalInterface
  public interface Details {
    /**
     * Asks for one rank.
     *
     * @param rank the rank
     * @return text by name
     */
    Map<String, String> of(int rank);
  }

  private final JobBoard board;
  private final CheckpointSets sets;
  private final List<Worker> workers;
  private final List<Safetensors.Tensor> tensors;
  private final List<Long> stripeParameters;
  private final Details details;
  private final LongConsumer onComplete;
  private final Consumer<String> onFailure;
  private final Thread thread = new Thread(this::run, "starling-checkpoints");
  private long completeSeen;
  private volatile boolean stopping;

  /**
   * Begins to watch the board.
   *
   * @param board the job's board
   * @param sets where the sets lie
   * @param workers the workers of this process
   * @param tensors the model's tensors in order; empty for one without names
   * @param details what files say besides
   * @param onComplete is told, on this object's thread, when a set has become complete
   * @param onFailure is told, on this object's thread, why a worker could not be saved
   */
  public WorkerCheckpoints(
      JobBoard board,
      CheckpointSets sets,
      List<Worker> workers,
      List<Safetensors.Tensor> tensors,
      Details details,
      LongConsumer onComplete,
      Consumer<String> onFailure) {
    this.board = board;
    this.sets = sets;
    this.workers = List.copyOf(workers);
    this.tensors = List.copyOf(tensors);
    this.details = details;
    this.onComplete = onComplete;
    this.onFailure = onFailure;
    stripeParameters = workers.getFirst().stripeParameters();
    completeSeen = board.cutComplete();
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    while (!stopping) {
      long wanted = board.cutWanted();
      for (Worker worker : workers) {
        RankRecord record = board.rank(worker.rank());
        if (record.cut() >= 0 && record.cut() < wanted && record.cutFailed() < wanted) {
          save(worker, record, wanted);
        }
      }
      long complete = board.cutComplete();
      if (complete > completeSeen) {
        completeSeen = complete;
        tellComplete(complete);
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  /** What a listener cannot do must not end the thread: the sets that follow still need it. */
  private void tellComplete(long set) {
    try {
      onComplete.accept(set);
    } catch (RuntimeException failure) {
      onFailure.accept("after checkpoint " + set + ": " + failure.getMessage());
    }
  }

  private void save(Worker worker, RankRecord record, long set) {
    try {
      CheckpointCopy copy = worker.checkpoint(set, COPY_TIMEOUT_NS);
      CheckpointFiles.write(
          sets.file(set, copy.rank(), copy.incarnation()),
          new RankCheckpoint(
              Long.toHexString(board.jobId()),
              copy.rank(),
              copy.incarnation(),
              set,
              copy.optimizerStep(),
              versions(copy),
              stripeParameters,
              System.currentTimeMillis() * NS_PER_MS,
              details.of(copy.rank())),
          tensors,
          copy.parameters(),
          states(copy));
      record.cut(set);
    } catch (RuntimeException failure) {
      record.cutFailed(set);
      onFailure.accept(failure.getMessage());
    }
  }

  private static List<Long> versions(CheckpointCopy copy) {
    List<Long> versions = new ArrayList<>();
    for (long version : copy.versions()) {
      versions.add(version);
    }
    return versions;
  }

  private static List<StateVector> states(CheckpointCopy copy) {
    List<StateVector> states = new ArrayList<>();
    for (int i = 0; i < copy.stateNames().size(); i++) {
      MemorySegment vector = copy.state(i);
      states.add(new StateVector(copy.stateNames().get(i), vector));
    }
    return states;
  }

  /** Ends the thread, after what it is writing. The workers must still run. */
  @Override
  public void close() {
    stopping = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    long deadlineMs = System.currentTimeMillis() + STOP_TIMEOUT_MS;
    while (thread.isAlive() && System.currentTimeMillis() < deadlineMs) {
      try {
        thread.join(STOP_TIMEOUT_MS);
      } catch (InterruptedException asked) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      onFailure.accept(
          "a checkpoint was still being written after "
              + TimeUnit.MILLISECONDS.toSeconds(STOP_TIMEOUT_MS)
              + " s: look at the disk of "
              + sets.directory(board.cutWanted()));
    }
  }
}
