package dev.starling.engine.sim;

import dev.starling.engine.replica.Replica;

/**
 * Sees what happens on a simulated fabric: {@link InvariantChecker} where everything is checked, or
 * something that only counts where there are too many workers for that.
 */
interface SimWatch {
  /** A worker posted an operation. */
  void posted(int rank);

  /** An operation is complete; its worker finds that at its next poll. */
  void completed(int rank);

  /**
   * A lock word was swapped.
   *
   * @param replica whose word
   * @param by who swapped it
   * @param offset where the word lies in the region
   * @param before what it was
   * @param after what it is
   */
  void swapped(Replica replica, int by, long offset, long before, long after);

  /** A worker is about to write somewhere into a region. */
  void writing(Replica replica, int by, long offset);

  /** Something happened that must not. */
  void violated(String what);
}
