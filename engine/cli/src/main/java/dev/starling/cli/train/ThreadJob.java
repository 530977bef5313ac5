package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.worker.JobObserver;
import dev.starling.engine.worker.LocalJob;
import java.lang.foreign.MemorySegment;

/** A run whose workers are threads of this process. */
final class ThreadJob implements TrainingJob {
  private final RunPlan plan;
  private final StopSignal stop;
  private final LocalJob job;

  /**
   * Launches the workers, which do nothing yet.
   *
   * @param plan the run
   * @param parameters the initial model
   * @param stop ends the run early
   */
  ThreadJob(RunPlan plan, MemorySegment parameters, StopSignal stop) {
    this.plan = plan;
    this.stop = stop;
    PassWarmUp.run(plan.options(), plan.setup(), parameters, stop);
    job = LocalJob.launch(plan.context(), parameters);
    job.board().work(plan.budget().total());
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
    job.close();
  }
}
