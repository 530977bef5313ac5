package dev.starling.cli.train;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * Lets the communication agent of one worker sleep until its compute thread hands in a gradient.
 *
 * <p>Where compute threads keep all processors busy, an agent that yields waits until all of them
 * have used their time slices, and gradients pile up meanwhile; one that is woken up runs at once.
 *
 * <p>The agent's thread idles, any thread wakes.
 */
final class AgentSignal implements IdleStrategy {
  private static final long MIN_PARK_NS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long MAX_PARK_NS = TimeUnit.MILLISECONDS.toNanos(1);

  private volatile Thread agent;
  private long parkNs = MIN_PARK_NS;

  /** Wakes the agent when it sleeps. */
  void wake() {
    LockSupport.unpark(agent);
  }

  @Override
  public void idle(int workCount) {
    if (workCount > 0) {
      reset();
    } else {
      idle();
    }
  }

  @Override
  public void idle() {
    if (agent == null) {
      agent = Thread.currentThread();
    }
    LockSupport.parkNanos(this, parkNs);
    parkNs = Math.min(2 * parkNs, MAX_PARK_NS);
  }

  @Override
  public void reset() {
    parkNs = MIN_PARK_NS;
  }
}
