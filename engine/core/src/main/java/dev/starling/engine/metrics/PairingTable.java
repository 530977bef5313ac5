package dev.starling.engine.metrics;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * How often a worker paired with each peer, as one 32-byte record per rank in its region.
 *
 * <pre>
 *  +0 exchanges published (8)   +8 attempts that found it busy (8)
 *  +16 exchanges torn (8)       +24 when the last one was published, ns of the worker's clock (8)
 * </pre>
 *
 * <p>Only exchanges that the worker itself began count; those that the peer began are in the peer's
 * table. Written by the communication agent alone, without atomic operations; anyone may read.
 */
public final class PairingTable {
  /** Length of one record. */
  public static final int RECORD_BYTES = 32;

  private static final int PUBLISHED = 0;
  private static final int BUSY = 8;
  private static final int TORN = 16;
  private static final int LAST = 24;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment region;
  private final long baseOffset;

  /**
   * Opens the table of a region.
   *
   * @param region the region
   * @param baseOffset where the table begins
   */
  public PairingTable(MemorySegment region, long baseOffset) {
    this.region = region;
    this.baseOffset = baseOffset;
  }

  /**
   * Counts an exchange that both published.
   *
   * @param peer the partner's rank
   * @param nowNs the time by the worker's clock
   */
  public void published(int peer, long nowNs) {
    add(peer, PUBLISHED);
    LONG.setRelease(region, at(peer, LAST), nowNs);
  }

  /**
   * Counts an attempt that found the peer busy.
   *
   * @param peer the peer's rank
   */
  public void busy(int peer) {
    add(peer, BUSY);
  }

  /**
   * Counts an exchange of which only the own side is certain.
   *
   * @param peer the partner's rank
   */
  public void torn(int peer) {
    add(peer, TORN);
  }

  /**
   * Returns the exchanges published with a peer.
   *
   * @param peer the peer's rank
   * @return exchanges that this worker began
   */
  public long published(int peer) {
    return get(peer, PUBLISHED);
  }

  /**
   * Returns how often a peer was found busy.
   *
   * @param peer the peer's rank
   * @return attempts
   */
  public long busyAttempts(int peer) {
    return get(peer, BUSY);
  }

  /**
   * Returns the torn exchanges with a peer.
   *
   * @param peer the peer's rank
   * @return exchanges of which only the own side is certain
   */
  public long tornExchanges(int peer) {
    return get(peer, TORN);
  }

  /**
   * Returns when the last exchange with a peer was published.
   *
   * @param peer the peer's rank
   * @return nanoseconds of the worker's clock, 0 when there was none
   */
  public long lastPublishedNs(int peer) {
    return get(peer, LAST);
  }

  private long at(int peer, int field) {
    return baseOffset + (long) peer * RECORD_BYTES + field;
  }

  private void add(int peer, int field) {
    long offset = at(peer, field);
    LONG.setRelease(region, offset, (long) LONG.get(region, offset) + 1);
  }

  private long get(int peer, int field) {
    return (long) LONG.getAcquire(region, at(peer, field));
  }
}
