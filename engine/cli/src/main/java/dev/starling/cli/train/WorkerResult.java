package dev.starling.cli.train;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;

/**
 * What one worker did.
 *
 * @param accuracy of its own replica on the evaluation set
 * @param steps gradients handed in
 * @param samples samples used
 * @param stepsPerSecond from the begin of the first step to the end of the last
 * @param computeNs the time of its compute thread, from the begin of the first step to the end of
 *     the last
 * @param stallNs of this, waiting in the engine
 * @param backlogWaitNs of this, waiting outside the engine for its own agent, {@link BacklogLimit}
 * @param submitNs of this, working in the engine
 * @param exchanges exchanges that it began and that both replicas published
 * @param passiveExchanges publishes on its replica by neighbours
 * @param torn exchanges of which only the own side is certain
 * @param partnerBusy attempts that found the chosen neighbour locked
 * @param applied gradients applied
 * @param refused gradients refused because they were not finite
 * @param lastRefusedSubmission number of the last one of these, from 1; 0 when there is none
 * @param lastRefusedIndex its first bad index
 * @param merged gradients added to one that the agent had not taken yet
 * @param stalenessSum sum over applied gradients of the versions published meanwhile
 * @param stalenessMax the largest of these
 */
record WorkerResult(
    double accuracy,
    long steps,
    long samples,
    double stepsPerSecond,
    long computeNs,
    long stallNs,
    long backlogWaitNs,
    long submitNs,
    long exchanges,
    long passiveExchanges,
    long torn,
    long partnerBusy,
    long applied,
    long refused,
    long lastRefusedSubmission,
    long lastRefusedIndex,
    long merged,
    long stalenessSum,
    long stalenessMax) {
  /**
   * Reads what a worker counted. Its compute thread must have ended and its agent must be at rest.
   *
   * @param worker the worker
   * @param loop what its compute thread ran
   * @param stripes stripes of the model
   * @param accuracy of its replica
   * @return the numbers
   */
  static WorkerResult of(Worker worker, WorkerLoop loop, int stripes, double accuracy) {
    Counters counters = worker.counters();
    long stallNs = counters.get(Counter.STALL_NS);
    long own =
        counters.get(Counter.EXCHANGES)
            + counters.get(Counter.STEPS)
            + counters.get(Counter.EXCHANGES_TORN);
    long published = 0;
    try (Snapshot snapshot = worker.snapshot()) {
      for (int stripe = 0; stripe < stripes; stripe++) {
        published += snapshot.version(stripe);
      }
    }
    return new WorkerResult(
        accuracy,
        loop.steps(),
        loop.samples(),
        loop.stepsPerSecond(),
        loop.endNs() - loop.startNs(),
        stallNs,
        loop.backlogWaitNs(),
        counters.get(Counter.SUBMIT_WORK_NS),
        counters.get(Counter.EXCHANGES),
        published - own - counters.get(Counter.FENCES),
        counters.get(Counter.EXCHANGES_TORN),
        counters.get(Counter.PARTNER_BUSY),
        counters.get(Counter.GRADIENTS_APPLIED),
        counters.get(Counter.GRADIENTS_REFUSED),
        counters.get(Counter.LAST_REFUSED_SUBMISSION),
        counters.get(Counter.LAST_REFUSED_INDEX),
        counters.get(Counter.GRADIENTS_MERGED),
        counters.get(Counter.STALENESS_SUM),
        counters.get(Counter.STALENESS_MAX));
  }
}
