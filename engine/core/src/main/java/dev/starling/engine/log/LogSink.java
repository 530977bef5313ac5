package dev.starling.engine.log;

import java.lang.foreign.MemorySegment;

/**
 * Where the records of one log go, in segments that are read, and dropped, one by one. Belongs to
 * the communication agent; {@link #dropBefore} may be called by another thread.
 *
 * <p>A sink keeps no reference to the segments it is given, and allocates nothing per record.
 */
public interface LogSink extends AutoCloseable {
  /**
   * Appends one record, whole or not at all: a reader never sees a part of it, whenever the process
   * ends.
   *
   * @param head the first part, off the heap
   * @param headLengthBytes its length, a multiple of 8
   * @param payload the second part, off the heap, or null for none
   * @param payloadOffset where the second part begins, in bytes
   * @param payloadLengthBytes its length, a multiple of 8; both parts together have at most {@link
   *     LogRecord#MAX_LENGTH_BYTES}
   * @throws LogFullException when the record does not fit any more; the log is as it was
   * @throws dev.starling.engine.StarlingException when the record cannot be written
   */
  void append(
      MemorySegment head,
      long headLengthBytes,
      MemorySegment payload,
      long payloadOffset,
      long payloadLengthBytes);

  /**
   * Tells whether the segment has grown to where another one should begin.
   *
   * @return whether {@link #roll()} is due
   */
  boolean isSegmentFull();

  /**
   * Ends the segment; the next record begins another one.
   *
   * @throws LogFullException when there is no room for another one
   */
  void roll();

  /**
   * Returns the segment that the next record goes to.
   *
   * @return counted from 0
   */
  int segment();

  /**
   * Removes all segments before one.
   *
   * @param segment the oldest one that is kept
   * @return the bytes that this gave back
   */
  long dropBefore(int segment);

  /** Gives the records that follow, a few small ones, what was kept free for the log's end. */
  default void useReserve() {}

  /** Ends the log: what was appended stays. A second call does nothing. */
  @Override
  void close();
}
