package dev.starling.engine.cluster;

import dev.starling.engine.metrics.Counter;

/**
 * What the numbers mean that a rank tells with each sign of life.
 *
 * <pre>
 *  0         its record, {@link RankRecord#word}          TAKEN      work that it took
 *  PUBLISHED versions of its replica                      PHASE      of its board
 *  INTENT    incarnation + 1 &lt;&lt; 2 | LEAVING | EVALUATING  CLOCK      its nanoTime
 *  COUNTERS  all counters, over all incarnations
 * </pre>
 */
final class ProgressWords {
  static final int TAKEN = RankRecord.WORDS;
  static final int PUBLISHED = TAKEN + 1;
  static final int PHASE = PUBLISHED + 1;
  static final int INTENT = PHASE + 1;
  static final int CLOCK = INTENT + 1;
  static final int COUNTERS = CLOCK + 1;
  static final int COUNT = COUNTERS + Counter.values().length;

  static final int LEAVING = 1;
  static final int EVALUATING = 2;

  private static final int INTENT_BITS = 2;

  private ProgressWords() {}

  /** The incarnation belongs to it, as what a dead rank meant does not bind its successor. */
  static long intent(int incarnation, boolean leaving, boolean evaluating) {
    return (incarnation + 1L) << INTENT_BITS
        | (leaving ? LEAVING : 0)
        | (evaluating ? EVALUATING : 0);
  }

  static boolean means(long intent, int incarnation, int bit) {
    return (intent & bit) != 0 && intent >> INTENT_BITS == incarnation + 1L;
  }
}
