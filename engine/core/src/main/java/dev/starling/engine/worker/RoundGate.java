package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import java.util.concurrent.locks.LockSupport;

/**
 * Where the compute thread of a synchronous algorithm waits for its round: it reads the model again
 * only when its last gradient is in it.
 *
 * <p>{@link #submitted}, {@link #await} and {@link #leave} belong to the compute thread, the rest
 * to the communication agent.
 */
final class RoundGate {
  private static final long PARK_NS = 1_000_000;

  private final Worker worker;
  private final Counters counters;
  private final long timeoutNs;
  private boolean asked;
  private long submitted;
  private long rounds;
  private volatile long finished;
  private volatile boolean over;
  private volatile boolean leaving;
  private volatile Thread waiter;

  RoundGate(Worker worker, Counters counters, long timeoutNs) {
    this.worker = worker;
    this.counters = counters;
    this.timeoutNs = timeoutNs;
  }

  /**
   * The compute thread hands in its gradient of the next round.
   *
   * @return whether there is one
   * @throws IllegalStateException when it has not asked for the model since the last gradient
   */
  boolean submitted() {
    if (over) {
      return false;
    }
    if (!asked) {
      throw new IllegalStateException(
          ("rank %d submits twice in round %d: a synchronous algorithm takes one gradient"
                  + " for each snapshot, so open the next snapshot first")
              .formatted(worker.rank(), submitted));
    }
    asked = false;
    submitted++;
    return true;
  }

  /**
   * Waits until the round of the last gradient is over, or there will be none.
   *
   * @throws StarlingException when the agent failed, the thread is interrupted, or it takes too
   *     long
   */
  void await() {
    asked = true;
    if (finished >= submitted || over) {
      return;
    }
    long beginNs = System.nanoTime();
    waiter = Thread.currentThread();
    try {
      while (finished < submitted && !over) {
        worker.requireHealthy();
        requireTime(System.nanoTime() - beginNs);
        LockSupport.parkNanos(this, PARK_NS);
      }
    } finally {
      waiter = null;
      counters.add(Counter.STALL_NS, System.nanoTime() - beginNs);
    }
  }

  private void requireTime(long waitedNs) {
    if (Thread.currentThread().isInterrupted()) {
      throw new StarlingException(
          "rank %d was interrupted while it waited for round %d"
              .formatted(worker.rank(), submitted));
    }
    if (waitedNs > timeoutNs) {
      throw new StarlingException(
          ("rank %d has waited %d s for round %d: a worker is stuck, or slower than that;"
                  + " look for one whose step count stands still, or set a longer peerTimeoutNs")
              .formatted(worker.rank(), waitedNs / 1_000_000_000, submitted));
    }
  }

  /** The compute thread hands in nothing more. */
  void leave() {
    leaving = true;
  }

  boolean isLeaving() {
    return leaving;
  }

  /** A round is published. */
  void finishedRound() {
    rounds++;
    finished = rounds;
    wake();
  }

  /** There will be no further round. */
  void over() {
    over = true;
    wake();
  }

  /** {@return whether there will be no further round; for any thread} */
  boolean isOver() {
    return over;
  }

  private void wake() {
    LockSupport.unpark(waiter);
  }
}
