package dev.starling.chronicle;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointCoordinator;
import dev.starling.engine.checkpoint.CheckpointInterval;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.WorkerCheckpoints;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A job of this process that records every update in a run directory and saves checkpoint sets
 * there. Belongs to the thread that made it, as its {@link LocalJob} does.
 */
public final class RecordedJob implements AutoCloseable {
  private static final int ATTEMPTS = 3;

  private final LocalJob job;
  private final WorkerCheckpoints workers;
  private final CheckpointCoordinator coordinator;

  private RecordedJob(LocalJob job, WorkerCheckpoints workers, CheckpointCoordinator coordinator) {
    this.job = job;
    this.workers = workers;
    this.coordinator = coordinator;
  }

  /**
   * Saves the initial model as checkpoint set 0 and starts the job's agents.
   *
   * @param context the options, not concluded; a worker whose log cannot be written stops
   * @param initialParameters the model that every worker starts from, float32
   * @param directory the run directory, without logs and checkpoint sets
   * @param interval when checkpoint sets are due
   * @param tell takes a sentence for people about every set, from another thread
   * @return the job, owned by the caller
   * @throws ConfigurationException when the directory has a run already
   * @throws StarlingException when memory or disk is short; nothing runs then
   */
  public static RecordedJob launch(
      JobContext context,
      MemorySegment initialParameters,
      Path directory,
      CheckpointInterval interval,
      Consumer<String> tell) {
    CheckpointSets sets = CheckpointSets.of(directory);
    if (Files.exists(directory.resolve(RunRecorder.LOG)) || !sets.list().isEmpty()) {
      throw new ConfigurationException(directory + " has a run already: choose another directory");
    }
    RunRecorder recorder =
        new RunRecorder(
            directory, ChronicleLogContext::new, UpdateLog.OnFailure.STOP, Map.of(), tell);
    LocalJob job = LocalJob.launch(recorder.record(context), initialParameters);
    WorkerCheckpoints workers = null;
    try {
      CheckpointCoordinator.writeInitial(
          sets, context.layout(), Map.of(), List.of(), initialParameters);
      workers =
          new WorkerCheckpoints(
              job.board(), sets, job.allWorkers(), List.of(), rank -> Map.of(), set -> {}, tell);
      return new RecordedJob(
          job, workers, new CheckpointCoordinator(job.board(), sets, 0, interval, tell));
    } catch (Throwable failure) {
      if (workers != null) {
        workers.close();
      }
      job.close();
      throw failure;
    }
  }

  /**
   * Returns the job.
   *
   * @return for training; this object closes it
   */
  public LocalJob job() {
    return job;
  }

  /**
   * Saves a checkpoint set now and waits for it; training goes on meanwhile.
   *
   * @return the set's number
   * @throws StarlingException when none became complete
   */
  public long checkpoint() {
    long set = coordinator.makeOne(ATTEMPTS);
    if (set < 0) {
      throw new StarlingException(
          "no checkpoint set became complete: the sentences told meanwhile say why");
    }
    return set;
  }

  /** Ends the job; its logs and checkpoint sets stay. */
  @Override
  public void close() {
    try {
      coordinator.close();
      workers.close();
    } finally {
      job.close();
    }
  }
}
