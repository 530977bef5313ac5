package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;

/**
 * The work of a run, which lies on the job's board, from which all workers draw until it is used
 * up: a slow worker draws less and nobody waits for it.
 *
 * @param total the whole budget, in samples or steps
 * @param inSamples whether it is in samples; it is then exceeded by less than the last batch
 */
record WorkBudget(long total, boolean inSamples) {
  /**
   * A budget in samples.
   *
   * @param samples how many all workers draw together
   * @return the budget
   */
  static WorkBudget ofSamples(long samples) {
    return new WorkBudget(samples, true);
  }

  /**
   * A budget in steps.
   *
   * @param steps how many all workers do together
   * @return the budget
   */
  static WorkBudget ofSteps(long steps) {
    return new WorkBudget(steps, false);
  }

  /**
   * Cuts off what is less than a step of every worker: a round that not all begin is not done.
   *
   * @param batch samples per step
   * @param workers number of workers
   * @return the budget of one round or more
   */
  WorkBudget inWholeRounds(int batch, int workers) {
    long round = (long) workers * (inSamples ? batch : 1);
    return new WorkBudget(Math.max(1, total / round) * round, inSamples);
  }

  /**
   * Takes one step's share.
   *
   * @param board where the work lies
   * @param samples the samples of the step
   * @return whether there was something left
   */
  boolean take(JobBoard board, int samples) {
    return board.takeWork(inSamples ? samples : 1);
  }

  /**
   * Tells what was taken.
   *
   * @param board where the work lies
   * @return at most {@link #total()}
   */
  long taken(JobBoard board) {
    return total - Math.max(0, board.workLeft());
  }

  /**
   * The length of the run.
   *
   * @param batch samples per step
   * @param workers number of workers
   * @return steps per worker on average
   */
  double stepsPerWorker(int batch, int workers) {
    return (double) total / workers / (inSamples ? batch : 1);
  }
}
