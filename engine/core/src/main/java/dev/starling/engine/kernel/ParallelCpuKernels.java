package dev.starling.engine.kernel;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * {@link Kernels} by {@link VectorKernels} on several threads: the caller's and helpers of its own.
 * One processor moves only part of what the memory of a machine can; large models, and those that
 * fit the caches of several processors but not of one, are combined faster by several. The bits are
 * the same.
 *
 * <pre>
 *   ring of operations   ... | n-1 | n | n+1 | ...        posted = n+1
 *   completed            caller n | helper 1 n-1 | helper 2 n     each does its part of every operation
 * </pre>
 *
 * <p>Nobody begins an operation before all have completed the one before it. The caller does its
 * part when it submits, or, when helpers are still at an earlier operation, when it next asks
 * {@link #isComplete}. Helpers spin for a short while after an operation and then sleep until the
 * next, so this is for large operations in quick succession. Memory is native and not confined to a
 * thread. Allocates nothing after construction.
 */
public final class ParallelCpuKernels implements Kernels {
  /** The largest number of threads. */
  public static final int MAX_THREADS = 256;

  /** Shorter operations are not worth dividing: the caller does them. */
  private static final long MIN_SHARED = 16_384;

  private static final int SLOTS = 64;
  private static final int PADDING = 16;
  private static final int LINE_FLOATS = 16;
  private static final int SPINS = 20_000;
  private static final long NAP_NS = 50_000;
  private static final int NAPS = 20;
  private static final long STOP_LIMIT_MS = 5_000;
  private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(30);

  private enum Kind {
    AVERAGE,
    AVERAGE_BOTH,
    STEP,
    STEP_AVERAGE,
    STEP_AVERAGE_BOTH,
    MOMENTUM,
    ACCUMULATE,
    SCALE,
    NESTEROV,
    ADAM
  }

  /** An operation on up to five vectors with up to five factors; reused. */
  private static final class Operation {
    Kind kind;
    long count;
    final MemorySegment[] vectors = new MemorySegment[5];
    final long[] offsets = new long[5];
    final float[] factors = new float[5];

    void run(long from, long n) {
      long at = from * Float.BYTES;
      MemorySegment[] v = vectors;
      long a = offsets[0] + at;
      long b = offsets[1] + at;
      long c = offsets[2] + at;
      long d = offsets[3] + at;
      long e = offsets[4] + at;
      float[] f = factors;
      switch (kind) {
        case AVERAGE -> VectorKernels.average(v[0], a, v[1], b, v[2], c, n);
        case AVERAGE_BOTH -> VectorKernels.averageBoth(v[0], a, v[1], b, v[2], c, v[3], d, n);
        case STEP -> VectorKernels.step(v[0], a, v[1], b, v[2], c, f[0], f[1], n);
        case STEP_AVERAGE ->
            VectorKernels.stepAverage(v[0], a, v[1], b, v[2], c, v[3], d, f[0], f[1], n);
        case STEP_AVERAGE_BOTH ->
            VectorKernels.stepAverageBoth(
                v[0], a, v[1], b, v[2], c, v[3], d, v[4], e, f[0], f[1], n);
        case MOMENTUM -> VectorKernels.momentum(v[0], a, v[1], b, f[0], n);
        case ACCUMULATE -> VectorKernels.accumulate(v[0], a, v[1], b, n);
        case SCALE -> VectorKernels.scale(v[0], a, f[0], n);
        case NESTEROV -> VectorKernels.nesterov(v[0], a, v[1], b, f[0], n);
        case ADAM -> VectorKernels.adam(v[0], a, v[1], b, v[2], c, f[0], f[1], f[2], f[3], f[4], n);
      }
    }
  }

  private final int threads;
  private final Operation[] ring = new Operation[SLOTS];
  private final Thread[] helpers;
  private final AtomicIntegerArray asleep;
  private final AtomicLongArray completed;

  /** Written by the caller alone. */
  private volatile long posted;

  private volatile boolean closed;
  private volatile Throwable failure;

  /**
   * Starts the helpers.
   *
   * @param threads how many threads compute, the caller's included, 2 to {@link #MAX_THREADS}
   */
  public ParallelCpuKernels(int threads) {
    ConfigurationException.requireRange("threads that combine", threads, 2, MAX_THREADS);
    this.threads = threads;
    for (int slot = 0; slot < SLOTS; slot++) {
      ring[slot] = new Operation();
    }
    completed = new AtomicLongArray(threads * PADDING);
    asleep = new AtomicIntegerArray(threads);
    helpers = new Thread[threads];
    for (int index = 1; index < threads; index++) {
      int own = index;
      helpers[index] = new Thread(() -> help(own), "starling-kernels-" + index);
      helpers[index].setDaemon(true);
      helpers[index].start();
    }
  }

  /**
   * Opens kernels for a number of threads.
   *
   * @param threads how many threads compute, from 1
   * @return {@link CpuKernels} for one thread, otherwise an instance of this class
   */
  public static Kernels of(int threads) {
    return threads == 1 ? new CpuKernels() : new ParallelCpuKernels(threads);
  }

  @Override
  public String description() {
    return "CPU, " + VectorKernels.vectorBits() + "-bit vectors, " + threads + " threads";
  }

  private void help(int index) {
    long next = 1;
    int idle = 0;
    while (!closed) {
      if (posted >= next && allCompleted(next - 1)) {
        runPart(index, next++);
        idle = 0;
      } else if (idle < SPINS) {
        idle++;
        Thread.onSpinWait();
      } else if (idle < SPINS + NAPS) {
        idle++;
        LockSupport.parkNanos(this, NAP_NS);
      } else {
        sleep(index, next);
      }
    }
  }

  /**
   * Sleeps until an operation is posted. Here the flag is stored before the count is loaded, in
   * {@link #post} the count before the flag, all volatile: one of the two sees the other.
   */
  private void sleep(int index, long next) {
    asleep.set(index, 1);
    if (posted < next && !closed) {
      LockSupport.park(this);
    }
    asleep.set(index, 0);
  }

  private boolean allCompleted(long operation) {
    for (int index = 0; index < threads; index++) {
      if (completed.getAcquire(index * PADDING) < operation) {
        return false;
      }
    }
    return true;
  }

  private void runPart(int index, long operation) {
    Operation op = ring[(int) operation & SLOTS - 1];
    try {
      if (op.count >= MIN_SHARED) {
        long part = (op.count / threads + LINE_FLOATS) / LINE_FLOATS * LINE_FLOATS;
        long from = Math.min(op.count, index * part);
        op.run(from, Math.min(part, op.count - from));
      } else if (index == 0) {
        op.run(0, op.count);
      }
    } catch (Throwable thrown) {
      failure = thrown;
    }
    completed.setRelease(index * PADDING, operation);
  }

  /** The slot of the next operation, for its fields to be filled in. */
  private Operation next(Kind kind, long count) {
    long beginNs = 0;
    while (!allCompleted(posted + 1 - SLOTS)) {
      doOwnParts();
      Thread.onSpinWait();
      long nowNs = System.nanoTime();
      beginNs = beginNs == 0 ? nowNs : beginNs;
      if (nowNs - beginNs > STUCK_NS) {
        throw new StarlingException(
            "helpers have not computed for 30 s: the machine is starved of processor time, use"
                + " fewer threads");
      }
    }
    Operation op = ring[(int) (posted + 1) & SLOTS - 1];
    op.kind = kind;
    op.count = count;
    return op;
  }

  private long post() {
    long ticket = posted + 1;
    posted = ticket;
    for (int index = 1; index < threads; index++) {
      if (asleep.get(index) != 0) {
        LockSupport.unpark(helpers[index]);
      }
    }
    doOwnParts();
    return ticket;
  }

  private void doOwnParts() {
    long done = completed.getPlain(0);
    while (done < posted && allCompleted(done)) {
      runPart(0, ++done);
    }
  }

  private static void set(Operation op, int index, MemorySegment vector, long offset) {
    op.vectors[index] = vector;
    op.offsets[index] = offset;
  }

  @Override
  public long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    long xa = Operands.address("x", x, xo, count);
    long ya = Operands.address("y", y, yo, count);
    requireOutput("out", out, oo, count, xa, ya, xa);
    Operation op = next(Kind.AVERAGE, count);
    set(op, 0, x, xo);
    set(op, 1, y, yo);
    set(op, 2, out, oo);
    return post();
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
    long xa = Operands.address("x", x, xo, count);
    long ya = Operands.address("y", y, yo, count);
    long oxa = requireOutput("outX", outX, oxo, count, xa, ya, xa);
    requireOutput("outY", outY, oyo, count, xa, ya, oxa);
    Operation op = next(Kind.AVERAGE_BOTH, count);
    set(op, 0, x, xo);
    set(op, 1, y, yo);
    set(op, 2, outX, oxo);
    set(op, 3, outY, oyo);
    return post();
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
    long xa = Operands.address("x", x, xo, count);
    long ua = Operands.address("u", u, uo, count);
    requireOutput("out", out, oo, count, xa, ua, xa);
    Operation op = next(Kind.STEP, count);
    set(op, 0, x, xo);
    set(op, 1, u, uo);
    set(op, 2, out, oo);
    op.factors[0] = learningRate;
    op.factors[1] = keep;
    return post();
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
    long xa = Operands.address("x", x, xo, count);
    long ua = Operands.address("u", u, uo, count);
    long ya = Operands.address("y", y, yo, count);
    requireOutput("out", out, oo, count, xa, ua, ya);
    Operation op = next(Kind.STEP_AVERAGE, count);
    set(op, 0, x, xo);
    set(op, 1, u, uo);
    set(op, 2, y, yo);
    set(op, 3, out, oo);
    op.factors[0] = learningRate;
    op.factors[1] = keep;
    return post();
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
    long xa = Operands.address("x", x, xo, count);
    long ua = Operands.address("u", u, uo, count);
    long ya = Operands.address("y", y, yo, count);
    long oxa = requireOutput("outX", outX, oxo, count, xa, ua, ya);
    requireOutput("outY", outY, oyo, count, xa, ua, ya);
    Operands.requireSameOrApart(oxa, outY.address() + oyo, count);
    Operation op = next(Kind.STEP_AVERAGE_BOTH, count);
    set(op, 0, x, xo);
    set(op, 1, u, uo);
    set(op, 2, y, yo);
    set(op, 3, outX, oxo);
    set(op, 4, outY, oyo);
    op.factors[0] = learningRate;
    op.factors[1] = keep;
    return post();
  }

  @Override
  public long momentum(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    long ga = Operands.address("g", g, go, count);
    requireOutput("v", v, vo, count, ga, ga, ga);
    Operation op = next(Kind.MOMENTUM, count);
    set(op, 0, v, vo);
    set(op, 1, g, go);
    op.factors[0] = mu;
    return post();
  }

  @Override
  public long accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    long ga = Operands.address("g", g, go, count);
    requireOutput("acc", acc, ao, count, ga, ga, ga);
    Operation op = next(Kind.ACCUMULATE, count);
    set(op, 0, acc, ao);
    set(op, 1, g, go);
    return post();
  }

  @Override
  public long scale(MemorySegment x, long xo, float s, long count) {
    Operands.writableAddress("x", x, xo, count);
    Operation op = next(Kind.SCALE, count);
    set(op, 0, x, xo);
    op.factors[0] = s;
    return post();
  }

  @Override
  public long nesterov(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    long ga = Operands.writableAddress("g", g, go, count);
    requireOutput("v", v, vo, count, ga, ga, ga);
    Operation op = next(Kind.NESTEROV, count);
    set(op, 0, v, vo);
    set(op, 1, g, go);
    op.factors[0] = mu;
    return post();
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
    long ga = Operands.writableAddress("g", g, go, count);
    long ma = requireOutput("m", m, mo, count, ga, ga, ga);
    requireOutput("v", v, vo, count, ga, ma, ma);
    Operation op = next(Kind.ADAM, count);
    set(op, 0, m, mo);
    set(op, 1, v, vo);
    set(op, 2, g, go);
    op.factors[0] = beta1;
    op.factors[1] = beta2;
    op.factors[2] = c1;
    op.factors[3] = c2;
    op.factors[4] = epsilon;
    return post();
  }

  /** The address of an output that is the same as, or apart from, each of three others. */
  private static long requireOutput(
      String name, MemorySegment out, long oo, long count, long a, long b, long c) {
    long address = Operands.writableAddress(name, out, oo, count);
    Operands.requireSameOrApart(address, a, count);
    Operands.requireSameOrApart(address, b, count);
    Operands.requireSameOrApart(address, c, count);
    return address;
  }

  @Override
  public boolean isComplete(long ticket) {
    if (ticket <= 0 || ticket > posted) {
      throw new IllegalArgumentException(
          "Ticket "
              + ticket
              + " was asked for, but this executor has issued 1 to "
              + posted
              + "; ask the executor that returned the ticket.");
    }
    doOwnParts();
    Throwable thrown = failure;
    if (thrown != null) {
      throw new StarlingException(
          "a thread that combines failed (" + thrown + "): restart the worker", thrown);
    }
    return allCompleted(ticket);
  }

  /** Does its part of what is left, and waits for the helpers', at most 5 s. */
  @Override
  public void drain() {
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_LIMIT_MS);
    while (!allCompleted(posted)) {
      doOwnParts();
      Thread.onSpinWait();
      if (System.nanoTime() - deadlineNs > 0) {
        throw new StarlingException(
            "an operation on "
                + threads
                + " threads did not end within "
                + STOP_LIMIT_MS
                + " ms: the machine is starved of processor time, end the process");
      }
    }
  }

  /** Ends the work in flight, then the helpers; waits for them, at most 5 s each. */
  @Override
  public void close() {
    try {
      drain();
    } finally {
      endHelpers();
    }
  }

  private void endHelpers() {
    closed = true;
    boolean interrupted = false;
    for (int index = 1; index < threads; index++) {
      LockSupport.unpark(helpers[index]);
      try {
        helpers[index].join(STOP_LIMIT_MS);
      } catch (InterruptedException again) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    for (int index = 1; index < threads; index++) {
      if (helpers[index].isAlive()) {
        throw new StarlingException(
            helpers[index].getName()
                + " did not end within 5 s: the machine is starved of processor time, end the"
                + " process");
      }
    }
  }
}
