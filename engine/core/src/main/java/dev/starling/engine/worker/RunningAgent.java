package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.IdleStrategy;

/** The thread that runs one worker's communication agent. Belongs to whoever set the worker up. */
final class RunningAgent implements AutoCloseable {
  private static final long POLL_NS = TimeUnit.MICROSECONDS.toNanos(200);
  private static final int STOP_TIMEOUT_MS = 5_000;

  private final Worker worker;
  private final AgentRunner runner;

  /**
   * Prepares the thread.
   *
   * @param worker whose agent it is
   * @param agent the agent
   * @param idleStrategy how it waits when there is nothing to do
   */
  RunningAgent(Worker worker, Agent agent, IdleStrategy idleStrategy) {
    this.worker = worker;
    runner = new AgentRunner(idleStrategy, this::stop, null, agent);
  }

  /** Starts the thread. */
  void start() {
    worker.agentThread(
        AgentRunner.startOnThread(
            runner, task -> daemon(() -> run(task), runner.agent().roleName())));
  }

  private void run(Runnable task) {
    try {
      task.run();
    } catch (AgentTerminationException told) {
      // The worker has the cause: whoever uses it next fails with one sentence.
      worker.fail(told.getCause());
    }
  }

  private void stop(Throwable failure) {
    worker.fail(failure);
    throw new AgentTerminationException(failure);
  }

  /**
   * Waits until everything submitted has been applied; no compute thread may submit meanwhile.
   *
   * @param timeoutNs how long at most
   * @throws StarlingException when the agent failed or has not finished in time
   */
  void drain(long timeoutNs) {
    long deadlineNs = System.nanoTime() + timeoutNs;
    while (!worker.isQuiescent()) {
      worker.requireHealthy();
      if (System.nanoTime() - deadlineNs > 0) {
        throw new StarlingException(
            "rank "
                + worker.rank()
                + " did not apply its last gradient within "
                + TimeUnit.NANOSECONDS.toSeconds(timeoutNs)
                + " s: its agent is starved of processor time, run fewer workers");
      }
      LockSupport.parkNanos(POLL_NS);
    }
  }

  /**
   * Stops the thread.
   *
   * @throws StarlingException when it does not end; the worker's memory must then stay mapped
   */
  @Override
  public void close() {
    runner.close(STOP_TIMEOUT_MS, RunningAgent::failToStop);
  }

  private static void failToStop(Thread agent) {
    throw new StarlingException(
        agent.getName()
            + " did not stop within "
            + STOP_TIMEOUT_MS
            + " ms: the machine is starved of processor time, end the process");
  }

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
