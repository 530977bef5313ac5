package dev.starling.engine.log;

import java.lang.foreign.MemorySegment;

/**
 * Receives every event of a replica, in order. All calls come from the replica's communication
 * agent.
 */
public interface Journal {
  /** A journal that keeps nothing, for runs without a log. */
  Journal NONE = new Journal() {};

  /**
   * The agent took gradients from the compute thread; they will be applied exactly once.
   *
   * @param optimizerStep the optimizer's step that uses them, from 1
   * @param count how many gradients the buffer sums
   * @param oldestReadVersion the oldest version of the first stripe that any of them was computed
   *     on
   * @param learningRate the rate they are applied with
   * @param scale the factor that the sum is multiplied by before the optimizer sees it, 1 for none
   * @param sum the summed gradients, all parameters; valid during the call
   */
  default void gradient(
      long optimizerStep,
      int count,
      long oldestReadVersion,
      float learningRate,
      float scale,
      MemorySegment sum) {}

  /**
   * An update was published alone.
   *
   * @param stripe the stripe
   * @param version the version it became
   */
  default void step(int stripe, long version) {}

  /**
   * An exchange is about to be published; nothing is published yet.
   *
   * @param stripe the stripe
   * @param version the version that the own stripe will become
   * @param peer the partner's rank
   * @param peerVersion the version that the partner's stripe will become, its low 28 bits
   * @param withUpdate whether the pending update is part of it
   */
  default void intent(int stripe, long version, int peer, long peerVersion, boolean withUpdate) {}

  /**
   * The exchange of the last intent was published on both sides.
   *
   * @param stripe the stripe
   * @param version the version that the own stripe became
   */
  default void commit(int stripe, long version) {}

  /**
   * The exchange of the last intent may have been published on the partner's side only; the update
   * follows as a step.
   *
   * @param stripe the stripe
   * @param peer the partner's rank
   */
  default void torn(int stripe, int peer) {}

  /**
   * A peer's lock on an own stripe is about to be broken.
   *
   * @param stripe the stripe
   * @param peer the peer that holds it
   * @param version the version that the break makes
   */
  default void fence(int stripe, int peer, long version) {}

  /**
   * What became of the last fence: on shared memory a holder that wakes up may publish or release
   * first, and then the version of the fence is the holder's publish after all.
   *
   * @param stripe the stripe
   * @param peer the peer that held it
   * @param broken whether the lock was broken
   */
  default void fenced(int stripe, int peer, boolean broken) {}
}
