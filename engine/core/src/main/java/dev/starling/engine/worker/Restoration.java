package dev.starling.engine.worker;

import dev.starling.engine.log.Origin;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Gives workers the state that they go on from, when a job is resumed from a checkpoint set. */
@FunctionalInterface
public interface Restoration {
  /**
   * A worker's state.
   *
   * @param origin where it came from
   * @param parameters the model, float32; valid until the worker has been made
   * @param state the optimizer's vectors by name, empty for a fresh one; valid as long
   * @param submitted how many gradients the rank had submitted, for learning-rate schedules
   */
  record State(
      Origin origin, MemorySegment parameters, Map<String, MemorySegment> state, long submitted) {}

  /**
   * Returns the state of a worker.
   *
   * @param rank the worker's rank
   * @return its state, or null where there is none: the worker then begins otherwise
   */
  State of(int rank);
}
