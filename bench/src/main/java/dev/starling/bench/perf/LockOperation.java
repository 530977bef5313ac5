package dev.starling.bench.perf;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;

/**
 * Takes a stripe of a peer and gives it back, as an exchange does: read the lock word, read the
 * guard, swap the lock word, read the guard again under the lock, swap the lock word so that the
 * target plane becomes current. Each lane has a stripe of its own.
 *
 * <pre>
 *   READING --free--> CHOOSING --> LOCKING --taken--> CHECKING --> RELEASING --> IDLE
 * </pre>
 */
final class LockOperation extends Operation implements CompletionHandler {
  private enum State {
    IDLE,
    READING,
    CHOOSING,
    LOCKING,
    CHECKING,
    RELEASING
  }

  /** The rank that measures. */
  private static final int RANK = 0;

  private final ReplicaLayout layout;
  private final Remote remote;
  private final Deliveries deliveries;
  private final State[] states;
  private final long[] offsets;
  private final long[] words;
  private final long[] held;
  private final long[] found;

  /** Lanes whose step is over, one bit each. */
  private long ready;

  private long released;
  private final long[] versionsBefore;

  /**
   * Prepares locking.
   *
   * @param layout the peer's layout, with a stripe for each lane
   * @param remote the connection to the peer
   */
  LockOperation(ReplicaLayout layout, Remote remote) {
    this.layout = layout;
    this.remote = remote;
    deliveries = new Deliveries(remote);
    int lanes = layout.stripes();
    states = new State[lanes];
    offsets = new long[lanes];
    words = new long[lanes];
    held = new long[lanes];
    found = new long[lanes];
    versionsBefore = new long[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      states[lane] = State.IDLE;
      offsets[lane] = layout.lineOffset(lane);
      versionsBefore[lane] = LockWord.version(lockWord(lane));
    }
  }

  @Override
  void latency(long iterations, Samples samples) {
    for (long i = 0; i < iterations; i++) {
      long beganNs = System.nanoTime();
      begin(0);
      while (states[0] != State.IDLE) {
        poll();
      }
      samples.record(System.nanoTime() - beganNs);
    }
  }

  @Override
  void bandwidth(long iterations, int depth, Meter meter) {
    long base = released;
    long begun = 0;
    meter.begin(iterations);
    while (released - base < iterations) {
      for (int lane = 0; lane < depth && begun < iterations; lane++) {
        if (states[lane] == State.IDLE) {
          begin(lane);
          begun++;
        }
      }
      poll();
      meter.completed(released - base);
    }
    meter.end();
  }

  private void begin(int lane) {
    states[lane] = State.READING;
    remote.readWord(offsets[lane] + ControlLine.LOCK_OFFSET, lane);
  }

  private void poll() {
    deliveries.poll(this);
    while (ready != 0) {
      int lane = Long.numberOfTrailingZeros(ready);
      ready &= ready - 1;
      advance(lane);
    }
  }

  @Override
  public void onCompletion(long tag, boolean succeeded, long value) {
    deliveries.onCompletion(tag, succeeded, value);
    found[(int) tag] = value;
    ready |= 1L << tag;
  }

  private void advance(int lane) {
    switch (states[lane]) {
      case READING -> {
        words[lane] = found[lane];
        require(LockWord.isFree(words[lane]), lane);
        readGuard(lane, State.CHOOSING);
      }
      case CHOOSING -> {
        int target = ControlLine.freePlane(words[lane], found[lane]);
        require(target >= 0, lane);
        held[lane] = LockWord.acquire(words[lane], RANK, remote.epoch(), target);
        swap(lane, words[lane], held[lane], State.LOCKING);
      }
      case LOCKING -> {
        require(found[lane] == words[lane], lane);
        readGuard(lane, State.CHECKING);
      }
      case CHECKING -> {
        require(!ControlLine.isGuarded(LockWord.target(held[lane]), found[lane]), lane);
        swap(lane, held[lane], LockWord.publish(held[lane]), State.RELEASING);
      }
      case RELEASING -> {
        require(found[lane] == held[lane], lane);
        states[lane] = State.IDLE;
        released++;
      }
      case IDLE -> require(false, lane);
    }
  }

  private void readGuard(int lane, State next) {
    states[lane] = next;
    remote.readWord(offsets[lane] + ControlLine.GUARD_OFFSET, lane);
  }

  private void swap(int lane, long expected, long desired, State next) {
    states[lane] = next;
    remote.compareAndSwap(offsets[lane] + ControlLine.LOCK_OFFSET, expected, desired, lane);
  }

  private void require(boolean holds, int lane) {
    if (!holds) {
      throw new StarlingException(
          ("stripe %d of rank %d is used by somebody else, found %s in state %s: report this fault"
                  + " of starling or of its fabric")
              .formatted(lane, remote.rank(), LockWord.describe(found[lane]), states[lane]));
    }
  }

  private long lockWord(int lane) {
    remote.readWord(offsets[lane] + ControlLine.LOCK_OFFSET, lane);
    deliveries.await(deliveries.delivered() + 1);
    return deliveries.value();
  }

  /** The word has the low bits of the version alone, which is enough for all that is counted. */
  @Override
  long counted() {
    long published = 0;
    for (int lane = 0; lane < layout.stripes(); lane++) {
      long version = LockWord.version(lockWord(lane));
      published += version - versionsBefore[lane] & LockWord.VERSION_MASK;
    }
    return published;
  }

  @Override
  void check() {
    for (int lane = 0; lane < layout.stripes(); lane++) {
      require(LockWord.isFree(lockWord(lane)), lane);
    }
  }
}
