package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import java.lang.foreign.MemorySegment;

/**
 * What takes the workers of a synchronous algorithm through their rounds together, as the
 * communication agent sees it. No call waits, and none allocates after the first round.
 *
 * <pre>
 *   begin(gradient) --poll--> isReady: advance the optimizer, publish --> published(plane)
 *                   '-------> isOver: a worker has ended; end()
 * </pre>
 */
interface Rounds {
  /**
   * Begins a round.
   *
   * @param gradient this worker's, in place of which its content may be the mean's when ready;
   *     others may then still read it, until the next round is ready
   */
  void begin(MemorySegment gradient);

  /**
   * Goes on.
   *
   * @return how many things happened
   * @throws StarlingException when a worker that is needed is gone
   */
  int poll();

  /** {@return whether the update of this round may be computed and published} */
  boolean isReady();

  /** {@return whether this round will never be ready, since a worker has ended} */
  boolean isOver();

  /**
   * This worker's state after the round is published.
   *
   * @param plane where
   */
  void published(int plane);

  /** Tells the others that this worker takes part in no further round. */
  void end();
}
