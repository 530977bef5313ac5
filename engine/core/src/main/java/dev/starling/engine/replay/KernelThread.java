package dev.starling.engine.replay;

import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.VectorKernels;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Kernels on a thread of their own, one operation after the other, while the replaying thread reads
 * and checks the records that come next. The bits are the same. Until the first operation that is
 * worth handing over, and where there is one processor, the replaying thread computes itself, and
 * so it does where it would wait for an operation that nobody has begun.
 *
 * <p>Belongs to the replaying thread, which asks {@link #await} before it touches what an operation
 * reads or writes. Memory is native and not confined to a thread.
 */
final class KernelThread implements Kernels {
  private static final int CAPACITY = 256;

  /** Shorter operations take less time than handing them over. */
  private static final long MIN_COUNT = 16_384;

  private static final int SPINS = 1_000;
  private static final long NAP_NS = 20_000;
  private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(60);
  private static final long STOP_LIMIT_MS = 60_000;

  /** Operation {@code n}, counted from 1, is in slot {@code n % CAPACITY}. */
  private final Runnable[] ring = new Runnable[CAPACITY];

  private final boolean mayStart = Runtime.getRuntime().availableProcessors() > 1;
  private Thread thread;

  /** Written by the replaying thread alone. */
  private volatile long submitted;

  /** Written by whoever computes, one thread at a time. */
  private volatile long completed;

  private final AtomicBoolean computing = new AtomicBoolean();
  private volatile boolean asleep;
  private volatile boolean closed;
  private volatile Throwable failure;

  private void start() {
    thread = new Thread(this::work, "starling-replay-kernels");
    thread.setDaemon(true);
    thread.start();
  }

  private void work() {
    while (failure == null && !(closed && completed == submitted)) {
      if (!runNext()) {
        idle();
      }
    }
  }

  /** Computes the oldest operation that waits, unless another thread is at it. */
  private boolean runNext() {
    if (completed == submitted || !computing.compareAndSet(false, true)) {
      return false;
    }
    try {
      long next = completed + 1;
      if (next > submitted) {
        return false;
      }
      ring[(int) (next % CAPACITY)].run();
      completed = next;
      return true;
    } catch (Throwable thrown) {
      failure = thrown;
      return false;
    } finally {
      computing.set(false);
    }
  }

  private void idle() {
    for (int i = 0; i < SPINS; i++) {
      if (completed < submitted && !computing.get() || closed) {
        return;
      }
      Thread.onSpinWait();
    }
    asleep = true;
    if (completed == submitted && !closed) {
      LockSupport.park(this);
    }
    asleep = false;
  }

  private long submit(long count, Runnable operation) {
    if (thread == null && mayStart && count >= MIN_COUNT) {
      start();
    }
    long ticket = submitted + 1;
    await(ticket - CAPACITY);
    ring[(int) (ticket % CAPACITY)] = operation;
    submitted = ticket;
    if (thread == null) {
      await(ticket);
    } else if (asleep) {
      LockSupport.unpark(thread);
    }
    return ticket;
  }

  /**
   * Waits for an operation and all before it.
   *
   * @throws StarlingException when an operation failed, or none ends for a minute
   */
  void await(long ticket) {
    long deadlineNs = System.nanoTime() + STUCK_NS;
    for (long waited = 0; completed < ticket; ) {
      // Where the other thread has no processor, this one goes on.
      waited = runNext() ? 0 : waited + 1;
      if (waited > 0) {
        pause(waited, deadlineNs);
      }
    }
  }

  @Override
  public void drain() {
    await(submitted);
  }

  private void pause(long waited, long deadlineNs) {
    Throwable thrown = failure;
    if (thrown != null) {
      throw new StarlingException(
          "computing for a replay failed (" + thrown + "): report this", thrown);
    }
    if (waited < SPINS) {
      Thread.onSpinWait();
    } else if (System.nanoTime() - deadlineNs > 0) {
      throw new StarlingException(
          "no kernel of the replay ended for "
              + TimeUnit.NANOSECONDS.toSeconds(STUCK_NS)
              + " s: the machine is starved of processor time, run less beside it");
    } else {
      LockSupport.parkNanos(this, NAP_NS);
    }
  }

  @Override
  public String description() {
    return "CPU, " + VectorKernels.vectorBits() + "-bit vectors, on a thread of their own";
  }

  @Override
  public long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    return submit(count, () -> VectorKernels.average(x, xo, y, yo, out, oo, count));
  }

  @Override
  public long averageBoth(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      long count) {
    return submit(
        count, () -> VectorKernels.averageBoth(x, xo, y, yo, outX, oxo, outY, oyo, count));
  }

  @Override
  public long step(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count) {
    return submit(
        count, () -> VectorKernels.step(x, xo, u, uo, out, oo, learningRate, keep, count));
  }

  @Override
  public long stepAverage(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment y,
      long yo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count) {
    return submit(
        count,
        () -> VectorKernels.stepAverage(x, xo, u, uo, y, yo, out, oo, learningRate, keep, count));
  }

  @Override
  public long stepAverageBoth(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      float learningRate,
      float keep,
      long count) {
    return submit(
        count,
        () ->
            VectorKernels.stepAverageBoth(
                x, xo, u, uo, y, yo, outX, oxo, outY, oyo, learningRate, keep, count));
  }

  @Override
  public long momentum(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    return submit(count, () -> VectorKernels.momentum(v, vo, g, go, mu, count));
  }

  @Override
  public long accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    return submit(count, () -> VectorKernels.accumulate(acc, ao, g, go, count));
  }

  @Override
  public long scale(MemorySegment x, long xo, float s, long count) {
    return submit(count, () -> VectorKernels.scale(x, xo, s, count));
  }

  @Override
  public long nesterov(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    return submit(count, () -> VectorKernels.nesterov(v, vo, g, go, mu, count));
  }

  @Override
  public long adam(
      MemorySegment m,
      long mo,
      MemorySegment v,
      long vo,
      MemorySegment g,
      long go,
      float beta1,
      float beta2,
      float c1,
      float c2,
      float epsilon,
      long count) {
    return submit(
        count, () -> VectorKernels.adam(m, mo, v, vo, g, go, beta1, beta2, c1, c2, epsilon, count));
  }

  @Override
  public boolean isComplete(long ticket) {
    return completed >= ticket;
  }

  /**
   * Ends the thread after what was submitted. A second call does nothing.
   *
   * @throws StarlingException when it does not end within a minute; the memory must stay then
   */
  @Override
  public void close() {
    closed = true;
    if (thread == null) {
      return;
    }
    LockSupport.unpark(thread);
    boolean interrupted = false;
    try {
      thread.join(STOP_LIMIT_MS);
    } catch (InterruptedException stop) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      throw new StarlingException(
          "the kernels of a replay did not end within "
              + STOP_LIMIT_MS
              + " ms: their memory stays until the process ends");
    }
  }
}
