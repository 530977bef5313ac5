package dev.starling.engine.log;

import java.lang.foreign.MemorySegment;

/**
 * Receives every event of a replica, in order. {@link #restored} comes first, from the thread that
 * sets the worker up; all other calls come from the replica's communication agent, and {@link
 * #close()} after it has stopped.
 *
 * <p>A call that throws stops the worker before the event takes place.
 */
public interface Journal extends AutoCloseable {
  /** A journal that keeps nothing, for runs without a log. */
  Journal NONE = new Journal() {};

  /** Opens the journal of one worker. */
  @FunctionalInterface
  interface Factory {
    /**
     * Opens a journal, which the worker closes.
     *
     * @param rank the worker's rank
     * @param incarnation how many times the rank had joined before
     * @return the journal, of its own
     */
    Journal open(int rank, int incarnation);
  }

  /**
   * The chain of versions opens: every stripe is at version 0 and holds what the origin says.
   *
   * @param origin where the parameters and the optimizer's state came from
   */
  default void restored(Origin origin) {}

  /**
   * The agent took gradients from the compute thread; they will be applied exactly once. The values
   * follow by {@link #fragment}, all of them before anything else happens to a stripe of this
   * update.
   *
   * @param optimizerStep the optimizer's step that uses them, from 1
   * @param count how many gradients the buffer sums
   * @param oldestReadVersion the oldest version of the first stripe that any of them was computed
   *     on
   * @param learningRate the rate they are applied with
   * @param scale the factor that the sum is multiplied by before the optimizer sees it, 1 for none
   * @param payload how the values are kept
   * @param payloadLengthBytes the length of all values
   */
  default void gradient(
      long optimizerStep,
      int count,
      long oldestReadVersion,
      float learningRate,
      float scale,
      GradientPayload payload,
      long payloadLengthBytes) {}

  /**
   * A piece of the values of the last gradient, in order and without gaps.
   *
   * @param payload where the values lie
   * @param offsetBytes the piece's offset there, and in the values
   * @param lengthBytes its length
   */
  default void fragment(MemorySegment payload, long offsetBytes, long lengthBytes) {}

  /**
   * Gradients were refused and are part of no update.
   *
   * @param count how many
   * @param submission the last one's submission, counted from 1
   * @param badIndex its first index that was not finite, -1 when it was too stale
   */
  default void rejected(long count, long submission, long badIndex) {}

  /**
   * An update is about to be published alone.
   *
   * @param stripe the stripe
   * @param version the version it will become
   */
  default void step(int stripe, long version) {}

  /**
   * An exchange is about to be published; nothing is published yet.
   *
   * @param stripe the stripe
   * @param version the version that the own stripe will become
   * @param peer the partner's rank
   * @param peerIncarnation how many times the partner had joined before
   * @param peerVersion the version that the partner's stripe will become, its low 28 bits
   * @param withUpdate whether the pending update is part of it
   */
  default void intent(
      int stripe,
      long version,
      int peer,
      int peerIncarnation,
      long peerVersion,
      boolean withUpdate) {}

  /**
   * The exchange of the last intent was published on both sides.
   *
   * @param stripe the stripe
   * @param version the version that the own stripe became
   */
  default void commit(int stripe, long version) {}

  /**
   * The exchange of the last intent was not published on the own side; the update follows as a
   * step.
   *
   * @param stripe the stripe
   * @param peer the partner's rank
   * @param mayBePublished whether it may have been published on the partner's side
   */
  default void torn(int stripe, int peer, boolean mayBePublished) {}

  /**
   * A peer's lock on an own stripe is about to be broken.
   *
   * @param stripe the stripe
   * @param peer the peer that holds it
   * @param version the version that the break makes, its low 28 bits
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

  /**
   * A checkpoint begins: the optimizer's state and then the stripes will be copied one after the
   * other. No update is under way.
   *
   * @param set the number of the checkpoint set
   */
  default void cut(long set) {}

  /**
   * The copies of the last cut are complete.
   *
   * @param set the number of the checkpoint set
   * @param optimizerStep how many steps the optimizer has made
   * @param versions the version of each stripe's copy; not to be kept
   */
  default void checkpoint(long set, long optimizerStep, long[] versions) {}

  /** Ends the journal in good order. A second call does nothing. */
  @Override
  default void close() {}
}
