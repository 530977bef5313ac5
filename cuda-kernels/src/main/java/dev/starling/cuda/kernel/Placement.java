package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaStream;

/**
 * How operations reach memory of the host. An operation sees the results of all that were submitted
 * before it. Nothing waits and nothing is allocated, except where it is made. Belongs to one
 * thread; what it makes belongs to its context.
 */
interface Placement {
  /** Submits a call of at least one element. */
  void submit(Call call);

  /**
   * Returns a stream on which whatever is submitted next sees all results so far, and whose results
   * whatever is submitted here later sees.
   */
  CudaStream serial();

  /** Puts a mark behind everything that has been submitted; replaces the slot's last one. */
  void mark(int slot);

  /** Whether everything before a mark is done. */
  boolean isComplete(int slot);
}
