package dev.starling.engine.exchange;

import java.lang.foreign.MemorySegment;

/**
 * Computes a stripe's next state under the worker's own lock alone, in place of the plain step.
 * Belongs to the communication agent; no call waits or allocates.
 */
public interface SoloCombine {
  /**
   * Begins with a stripe.
   *
   * @param region the worker's region
   * @param current offset of the plane to start from
   * @param target offset of the plane to write
   * @param update the update
   * @param updateOffset where the stripe begins in it, bytes
   * @param lengthBytes length of the stripe
   */
  void begin(
      MemorySegment region,
      long current,
      long target,
      Update update,
      long updateOffset,
      long lengthBytes);

  /**
   * Goes on.
   *
   * @return how many things happened
   */
  int poll();

  /**
   * Tells whether the target is complete.
   *
   * @return whether it may be published
   */
  boolean isDone();
}
