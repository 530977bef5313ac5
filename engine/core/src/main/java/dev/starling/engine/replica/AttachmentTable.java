package dev.starling.engine.replica;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * One 64-byte record per peer in the home's region: which epoch its newest connection has and which
 * incarnation of the peer made it, how many of its locks the home has broken, and how many of these
 * breaks the peer has acknowledged.
 *
 * <pre>
 *  +0 epoch (4)   +4 incarnation (4)   one word, changed together
 *  +8 fences issued by the home (8)   +16 fences acknowledged by the peer (8)
 * </pre>
 *
 * <p>Lock words carry the epoch. A lock of an epoch that is not the newest one belongs to an
 * incarnation that is dead: a rank joins again only after its predecessor has died, and a living
 * worker releases its locks before it connects anew.
 *
 * <p>A peer acknowledges when it is in no exchange with the home: then it no longer writes any
 * plane that it lost, and the home may lift the quarantine of those planes.
 */
public final class AttachmentTable {
  /** Length of one record. */
  public static final int RECORD_BYTES = 64;

  private static final int ATTACHMENT_OFFSET = 0;
  private static final int FENCES_OFFSET = 8;
  private static final int ACKNOWLEDGED_OFFSET = 16;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private AttachmentTable() {}

  private static long record(int peer) {
    return ReplicaLayout.ATTACHMENTS_OFFSET + (long) peer * RECORD_BYTES;
  }

  /**
   * Issues a new epoch for a peer's connection, strictly rising.
   *
   * @param region the home's region
   * @param peer the rank that connects
   * @param incarnation its incarnation
   * @return the epoch, from 1
   */
  public static int issueEpoch(MemorySegment region, int peer, int incarnation) {
    long offset = record(peer) + ATTACHMENT_OFFSET;
    long before;
    int epoch;
    do {
      before = (long) LONG.getVolatile(region, offset);
      epoch = epoch(before) + 1;
    } while (!LONG.compareAndSet(
        region, offset, before, (long) incarnation << Integer.SIZE | epoch));
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
   * Returns a peer's newest connection.
   *
   * @param region the home's region
   * @param peer the peer
   * @return a word for {@link #epoch(long)} and {@link #incarnation(long)}
   */
  public static long attachment(MemorySegment region, int peer) {
    return (long) LONG.getAcquire(region, record(peer) + ATTACHMENT_OFFSET);
  }

  /**
   * Returns the epoch of a connection.
   *
   * @param attachment what {@link #attachment} returned
   * @return the epoch, 0 when the peer never connected
   */
  public static int epoch(long attachment) {
    return (int) attachment;
  }

  /**
   * Returns the incarnation of the peer that made a connection.
   *
   * @param attachment what {@link #attachment} returned
   * @return from 0
   */
  public static int incarnation(long attachment) {
    return (int) (attachment >>> Integer.SIZE);
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
