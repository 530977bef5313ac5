package dev.starling.engine.log;

/**
 * Where a replica's first parameters came from.
 *
 * @param set the checkpoint set whose file of the rank was loaded, or {@link #NONE}
 * @param rank the rank whose replica was copied, or {@link #NONE}
 * @param incarnation that rank's incarnation
 * @param cut the newest checkpoint set that lies before the first version
 * @param optimizerStep how many steps the optimizer's state has behind it, 0 for a fresh one
 * @param versions the version of each stripe at its origin
 */
public record Origin(
    long set, int rank, int incarnation, long cut, long optimizerStep, long[] versions) {
  /** No set, no rank. */
  public static final int NONE = -1;

  /**
   * The initial model, which checkpoint set 0 holds.
   *
   * @param stripes stripes of the model
   * @return the origin of every worker that begins with the job
   */
  public static Origin initial(int stripes) {
    return new Origin(0, NONE, 0, 0, 0, new long[stripes]);
  }
}
