package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import java.util.concurrent.TimeUnit;

/** Counts the completions of a connection. Belongs to the thread that uses the connection. */
final class Deliveries implements CompletionHandler {
  /** A fabric gives up sooner; this bounds the wait should it not. */
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

  /** The clock is read only now and then, as it costs as much as an operation. */
  private static final int LOOK_INTERVAL = 1 << 16;

  private final Remote remote;
  private long delivered;
  private long value;
  private long idlePolls;
  private long idleSinceNs;

  Deliveries(Remote remote) {
    this.remote = remote;
  }

  /** {@return how many operations have completed} */
  long delivered() {
    return delivered;
  }

  /** {@return the value of the last completion} */
  long value() {
    return value;
  }

  /**
   * Delivers what has completed.
   *
   * @throws StarlingException when nothing completes for a minute
   */
  void poll() {
    poll(this);
  }

  /**
   * Delivers what has completed to somebody else.
   *
   * @param handler passes completions on to this object
   * @throws StarlingException when nothing completes for a minute
   */
  void poll(CompletionHandler handler) {
    if (remote.poll(handler) > 0) {
      idlePolls = 0;
    } else if (++idlePolls % LOOK_INTERVAL == 0) {
      look();
    }
  }

  private void look() {
    long nowNs = System.nanoTime();
    if (idlePolls == LOOK_INTERVAL) {
      idleSinceNs = nowNs;
    } else if (nowNs - idleSinceNs > LIMIT_NS) {
      throw new StarlingException(
          ("nothing completed on the connection to rank %d for %d s: look whether that end lives"
                  + " and its port is up")
              .formatted(remote.rank(), TimeUnit.NANOSECONDS.toSeconds(LIMIT_NS)));
    }
  }

  /**
   * Waits until so many operations have completed.
   *
   * @param count how many, counted from the first one
   */
  void await(long count) {
    while (delivered < count) {
      poll();
    }
  }

  @Override
  public void onCompletion(long tag, boolean succeeded, long found) {
    if (!succeeded) {
      throw new StarlingException(
          ("an operation on the connection to rank %d failed, which is now %s: look whether that"
                  + " end lives and its port is up")
              .formatted(remote.rank(), remote.state()));
    }
    delivered++;
    value = found;
  }
}
