package dev.starling.engine.replica;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * One 64-byte record per peer in the home's region: which epoch its newest connection has, how many
 * of its locks the home has broken, and how many of these breaks the peer has acknowledged.
 *
 * <pre>
 *  +0 epoch (4)   +8 fences issued by the home (8)   +16 fences acknowledged by the peer (8)
 * </pre>
 *
 * <p>A peer acknowledges when it is in no exchange with the home: then it no longer writes any
 * plane that it lost, and the home may lift the quarantine of those planes.
 */
public final class AttachmentTable {
  /** Length of one record. */
  public static final int RECORD_BYTES = 64;

  private static final int EPOCH_OFFSET = 0;
  private static final int FENCES_OFFSET = 8;
  private static final int ACKNOWLEDGED_OFFSET = 16;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private AttachmentTable() {}

  private static long record(int peer) {
    return ReplicaLayout.ATTACHMENTS_OFFSET + (long) peer * RECORD_BYTES;
  }

  /**
   * Issues a new epoch for a peer's connection, strictly rising.
   *
   * @param region the home's region
   * @param peer the rank that connects
   * @return the epoch, from 1
   */
  public static int issueEpoch(MemorySegment region, int peer) {
    int epoch = (int) INT.getAndAdd(region, record(peer) + EPOCH_OFFSET, 1) + 1;
    if (epoch > LockWord.MAX_EPOCH) {
      throw new dev.starling.engine.StarlingException(
          "rank "
              + peer
              + " has connected "
              + epoch
              + " times, more than the lock word can tell apart: restart the job");
    }
    return epoch;
  }

  /**
   * Returns the epoch of a peer's newest connection.
   *
   * @param region the home's region
   * @param peer the peer
   * @return the epoch, 0 when it never connected
   */
  public static int epoch(MemorySegment region, int peer) {
    return (int) INT.getAcquire(region, record(peer) + EPOCH_OFFSET);
  }

  /**
   * Counts a lock of a peer that the home breaks.
   *
   * @param region the home's region
   * @param peer the peer
   * @return the number of breaks with this one
   */
  static long countFence(MemorySegment region, int peer) {
    long fences = fences(region, peer) + 1;
    LONG.setRelease(region, record(peer) + FENCES_OFFSET, fences);
    return fences;
  }

  /**
   * Returns how many locks of a peer the home has broken.
   *
   * @param region the home's region
   * @param peer the peer
   * @return breaks
   */
  public static long fences(MemorySegment region, int peer) {
    return (long) LONG.getAcquire(region, record(peer) + FENCES_OFFSET);
  }

  /**
   * The peer's acknowledgement: it writes no plane of the breaks up to this one any more.
   *
   * @param region the home's region
   * @param peer the peer that acknowledges
   * @param fences the count it has seen
   */
  public static void acknowledge(MemorySegment region, int peer, long fences) {
    LONG.setRelease(region, record(peer) + ACKNOWLEDGED_OFFSET, fences);
  }

  /**
   * Returns how many breaks a peer has acknowledged.
   *
   * @param region the home's region
   * @param peer the peer
   * @return acknowledged breaks
   */
  public static long acknowledged(MemorySegment region, int peer) {
    return (long) LONG.getAcquire(region, record(peer) + ACKNOWLEDGED_OFFSET);
  }
}
