package dev.starling.engine.sim;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Adds up what the workers did: I7 by counters for every living worker; I5 and I7 by value when
 * nobody died and nothing was torn.
 */
final class Accounts {
  private static final Counter[] TOLD = {
    Counter.EXCHANGES,
    Counter.STEPS,
    Counter.EXCHANGES_TORN,
    Counter.FENCES,
    Counter.RETARGETS,
    Counter.GRADIENTS_MERGED,
    Counter.GRADIENTS_REFUSED,
    Counter.CUTS_APART,
    Counter.CONNECTIONS_BROKEN,
    Counter.CHECKPOINTS
  };

  private final Scenario scenario;
  private final ReplicaLayout layout;
  private final InvariantChecker checker;

  Accounts(Scenario scenario, ReplicaLayout layout, InvariantChecker checker) {
    this.scenario = scenario;
    this.layout = layout;
    this.checker = checker;
  }

  /** {@return how many sums could be compared: one a stripe when nobody died and nothing tore} */
  long check(List<SimWorker> workers, long deaths) {
    double applied = 0;
    boolean exact = deaths == 0;
    for (SimWorker worker : workers) {
      if (worker.isDead()) {
        continue;
      }
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        CheckedCompute.currentValue(checker, worker.replica(), stripe);
      }
      checkCounters(worker);
      applied += worker.count(Counter.GRADIENTS_APPLIED) * CheckedCompute.GRADIENT;
      exact &= worker.count(Counter.EXCHANGES_TORN) == 0;
    }
    for (int stripe = 0; exact && stripe < layout.stripes(); stripe++) {
      checkSum(workers, stripe, -applied);
    }
    return exact ? layout.stripes() : 0;
  }

  private void checkCounters(SimWorker worker) {
    long submitted = worker.count(Counter.GRADIENTS_SUBMITTED);
    long applied = worker.count(Counter.GRADIENTS_APPLIED);
    long refused = worker.count(Counter.GRADIENTS_REFUSED);
    if (submitted != applied + refused || submitted != scenario.steps()) {
      checker.violated(
          "I7: rank %d submitted %d, applied %d, refused %d"
              .formatted(worker.rank(), submitted, applied, refused));
    }
  }

  private void checkSum(List<SimWorker> workers, int stripe, double expected) {
    double sum = 0;
    for (SimWorker worker : workers) {
      sum += CheckedCompute.currentValue(checker, worker.replica(), stripe);
    }
    if (Math.abs(sum - expected) > 1e-4 * Math.max(1, Math.abs(expected))) {
      checker.violated(
          "I5/I7: the replicas of stripe " + stripe + " sum to " + sum + " instead of " + expected);
    }
  }

  /** Sums over all workers that ever were, by name. */
  static Map<String, Long> totals(
      List<SimWorker> workers, List<SimWorker> gone, InvariantChecker checker, long returned) {
    Map<String, Long> totals = new LinkedHashMap<>();
    for (Counter counter : TOLD) {
      long sum = 0;
      for (SimWorker worker : workers) {
        sum += worker.count(counter);
      }
      for (SimWorker worker : gone) {
        sum += worker.count(counter);
      }
      totals.put(counter.name().toLowerCase(Locale.ROOT), sum);
    }
    totals.put("quarantines", checker.quarantines());
    totals.put("outdated", checker.outdated());
    totals.put("returned", returned);
    return totals;
  }
}
