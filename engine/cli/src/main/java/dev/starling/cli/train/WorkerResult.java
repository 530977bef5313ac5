package dev.starling.cli.train;

import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.worker.JobObserver;
import java.util.ArrayList;
import java.util.List;

/**
 * What one worker did.
 *
 * @param accuracy of its own replica on the evaluation set, NaN when it was lost
 * @param steps gradients handed in
 * @param samples samples used
 * @param stepsPerSecond from the begin of the first step to the end of the last
 * @param beginNs when its first step began, by the system's monotonic clock
 * @param endNs when its last step ended
 * @param loss running mean of its training loss
 * @param stallNs of the time between, waiting in the engine
 * @param backlogWaitNs of this, waiting outside the engine for its own agent, {@link BacklogLimit}
 * @param submitNs of this, working in the engine
 * @param exchanges exchanges that it began and that both replicas published
 * @param passiveExchanges publishes on its replica by neighbours
 * @param torn exchanges of which only the own side is certain
 * @param partnerBusy attempts that found the chosen neighbour locked
 * @param fences locks of peers that it broke
 * @param submitted gradients handed in, as the engine counted them
 * @param applied gradients applied
 * @param refused gradients refused because they were not finite
 * @param lastRefusedSubmission number of the last one of these, from 1; 0 when there is none
 * @param lastRefusedIndex its first bad index
 * @param merged gradients added to one that the agent had not taken yet
 * @param late gradients dropped because they were too stale
 * @param stalenessSum sum over applied gradients of the versions published meanwhile
 * @param stalenessMax the largest of these
 * @param pairings exchanges that its newest incarnation began with each rank
 * @param stalenessHistogram gradients that its newest incarnation applied at each staleness, to the
 *     largest that occurred; the last of {@link Counters#STALENESS_BUCKETS} holds all beyond
 */
record WorkerResult(
    double accuracy,
    long steps,
    long samples,
    double stepsPerSecond,
    long beginNs,
    long endNs,
    double loss,
    long stallNs,
    long backlogWaitNs,
    long submitNs,
    long exchanges,
    long passiveExchanges,
    long torn,
    long partnerBusy,
    long fences,
    long submitted,
    long applied,
    long refused,
    long lastRefusedSubmission,
    long lastRefusedIndex,
    long merged,
    long late,
    long stalenessSum,
    long stalenessMax,
    List<Long> pairings,
    List<Long> stalenessHistogram) {
  /**
   * Reads what a worker counted, over all its incarnations.
   *
   * @param job the job, whose observer is this thread's
   * @param rank the worker
   * @param accuracy of its replica, NaN when it was lost
   * @return the numbers
   */
  static WorkerResult of(TrainingJob job, int rank, double accuracy) {
    JobObserver observer = job.observer();
    RankRecord record = job.board().rank(rank);
    long own =
        observer.count(rank, Counter.EXCHANGES)
            + observer.count(rank, Counter.STEPS)
            + observer.count(rank, Counter.EXCHANGES_TORN);
    long computeNs = record.endNs() - record.beginNs();
    List<Long> pairings = new ArrayList<>();
    for (int peer = 0; peer < job.board().workers(); peer++) {
      pairings.add(observer.pairings(rank, peer));
    }
    return new WorkerResult(
        accuracy,
        record.steps(),
        record.samples(),
        computeNs > 0 ? record.steps() * 1e9 / computeNs : 0,
        record.beginNs(),
        record.endNs(),
        record.loss(),
        observer.count(rank, Counter.STALL_NS),
        record.backlogNs(),
        observer.count(rank, Counter.SUBMIT_WORK_NS),
        observer.count(rank, Counter.EXCHANGES),
        observer.published(rank) - own - observer.count(rank, Counter.FENCES),
        observer.count(rank, Counter.EXCHANGES_TORN),
        observer.count(rank, Counter.PARTNER_BUSY),
        observer.count(rank, Counter.FENCES),
        observer.count(rank, Counter.GRADIENTS_SUBMITTED),
        observer.count(rank, Counter.GRADIENTS_APPLIED),
        observer.count(rank, Counter.GRADIENTS_REFUSED),
        observer.count(rank, Counter.LAST_REFUSED_SUBMISSION),
        observer.count(rank, Counter.LAST_REFUSED_INDEX),
        observer.count(rank, Counter.GRADIENTS_MERGED),
        observer.count(rank, Counter.GRADIENTS_LATE)
            + observer.count(rank, Counter.GRADIENTS_LATE_AT_SUBMIT),
        observer.count(rank, Counter.STALENESS_SUM),
        observer.count(rank, Counter.STALENESS_MAX),
        pairings,
        histogram(observer, rank));
  }

  private static List<Long> histogram(JobObserver observer, int rank) {
    List<Long> histogram = new ArrayList<>();
    long gap = 0;
    for (int bucket = 0; bucket < Counters.STALENESS_BUCKETS; bucket++) {
      long gradients = observer.staleness(rank, bucket);
      if (gradients == 0) {
        gap++;
        continue;
      }
      for (; gap > 0; gap--) {
        histogram.add(0L);
      }
      histogram.add(gradients);
    }
    return histogram;
  }

  /**
   * {@return the time of the compute thread, from the begin of the first step to the end of the
   * last}
   */
  long computeNs() {
    return endNs - beginNs;
  }
}
