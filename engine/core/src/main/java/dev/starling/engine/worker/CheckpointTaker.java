package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.log.Journal;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Copies a worker's state for a checkpoint while no update of its own is under way: first the
 * optimizer's vectors, then one stripe after the other under its lock, which also marks the stripe
 * as cut. An exchange needs the same cut on both sides, so none lies across a set.
 *
 * <pre>
 *   IDLE --requested--> STATE --all vectors--> LOCKING --locked, cut--> COPYING --> RELEASING --> LOCKING the next
 *                                                 ^--held by a peer: next poll         '--last stripe--> IDLE
 * </pre>
 *
 * <p>Belongs to the communication agent, but for {@link #request} and {@link #isTaken}; no call
 * waits, and each copies at most one chunk.
 */
final class CheckpointTaker implements CompletionHandler {
  private enum Phase {
    IDLE,
    STATE,
    LOCKING,
    LOCKED,
    COPYING,
    RELEASING
  }

  private static final long NOTHING = -1;

  private final Replica replica;
  private final ReplicaLayout layout;
  private final Remote own;
  private final Journal journal;
  private final List<MemorySegment> state;
  private final long chunkBytes;
  private final long[] seen;

  private Phase phase = Phase.IDLE;
  private CheckpointCopy copy;
  private int vector;
  private int stripe;
  private long copied;
  private boolean awaiting;
  private boolean succeeded;
  private long expected;
  private long held;
  private long found;

  private CheckpointCopy requestedCopy;
  private volatile long requested = NOTHING;
  private volatile long taken = NOTHING;

  CheckpointTaker(
      Replica replica, Remote own, Journal journal, List<MemorySegment> state, long chunkBytes) {
    this.replica = replica;
    this.layout = replica.layout();
    this.own = own;
    this.journal = journal;
    this.state = state;
    this.chunkBytes = chunkBytes;
    seen = new long[layout.stripes()];
  }

  /** Any one thread: asks for a copy; one that was asked for before is not waited for any more. */
  void request(CheckpointCopy into, long set) {
    requestedCopy = into;
    requested = set;
  }

  /** Any thread: whether the copy of a set is complete. */
  boolean isTaken(long set) {
    return taken >= set;
  }

  /** Agent: whether there is something to copy. */
  boolean isRequested() {
    return requested > taken;
  }

  /** Agent: begins what was requested. */
  void begin(long optimizerStep) {
    long set = requested;
    copy = requestedCopy;
    copy.begin(set, optimizerStep);
    journal.cut(set);
    vector = 0;
    stripe = 0;
    copied = 0;
    phase = Phase.STATE;
  }

  /**
   * Goes on.
   *
   * @return whether the copy is complete
   */
  boolean poll() {
    switch (phase) {
      case IDLE -> throw new IllegalStateException("no copy is under way");
      case STATE -> copyState();
      case LOCKING -> lock();
      case LOCKED -> locked();
      case COPYING -> copyStripe();
      case RELEASING -> released();
    }
    return phase == Phase.IDLE;
  }

  private void copyState() {
    if (vector == state.size()) {
      phase = Phase.LOCKING;
      return;
    }
    MemorySegment from = state.get(vector);
    long length = Math.min(chunkBytes, from.byteSize() - copied);
    MemorySegment.copy(from, copied, copy.state(vector), copied, length);
    copied += length;
    if (copied == from.byteSize()) {
      vector++;
      copied = 0;
    }
  }

  private void lock() {
    long word = replica.lockWord(stripe);
    if (LockWord.isFree(word)) {
      // Nothing is written: the current plane is the target, so that a fence quarantines nothing.
      swap(
          word,
          LockWord.acquire(word, replica.rank(), own.epoch(), LockWord.current(word)),
          Phase.LOCKED);
    }
  }

  private void locked() {
    if (!isAnswered()) {
      return;
    }
    if (found != expected) {
      phase = Phase.LOCKING;
      return;
    }
    seen[stripe] = LockWord.fullVersion(held, Math.max(seen[stripe], replica.version(stripe)));
    copy.version(stripe, seen[stripe]);
    replica.cut(stripe, copy.set());
    phase = Phase.COPYING;
  }

  private void copyStripe() {
    long length = Math.min(chunkBytes, layout.stripeLengthBytes(stripe) - copied);
    MemorySegment.copy(
        replica.segment(),
        layout.planeOffset(stripe, LockWord.current(held)) + copied,
        copy.parameters(),
        layout.stripeStart(stripe) * Float.BYTES + copied,
        length);
    copied += length;
    if (copied == layout.stripeLengthBytes(stripe)) {
      copied = 0;
      swap(held, LockWord.releaseUnchanged(held), Phase.RELEASING);
    }
  }

  private void released() {
    if (!isAnswered()) {
      return;
    }
    if (found != expected) {
      throw new StarlingException(
          "rank "
              + replica.rank()
              + " held stripe "
              + stripe
              + " for a checkpoint but its lock word is "
              + LockWord.describe(found)
              + " instead of "
              + LockWord.describe(expected)
              + ": something other than this engine wrote the region, restart the worker");
    }
    stripe++;
    phase = Phase.LOCKING;
    if (stripe == layout.stripes()) {
      complete();
    }
  }

  private void complete() {
    journal.checkpoint(copy.set(), copy.optimizerStep(), copy.mutableVersions());
    phase = Phase.IDLE;
    taken = copy.set();
  }

  private void swap(long from, long to, Phase next) {
    awaiting = true;
    expected = from;
    held = to;
    phase = next;
    own.compareAndSwap(layout.lineOffset(stripe) + ControlLine.LOCK_OFFSET, from, to, stripe);
  }

  private boolean isAnswered() {
    own.poll(this);
    if (awaiting) {
      return false;
    }
    if (!succeeded) {
      throw new StarlingException(
          "rank "
              + replica.rank()
              + " lost the connection to its own replica while it took a checkpoint: restart the"
              + " worker");
    }
    return true;
  }

  @Override
  public void onCompletion(long tag, boolean ok, long value) {
    awaiting = false;
    succeeded = ok;
    found = value;
  }
}
