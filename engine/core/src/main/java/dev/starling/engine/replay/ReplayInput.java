package dev.starling.engine.replay;

import dev.starling.engine.log.LogCursor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** Where replay reads logs and checkpoints from. Belongs to the thread that replays. */
public interface ReplayInput {
  /**
   * Returns the logs there are.
   *
   * @return one for each chain, sorted
   */
  List<ChainId> logs();

  /**
   * Opens a log at its oldest segment.
   *
   * @param chain whose log
   * @return a cursor before the first record, owned by the caller
   */
  LogCursor open(ChainId chain);

  /**
   * Returns the checkpoints of a set.
   *
   * @param set the set's number; 0 is the initial model
   * @return what it holds, by rank; empty when there is no such set or it is incomplete
   */
  Map<Integer, SavedState> set(long set);

  /**
   * One rank's state in a checkpoint set.
   *
   * @param chain whose it is; of set 0, that of any rank
   * @param optimizerStep how many steps the optimizer had made
   * @param versions the version of each stripe
   * @param parameters float32, as long as the model
   * @param state the optimizer's vectors by name; empty for a fresh optimizer
   */
  record SavedState(
      ChainId chain,
      long optimizerStep,
      long[] versions,
      MemorySegment parameters,
      Map<String, MemorySegment> state) {
    /**
     * Returns what a rank begins with that takes another rank's parameters: not its optimizer.
     *
     * @return the same parameters, no optimizer state
     */
    public SavedState withFreshOptimizer() {
      return new SavedState(chain, 0, versions, parameters, Map.of());
    }
  }
}
