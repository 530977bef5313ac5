package dev.starling.cli.train;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.worker.Worker;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Keeps a compute thread from running away from its own communication agent.
 *
 * <p>Gradients that the agent has not taken are added up, all computed on the same parameters. On a
 * machine with too few processors for its threads dozens may come together, and their sum is a step
 * so long that training diverges. So the compute thread waits, never for another worker and never
 * longer than {@value #LIMIT_MS} ms, until its agent has caught up. Belongs to the compute thread.
 */
final class BacklogLimit {
  static final int LIMIT_MS = 100;
  private static final long PARK_NS = TimeUnit.MICROSECONDS.toNanos(20);

  private final int most;
  private final BooleanSupplier stop;
  private long waitedNs;

  /**
   * Creates the limit of one worker.
   *
   * @param most how many gradients may be handed in and not applied, 0 for any number
   * @param stop ends a wait early
   */
  BacklogLimit(int most, BooleanSupplier stop) {
    this.most = most;
    this.stop = stop;
  }

  /**
   * Waits while the agent has too many gradients to apply.
   *
   * @param worker the thread's worker
   */
  void await(Worker worker) {
    if (most == 0 || backlog(worker) <= most) {
      return;
    }
    long beginNs = System.nanoTime();
    long nowNs = beginNs;
    while (backlog(worker) > most
        && nowNs - beginNs < TimeUnit.MILLISECONDS.toNanos(LIMIT_MS)
        && !stop.getAsBoolean()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(this, PARK_NS);
      nowNs = System.nanoTime();
    }
    waitedNs += nowNs - beginNs;
  }

  private static long backlog(Worker worker) {
    Counters counters = worker.counters();
    return counters.get(Counter.GRADIENTS_SUBMITTED)
        - counters.get(Counter.GRADIENTS_REFUSED)
        - counters.get(Counter.GRADIENTS_LATE_AT_SUBMIT)
        - counters.get(Counter.GRADIENTS_LATE)
        - counters.get(Counter.GRADIENTS_APPLIED);
  }

  /** {@return the time waited so far in nanoseconds} */
  long waitedNs() {
    return waitedNs;
  }
}
