package dev.starling.engine.replica;

import dev.starling.engine.stress.Slots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One stripe of a real replica for one sample, and the steps of the exchange machine on it. A plane
 * that was written whole has the version it belongs to in every word.
 */
public final class Stripe {
  static final int WORDS = 24;
  static final int WORKERS = 3;
  static final int HOME = 0;
  static final int PEER = 1;
  static final int OTHER = 2;
  static final int FIRST_VERSION = 5;

  /** What {@link #read} returns for a plane whose words differ. */
  static final int TORN = -1;

  private static final int STALE = -2;
  private static final int ATTEMPTS = 2_000;
  private static final ReplicaLayout LAYOUT = ReplicaLayout.of(WORKERS, WORDS, 1 << 20);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final Slots<Replica> SLOTS =
      new Slots<>(slot -> Replica.createPrivate(LAYOUT, 1, HOME));

  private final Slots.Lease<Replica> lease = SLOTS.claim();
  final Replica replica = lease.thing();
  final MemorySegment region = replica.segment();
  final long line = LAYOUT.lineOffset(0);

  /** A free stripe with plane 0 current. */
  Stripe() {
    this(LockWord.free(0, FIRST_VERSION));
  }

  Stripe(long word) {
    region.set(ValueLayout.JAVA_LONG, line + ControlLine.LOCK_OFFSET, word);
    region.set(ValueLayout.JAVA_LONG, line + ControlLine.GUARD_OFFSET, 0);
    for (int plane = 0; plane < ReplicaLayout.PLANES; plane++) {
      write(plane, plane == LockWord.current(word) ? (int) LockWord.version(word) : STALE);
    }
    region.set(INT, tally(), 0);
  }

  /** The word of a stripe that the peer holds since version {@link #FIRST_VERSION}. */
  static long heldByPeer(int target) {
    return LockWord.acquire(LockWord.free(0, FIRST_VERSION), PEER, 1, target);
  }

  boolean swap(long expected, long desired) {
    return ControlLine.compareAndSwap(region, line + ControlLine.LOCK_OFFSET, expected, desired)
        == expected;
  }

  /** Takes the lock as the exchange machine does; 0 if it is held or another was faster. */
  long tryLock(int rank) {
    long word = replica.lockWord(0);
    if (!LockWord.isFree(word)) {
      return 0;
    }
    int target = ControlLine.freePlane(word, replica.guardWord(0));
    long held = LockWord.acquire(word, rank, 1, target);
    if (target < 0 || !swap(word, held)) {
      return 0;
    }
    return checkTarget(held);
  }

  /**
   * Under the lock: takes another target if the chosen one is guarded by now; 0 if none is left.
   */
  long checkTarget(long held) {
    long guard = replica.guardWord(0);
    if (!ControlLine.isGuarded(LockWord.target(held), guard)) {
      return held;
    }
    int target = ControlLine.freePlane(held, guard);
    if (target < 0) {
      swap(held, LockWord.releaseUnchanged(held));
      return 0;
    }
    long moved = LockWord.retarget(held, target);
    return swap(held, moved) ? moved : 0;
  }

  /** Takes the lock in a bounded number of attempts; 0 if it was never free. */
  long lock(int rank) {
    for (int i = 0; i < ATTEMPTS; i++) {
      long held = tryLock(rank);
      if (held != 0) {
        return held;
      }
      Thread.onSpinWait();
    }
    return 0;
  }

  /** Writes the target and publishes it; whether the word was still the holder's. */
  boolean writeAndPublish(long held) {
    long desired = LockWord.publish(held);
    write(LockWord.target(held), (int) LockWord.version(desired));
    return swap(held, desired);
  }

  void write(int plane, int stamp) {
    long offset = LAYOUT.planeOffset(0, plane);
    for (int i = 0; i < WORDS; i++) {
      region.set(INT, offset + (long) i * Integer.BYTES, stamp);
    }
  }

  /** The stamp of a plane, or {@link #TORN}. */
  int read(int plane) {
    long offset = LAYOUT.planeOffset(0, plane);
    int stamp = region.get(INT, offset);
    for (int i = 1; i < WORDS; i++) {
      if (region.get(INT, offset + (long) i * Integer.BYTES) != stamp) {
        return TORN;
      }
    }
    return stamp;
  }

  /** A number outside the planes that only holders change, by load and store. */
  void count() {
    region.set(INT, tally(), region.get(INT, tally()) + 1);
  }

  int counted() {
    return region.get(INT, tally());
  }

  private static long tally() {
    return LAYOUT.planeOffset(0, ReplicaLayout.PLANES);
  }

  /**
   * After both actors: what is wrong with the stripe, as a sum of 1 (the version is not that of so
   * many publishes and fences), 2 (the stripe is held), 4 (the current plane is not what its
   * version's publisher wrote), 8 (holders have counted another number).
   */
  int faults(int versions, int stamp, int counts) {
    lease.end();
    long word = replica.lockWord(0);
    return (LockWord.version(word) == FIRST_VERSION + versions ? 0 : 1)
        + (LockWord.isFree(word) ? 0 : 2)
        + (read(LockWord.current(word)) == stamp ? 0 : 4)
        + (counted() == counts ? 0 : 8);
  }

  /** {@link #faults(int, int, int)} where every version was published and none counted. */
  int faults(int publishes) {
    return faults(publishes, FIRST_VERSION + publishes, 0);
  }
}
