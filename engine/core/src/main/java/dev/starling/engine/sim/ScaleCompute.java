package dev.starling.engine.sim;

import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * A compute side that trains: it pins the replica, and one compute time later hands in the gradient
 * at what it pinned, and pins again.
 */
final class ScaleCompute implements SimCompute {
  private final ScaleProblem problem;
  private final Worker worker;
  private final SplittableRandom random;
  private final int batch;
  private final float[] model = new float[ScaleProblem.PARAMETERS];
  private final float[] gradient = new float[ScaleProblem.PARAMETERS];
  private Snapshot snapshot;
  private int submitted;
  private boolean stopped;

  ScaleCompute(ScaleProblem problem, Worker worker, SplittableRandom random, int batch) {
    this.problem = problem;
    this.worker = worker;
    this.random = random;
    this.batch = batch;
  }

  @Override
  public void act() {
    if (stopped) {
      return;
    }
    if (snapshot != null) {
      submit();
    }
    snapshot = worker.snapshot();
  }

  private void submit() {
    MemorySegment.copy(snapshot.parameters(), ValueLayout.JAVA_FLOAT, 0, model, 0, model.length);
    problem.gradient(model, random, batch, gradient);
    MemorySegment.copy(gradient, 0, worker.gradient(), ValueLayout.JAVA_FLOAT, 0, gradient.length);
    worker.submit();
    submitted++;
    snapshot.close();
  }

  /** The run is over: what is being computed is forgotten. */
  void stop() {
    stopped = true;
    if (snapshot != null) {
      snapshot.close();
      snapshot = null;
    }
  }

  @Override
  public int submitted() {
    return submitted;
  }

  @Override
  public boolean isFinished() {
    return stopped;
  }
}
