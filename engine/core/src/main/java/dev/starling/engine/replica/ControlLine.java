package dev.starling.engine.replica;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The 128-byte control line of one stripe, as functions on (segment, offset of the line).
 *
 * <p>The lock word and the guard word lie on separate cache lines, so that a compute thread that
 * pins does not disturb a peer that locks. The guard word is read as one 8-byte word by peers; its
 * two halves have one writer each: the pin is the compute thread's, the quarantine mask the
 * communication agent's.
 */
public final class ControlLine {
  /** Length of a line. */
  public static final int LENGTH_BYTES = 128;

  /** Offset of the lock word, {@link LockWord}. */
  public static final int LOCK_OFFSET = 0;

  /** Offset of the guard word: pin in its low half, quarantine mask in its high half. */
  public static final int GUARD_OFFSET = 64;

  /** Offset of the pin inside the line: 0 = nothing pinned, else plane + 1. */
  public static final int PIN_OFFSET = GUARD_OFFSET;

  /** Offset of the quarantine mask inside the line: bit p is set while plane p is quarantined. */
  public static final int QUARANTINE_OFFSET = GUARD_OFFSET + Integer.BYTES;

  /**
   * Offset of the cut inside the line: the newest checkpoint set that the stripe was copied for, 8
   * bytes. It changes only while the home holds the stripe's lock, so whoever holds the lock may
   * rely on it.
   */
  public static final int CUT_OFFSET = GUARD_OFFSET + Long.BYTES;

  /**
   * Offset of the home's last own full version inside the line, 8 bytes: a hint that turns the 28
   * bits of the lock word into a full version.
   */
  public static final int VERSION_OFFSET = CUT_OFFSET + Long.BYTES;

  /**
   * Offset of the round word inside the line, 8 bytes: how far the home is in a collective round.
   */
  public static final int ROUND_OFFSET = VERSION_OFFSET + Long.BYTES;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

  private ControlLine() {}

  /**
   * Reads an 8-byte word of a region with acquire order.
   *
   * @param region the region
   * @param offsetBytes the word's offset, 8-aligned
   * @return its value
   */
  public static long readWord(MemorySegment region, long offsetBytes) {
    return (long) LONG.getAcquire(region, offsetBytes);
  }

  /**
   * Changes an 8-byte word by compare-and-swap with full fences.
   *
   * @param region the region
   * @param offsetBytes the word's offset, 8-aligned
   * @param expected what must be there
   * @param desired what replaces it
   * @return what was there; equal to {@code expected} exactly when the swap took place
   */
  public static long compareAndSwap(
      MemorySegment region, long offsetBytes, long expected, long desired) {
    return (long) LONG.compareAndExchange(region, offsetBytes, expected, desired);
  }

  /**
   * Stores the pin and makes the store visible before every later load: the home's half of the
   * hazard-pointer handshake.
   *
   * @param region the home's region
   * @param lineOffset the line's offset
   * @param plane the plane to pin
   */
  static void pin(MemorySegment region, long lineOffset, int plane) {
    INT.setVolatile(region, lineOffset + PIN_OFFSET, plane + 1);
    VarHandle.fullFence();
  }

  /**
   * Clears the pin after all reads of the pinned plane.
   *
   * @param region the home's region
   * @param lineOffset the line's offset
   */
  static void unpin(MemorySegment region, long lineOffset) {
    INT.setRelease(region, lineOffset + PIN_OFFSET, 0);
  }

  /**
   * Replaces the quarantine mask; the home's agent calls it before it breaks a lock.
   *
   * @param region the home's region
   * @param lineOffset the line's offset
   * @param mask bit p for plane p
   */
  static void quarantine(MemorySegment region, long lineOffset, int mask) {
    INT.setVolatile(region, lineOffset + QUARANTINE_OFFSET, mask);
  }

  /**
   * Stores an 8-byte word with release order; for the words that the home alone writes.
   *
   * @param region the home's region
   * @param offsetBytes the word's offset, 8-aligned
   * @param value its value
   */
  static void writeWord(MemorySegment region, long offsetBytes, long value) {
    LONG.setRelease(region, offsetBytes, value);
  }

  /**
   * Stores the round word, after all that the home has written.
   *
   * @param region the home's region
   * @param offsetBytes the word's offset, 8-aligned
   * @param value its value
   */
  public static void writeRound(MemorySegment region, long offsetBytes, long value) {
    writeWord(region, offsetBytes, value);
  }

  /**
   * Returns the pinned plane of a guard word.
   *
   * @param guard the guard word
   * @return the plane, or -1 when nothing is pinned
   */
  public static int pinned(long guard) {
    return (int) guard - 1;
  }

  /**
   * Returns the quarantine mask of a guard word.
   *
   * @param guard the guard word
   * @return bit p for plane p
   */
  public static int quarantined(long guard) {
    return (int) (guard >>> Integer.SIZE);
  }

  /**
   * Chooses a plane that may be written: neither current, pinned nor quarantined. The fourth plane
   * is used only while another one is quarantined, since only then it has memory.
   *
   * @param word the lock word
   * @param guard the guard word
   * @return the plane, or -1 when none is left (two planes are quarantined)
   */
  public static int freePlane(long word, long guard) {
    int mask = quarantined(guard);
    int planes = mask == 0 ? ReplicaLayout.PLANES : ReplicaLayout.PLANES + 1;
    int taken = mask | 1 << LockWord.current(word) | (1 << pinned(guard) + 1) >>> 1;
    int plane = Integer.numberOfTrailingZeros(~taken);
    return plane < planes ? plane : -1;
  }

  /**
   * Tells whether a plane may not be written under a guard word.
   *
   * @param plane the plane
   * @param guard the guard word
   * @return whether it is pinned or quarantined
   */
  public static boolean isGuarded(int plane, long guard) {
    return plane == pinned(guard) || (quarantined(guard) >>> plane & 1) != 0;
  }
}
