package dev.starling.engine.worker;

/** What a compute thread does with its worker: your training loop. */
@FunctionalInterface
public interface ComputeTask {
  /**
   * Trains until there is nothing left to do. Runs on a thread of its own for each worker.
   *
   * @param worker the thread's worker
   * @throws Exception ends the job; {@link LocalJob#run} throws it
   */
  void run(Worker worker) throws Exception;
}
