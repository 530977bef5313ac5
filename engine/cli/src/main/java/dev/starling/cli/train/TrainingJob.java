package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.worker.JobObserver;
import java.util.List;

/** The workers of a run, as threads of this process or as processes of their own. */
interface TrainingJob extends AutoCloseable {
  /** {@return the job's board} */
  JobBoard board();

  /** {@return what watches the workers; belongs to one thread at a time} */
  JobObserver observer();

  /**
   * Trains until the budget is used up or the run is stopped; every gradient is then applied.
   *
   * @throws Exception what ended it
   */
  void train() throws Exception;

  /**
   * Notices who was lost after {@link #train} had returned.
   *
   * @throws Exception when that cannot be found out
   */
  default void account() throws Exception {}

  /** {@return a sentence for every worker that was lost and every one that came back} */
  default List<String> incidents() {
    return List.of();
  }

  /** {@return whether this process evaluates and saves the run, and not another rank's} */
  default boolean isEvaluator() {
    return true;
  }

  /** Says that this process has evaluated and saved the run: nobody need wait for it any more. */
  default void evaluated() {}

  /** {@return ranks that were lost and have not come back} */
  default List<Integer> lostRanks() {
    return List.of();
  }

  /** {@return how many times a rank was started again} */
  default int restarts() {
    return 0;
  }

  /** Lets the workers go and gives everything back. */
  @Override
  void close();
}
