package dev.starling.engine.sim;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.LockWord;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Checks after every call of an agent that a stripe is copied under its lock (P3), and that every
 * wait ends (I6, I8, P1): that a home breaks the lock of a peer that is dead or stuck in time, and
 * that a gradient is applied in time whatever the peers do. Time in which the worker itself stands
 * still does not count.
 */
final class Bounds {
  private static final int MAX_QUARANTINED = 2;
  private static final long SLACK_NS = 400_000;

  /** Twenty times the mean. */
  private static final long OPERATION_NS = 80_000;

  /** The same on the slowest link. */
  private static final long SLOW_OPERATION_NS = 50 * OPERATION_NS;

  /** Operations of one exchange that wait for one another. */
  private static final int OPERATIONS = 14;

  private static final int ATTEMPTS = 4;

  private final InvariantChecker checker;
  private final long holdNs;
  private final long gradientNs;
  private final Map<SimWorker, Watch> watches = new IdentityHashMap<>();

  private static final class Watch {
    final long[] word;
    final long[] sinceNs;
    final long[] cut;
    long settled = -1;
    long settledNs;

    Watch(SimWorker worker) {
      int stripes = worker.replica().layout().stripes();
      word = new long[stripes];
      sinceNs = new long[stripes];
      cut = new long[stripes];
      Arrays.setAll(cut, worker.replica()::cut);
    }
  }

  /**
   * Derives the bounds from what may happen.
   *
   * @param checker is told of waits that are too long
   * @param scenario which faults there are
   * @param holdLimitNs how long a living peer may hold a lock
   * @param noticeNs how long a death may stay unnoticed
   * @param delayNs how long a delayed operation takes at most
   */
  Bounds(
      InvariantChecker checker, Scenario scenario, long holdLimitNs, long noticeNs, long delayNs) {
    this.checker = checker;
    boolean slow = scenario.amount(Fault.SLOW_LINK) > 0;
    long operationNs =
        scenario.amount(Fault.DELAY) > 0 ? delayNs : slow ? SLOW_OPERATION_NS : OPERATION_NS;
    // One lock is broken at a time, each with one swap of the home's own.
    holdNs = noticeNs + holdLimitNs + SLACK_NS + scenario.stripes() * operationNs;
    long attemptNs =
        OPERATIONS * operationNs + (scenario.amount(Fault.PARTITION) > 0 ? SimFabric.RETRY_NS : 0);
    gradientNs = scenario.stripes() * (holdNs + ATTEMPTS * attemptNs);
  }

  /** Looks at a worker whose agent has just run. */
  void check(SimWorker worker, long nowNs) {
    int stripes = worker.replica().layout().stripes();
    Watch watch = watches.computeIfAbsent(worker, Watch::new);
    for (int stripe = 0; stripe < stripes; stripe++) {
      checkLock(worker, watch, stripe, nowNs);
      checkCut(worker, watch, stripe);
    }
    checkGradients(worker, watch, nowNs);
  }

  private void checkLock(SimWorker worker, Watch watch, int stripe, long nowNs) {
    long word = worker.replica().lockWord(stripe);
    boolean foreign = !LockWord.isFree(word) && LockWord.owner(word) != worker.rank();
    boolean exhausted = worker.quarantined(stripe) >= MAX_QUARANTINED;
    if (word != watch.word[stripe] || !foreign || exhausted) {
      watch.word[stripe] = word;
      watch.sinceNs[stripe] = nowNs;
      return;
    }
    long heldNs = nowNs - Math.max(watch.sinceNs[stripe], worker.runningSinceNs());
    if (heldNs > holdNs) {
      watch.sinceNs[stripe] = nowNs;
      checker.violated(
          "P1: rank %d has left stripe %d locked for %d us, the bound is %d: %s"
              .formatted(
                  worker.rank(), stripe, heldNs / 1000, holdNs / 1000, LockWord.describe(word)));
    }
  }

  /** A stripe is cut for a checkpoint under its lock, which is held until it has been copied. */
  private void checkCut(SimWorker worker, Watch watch, int stripe) {
    long cut = worker.replica().cut(stripe);
    if (cut != watch.cut[stripe]) {
      watch.cut[stripe] = cut;
      long word = worker.replica().lockWord(stripe);
      if (LockWord.owner(word) != worker.rank()) {
        checker.violated(
            "P3: rank %d copies stripe %d for checkpoint %d without its lock: %s"
                .formatted(worker.rank(), stripe, cut, LockWord.describe(word)));
      }
    }
  }

  private void checkGradients(SimWorker worker, Watch watch, long nowNs) {
    long settled =
        worker.count(Counter.GRADIENTS_APPLIED)
            + worker.count(Counter.GRADIENTS_LATE)
            + worker.count(Counter.CHECKPOINTS);
    if (settled != watch.settled || worker.isQuiescent()) {
      watch.settled = settled;
      watch.settledNs = nowNs;
      return;
    }
    long waitedNs = nowNs - Math.max(watch.settledNs, worker.runningSinceNs());
    if (waitedNs > gradientNs) {
      watch.settledNs = nowNs;
      checker.violated(
          "I6: a gradient of rank %d has waited for %d us, the bound is %d: %s"
              .formatted(worker.rank(), waitedNs / 1000, gradientNs / 1000, worker.describe()));
    }
  }
}
