package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.VectorKernels;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;

/**
 * Kernels as a device has them: they compute later, only on memory that they were told of, and say
 * so when somebody forgets to tell them or takes the memory away too early.
 */
final class DeviceKernels implements Kernels {
  private record Known(String what, MemorySegment memory) {}

  private final SplittableRandom random;
  private final int failingRegistration;
  private final List<Known> known = new ArrayList<>();
  private final List<String> registered = new ArrayList<>();
  private final List<String> mistakes = new ArrayList<>();
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private long submitted;
  private long completed;
  private int mostWaiting;
  private boolean failed;
  private boolean drained;
  private boolean closed;

  /**
   * Makes the device.
   *
   * @param seed when operations are done
   * @param failingRegistration which registration is refused, from 1; 0 for none
   */
  DeviceKernels(long seed, int failingRegistration) {
    random = new SplittableRandom(seed);
    this.failingRegistration = failingRegistration;
  }

  /** {@return names of all memory that was ever registered, in that order} */
  synchronized List<String> registered() {
    return List.copyOf(registered);
  }

  /** {@return names of the memory that is registered now} */
  synchronized List<String> known() {
    return known.stream().map(Known::what).toList();
  }

  /** {@return what was done wrong, empty when nothing was} */
  synchronized List<String> mistakes() {
    return List.copyOf(mistakes);
  }

  /** {@return the most operations that were under way at once} */
  synchronized int mostWaiting() {
    return mostWaiting;
  }

  /** From now on giving memory back ends with a failure, as on a device that has failed. */
  synchronized void fail() {
    failed = true;
  }

  synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public String description() {
    return "a device that is none";
  }

  @Override
  public boolean needsRegistration() {
    return true;
  }

  @Override
  public synchronized Registration register(String what, MemorySegment memory) {
    if (registered.size() + 1 == failingRegistration) {
      throw new StarlingException("no memory is taken today: " + what);
    }
    if ((memory.address() | memory.byteSize()) % 4096 != 0) {
      mistakes.add(what + " is not made of whole pages");
    }
    Known entry = new Known(what, memory);
    known.add(entry);
    registered.add(what);
    return () -> forget(entry);
  }

  private synchronized void forget(Known entry) {
    if (!known.remove(entry)) {
      mistakes.add(entry.what() + " was given back twice");
    }
    if (!waiting.isEmpty()) {
      mistakes.add(entry.what() + " was given back under operations");
    }
    if (!entry.memory().scope().isAlive()) {
      mistakes.add(entry.what() + " was given back after it was unmapped");
    }
    if (failed) {
      throw new StarlingException(entry.what() + " was given back by a device that has failed");
    }
  }

  private void require(MemorySegment vector, long offset, long count) {
    long begin = vector.address() + offset;
    long end = begin + count * Float.BYTES;
    for (Known entry : known) {
      long start = entry.memory().address();
      if (begin >= start && end <= start + entry.memory().byteSize()) {
        return;
      }
    }
    throw new IllegalArgumentException("memory that nobody registered: " + vector);
  }

  private synchronized long submit(Runnable operation) {
    if (drained) {
      mistakes.add("an operation was submitted after the last one");
    }
    waiting.add(operation);
    mostWaiting = Math.max(mostWaiting, waiting.size());
    return ++submitted;
  }

  private void runNext() {
    waiting.remove().run();
    completed++;
  }

  @Override
  public synchronized boolean isComplete(long ticket) {
    if (ticket <= 0 || ticket > submitted) {
      throw new IllegalArgumentException("no such ticket: " + ticket);
    }
    while (completed < submitted && random.nextInt(3) == 0) {
      runNext();
    }
    return completed >= ticket;
  }

  @Override
  public synchronized void drain() {
    while (completed < submitted) {
      runNext();
    }
    drained = true;
  }

  @Override
  public synchronized void close() {
    if (!waiting.isEmpty()) {
      mistakes.add("closed under operations");
    }
    if (!known.isEmpty()) {
      mistakes.add("closed while it knows " + known());
    }
    closed = true;
  }

  @Override
  public synchronized long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    require(x, xo, count);
    require(y, yo, count);
    require(out, oo, count);
    return submit(() -> VectorKernels.average(x, xo, y, yo, out, oo, count));
  }

  @Override
  public synchronized long averageBoth(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment outX,
      long oxo,
      MemorySegment outY,
      long oyo,
      long count) {
    require(x, xo, count);
    require(y, yo, count);
    require(outX, oxo, count);
    require(outY, oyo, count);
    return submit(() -> VectorKernels.averageBoth(x, xo, y, yo, outX, oxo, outY, oyo, count));
  }

  @Override
  public synchronized long step(
      MemorySegment x,
      long xo,
      MemorySegment u,
      long uo,
      MemorySegment out,
      long oo,
      float learningRate,
      float keep,
      long count) {
    require(x, xo, count);
    require(u, uo, count);
    require(out, oo, count);
    return submit(() -> VectorKernels.step(x, xo, u, uo, out, oo, learningRate, keep, count));
  }

  @Override
  public synchronized long stepAverage(
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
    require(x, xo, count);
    require(u, uo, count);
    require(y, yo, count);
    require(out, oo, count);
    return submit(
        () -> VectorKernels.stepAverage(x, xo, u, uo, y, yo, out, oo, learningRate, keep, count));
  }

  @Override
  public synchronized long stepAverageBoth(
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
    require(x, xo, count);
    require(u, uo, count);
    require(y, yo, count);
    require(outX, oxo, count);
    require(outY, oyo, count);
    return submit(
        () ->
            VectorKernels.stepAverageBoth(
                x, xo, u, uo, y, yo, outX, oxo, outY, oyo, learningRate, keep, count));
  }

  @Override
  public synchronized long momentum(
      MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    require(v, vo, count);
    require(g, go, count);
    return submit(() -> VectorKernels.momentum(v, vo, g, go, mu, count));
  }

  @Override
  public synchronized long accumulate(
      MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    require(acc, ao, count);
    require(g, go, count);
    return submit(() -> VectorKernels.accumulate(acc, ao, g, go, count));
  }

  @Override
  public synchronized long scale(MemorySegment x, long xo, float s, long count) {
    require(x, xo, count);
    return submit(() -> VectorKernels.scale(x, xo, s, count));
  }

  @Override
  public synchronized long nesterov(
      MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    require(v, vo, count);
    require(g, go, count);
    return submit(() -> VectorKernels.nesterov(v, vo, g, go, mu, count));
  }

  @Override
  public synchronized long adam(
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
    require(m, mo, count);
    require(v, vo, count);
    require(g, go, count);
    return submit(
        () -> VectorKernels.adam(m, mo, v, vo, g, go, beta1, beta2, c1, c2, epsilon, count));
  }
}
