package dev.starling.engine.log;

import java.lang.foreign.MemorySegment;

/**
 * Reads the records of one log in order. Belongs to one thread. A cursor trusts nothing: a record
 * that is damaged ends it, with {@link #damage()} saying which and how.
 */
public interface LogCursor extends AutoCloseable {
  /**
   * Goes to the next record. The checksum of the record and its place in the sequence have been
   * checked when the answer is yes.
   *
   * @return whether there is one
   */
  boolean next();

  /**
   * Returns the record, see {@link LogRecord}.
   *
   * @return its bytes, read-only, valid until the next call of {@link #next()}
   */
  MemorySegment record();

  /**
   * Returns where the record lies, for people.
   *
   * @return for instance {@code log/2.0/00000001.cq4 at 4096}
   */
  String position();

  /**
   * Returns the segment that the record lies in.
   *
   * @return counted from 0
   */
  int segment();

  /**
   * Returns what is wrong, once {@link #next()} has answered no.
   *
   * @return one sentence that names file and offset, or null when the records end as a log may end,
   *     after an END record or where its writer was killed
   */
  String damage();

  /** Unmaps what was mapped. A second call does nothing. */
  @Override
  void close();
}
