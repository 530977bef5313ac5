package dev.starling.engine.memory;

import java.lang.foreign.MemorySegment;

/**
 * Memory in which a replica lives: a {@link SharedFile} in production, {@link PrivateMemory} in the
 * simulator.
 *
 * <p>Threads and ownership are those of the implementation; whoever created it closes it.
 */
public interface Region extends AutoCloseable {
  /**
   * Returns the bytes.
   *
   * @return the whole region, valid until {@link #close()}
   */
  MemorySegment segment();

  /**
   * Gives a range its space, so that touching it cannot fault.
   *
   * @param offsetBytes start of the range
   * @param lengthBytes its length
   */
  void reserve(long offsetBytes, long lengthBytes);

  /**
   * Gives a range its space, so that touching it cannot fault, if there is any.
   *
   * @param offsetBytes start of the range
   * @param lengthBytes its length
   * @return false when the file system is full, and then nothing may touch the range; any other
   *     failure is an exception
   */
  boolean tryReserve(long offsetBytes, long lengthBytes);

  /** Gives the memory back; closing twice does nothing. */
  @Override
  void close();
}
