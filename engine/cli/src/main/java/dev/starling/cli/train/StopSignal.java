package dev.starling.cli.train;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Ends a run cleanly on SIGINT and SIGTERM: the process does not die until the run has saved its
 * results and given its shared memory back, at most {@value #LIMIT_SECONDS} s later.
 *
 * <p>Open it before anything that must not be left behind, close it after everything is saved and
 * told: from then on the process may end at any moment.
 */
final class StopSignal implements BooleanSupplier, AutoCloseable {
  static final int LIMIT_SECONDS = 10;

  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook;
  private final PrintWriter err;
  private volatile boolean requested;
  private volatile long requestedNs;
  private Thread waiting;

  /**
   * Installs the shutdown hook; when the process is ending already, the end is asked for at once.
   *
   * @param err where a person is told
   */
  StopSignal(PrintWriter err) {
    this.err = err;
    hook = new Thread(this::shutDown, "starling-stop");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The signal was faster: there is nothing to keep yet.
      request();
    }
  }

  /** {@return a signal that tells nobody, for a process whose supervisor does} */
  static StopSignal silent() {
    return new StopSignal(new PrintWriter(Writer.nullWriter()));
  }

  private void shutDown() {
    request();
    err.println("stopping: every worker finishes its step, then the averaged model is saved");
    try {
      if (!finished.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        err.println(
            "starling: the run did not finish within "
                + LIMIT_SECONDS
                + " s of the signal and was cut off: its model is not saved, and the next start"
                + " removes what is left in shared memory");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** {@return whether the workers shall end} */
  boolean isRequested() {
    return requested;
  }

  @Override
  public boolean getAsBoolean() {
    return requested;
  }

  /** Asks the workers to end, as the signal does. */
  synchronized void request() {
    requestedNs = System.nanoTime();
    requested = true;
    if (waiting != null) {
      waiting.interrupt();
    }
  }

  /**
   * Calls what may wait for long and ends when it is interrupted, which asking for the end does.
   *
   * @param call what waits
   * @return what it gave
   * @param <T> its type
   */
  <T> T interrupting(Supplier<T> call) {
    waitsIn(Thread.currentThread());
    try {
      return call.get();
    } finally {
      waitsIn(null);
      if (requested) {
        Thread.interrupted();
      }
    }
  }

  private synchronized void waitsIn(Thread thread) {
    waiting = thread;
    if (requested && thread != null) {
      thread.interrupt();
    }
  }

  /** {@return when the end was asked for, {@link System#nanoTime()}} */
  long requestedNs() {
    return requestedNs;
  }

  /** Lets the process end, or removes the hook when it need not. */
  @Override
  public void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The hook runs already: it has seen the latch.
      requested = true;
    }
  }
}
