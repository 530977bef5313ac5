package dev.starling.engine.fabric;

import java.lang.foreign.MemorySegment;

/**
 * A connection to one region, possibly the worker's own. Belongs to one thread; no call blocks.
 *
 * <p>Offsets count from the start of the region. Operations may complete in any order; a caller
 * that needs an order waits for the completion. At most {@value #MAX_IN_FLIGHT} are posted and not
 * yet delivered.
 */
public interface Remote extends AutoCloseable {
  /** Operations that any connection takes before one of them is delivered. */
  int MAX_IN_FLIGHT = 64;

  /**
   * Returns the rank of the region's owner.
   *
   * @return the peer's rank
   */
  int rank();

  /**
   * Returns the epoch that the home issued for this connection; lock words carry it.
   *
   * @return from 1
   */
  int epoch();

  /**
   * Returns which incarnation of the peer this is a connection to.
   *
   * @return how many times the rank had joined before
   */
  int incarnation();

  /**
   * Asks whether the peer takes part. Does not allocate.
   *
   * @return its state as far as it is known here
   */
  PeerState state();

  /**
   * Returns the peer's region as memory of this process, when the fabric can address it.
   *
   * @return the region, or null when only operations reach it
   */
  MemorySegment direct();

  /**
   * Reads an aligned 8-byte word.
   *
   * @param offsetBytes where, 8-aligned
   * @param tag comes back with the completion, whose value is the word
   */
  void readWord(long offsetBytes, long tag);

  /**
   * Reads bytes into local memory.
   *
   * @param offsetBytes where
   * @param into local memory that the fabric knows ({@link Fabric#register}) and that stays valid
   *     until the completion
   * @param intoOffset offset in it
   * @param lengthBytes how many
   * @param tag comes back with the completion
   */
  void read(long offsetBytes, MemorySegment into, long intoOffset, long lengthBytes, long tag);

  /**
   * Writes bytes from local memory.
   *
   * @param offsetBytes where
   * @param from local memory that the fabric knows ({@link Fabric#register}) and that stays
   *     unchanged until the completion
   * @param fromOffset offset in it
   * @param lengthBytes how many
   * @param tag comes back with the completion
   */
  void write(long offsetBytes, MemorySegment from, long fromOffset, long lengthBytes, long tag);

  /**
   * Changes an aligned 8-byte word when it has the expected value.
   *
   * @param offsetBytes where, 8-aligned
   * @param expected the expected value
   * @param desired the new value
   * @param tag comes back with the completion, whose value is what was found
   */
  void compareAndSwap(long offsetBytes, long expected, long desired, long tag);

  /**
   * Delivers completions.
   *
   * @param handler receives them
   * @return how many there were
   */
  int poll(CompletionHandler handler);

  /**
   * Tells the home that this worker is in no exchange with it and writes none of its planes, so
   * that planes quarantined because of it may be used again. Fabrics that fence by connection have
   * nothing to do.
   */
  void settle();

  /** Disconnects; posted operations must have completed. Closing twice does nothing. */
  @Override
  void close();
}
