package dev.starling.cli.train;

import dev.starling.engine.checkpoint.WorkerCheckpoints;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.worker.JobObserver;
import dev.starling.engine.worker.LocalJob;
import java.lang.foreign.MemorySegment;

/** A run whose workers are threads of this process. */
final class ThreadJob implements TrainingJob {
  private final RunPlan plan;
  private final StopSignal stop;
  private final LocalJob job;
  private final WorkerCheckpoints checkpoints;

  /**
   * Launches the workers, which do nothing yet.
   *
   * @param plan the run
   * @param recording what of it is kept
   * @param parameters the initial model
   * @param stop ends the run early
   */
  ThreadJob(RunPlan plan, Recording recording, MemorySegment parameters, StopSignal stop) {
    this.plan = plan;
    this.stop = stop;
    PassWarmUp.run(plan, 0, parameters, stop);
    job = LocalJob.launch(recording.record(plan.context()), parameters);
    try {
      job.board().work(plan.budget().total());
      recording.prepare(job.board());
      checkpoints = recording.checkpoints(job.board(), job.allWorkers());
    } catch (Throwable failure) {
      job.close();
      throw failure;
    }
  }

  @Override
  public JobBoard board() {
    return job.board();
  }

  @Override
  public JobObserver observer() {
    return job.observer();
  }

  @Override
  public void train() throws Exception {
    job.run(worker -> new WorkerLoop(plan, job.board(), worker.rank(), stop).run(worker));
  }

  @Override
  public void close() {
    try {
      checkpoints.close();
    } finally {
      job.close();
    }
  }
}
