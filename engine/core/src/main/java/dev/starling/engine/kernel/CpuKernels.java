package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;

/**
 * {@link Kernels} on the calling thread, by {@link VectorKernels}. An operation is done when its
 * submission returns, so every ticket is complete at once. Allocates nothing.
 */
public final class CpuKernels implements Kernels {
  private long lastTicket;

  /** Makes an executor; it holds no resources. */
  public CpuKernels() {}

  @Override
  public String description() {
    return "CPU, " + VectorKernels.vectorBits() + "-bit vectors";
  }

  @Override
  public long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    VectorKernels.average(x, xo, y, yo, out, oo, count);
    return ++lastTicket;
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
    VectorKernels.averageBoth(x, xo, y, yo, outX, oxo, outY, oyo, count);
    return ++lastTicket;
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
    VectorKernels.step(x, xo, u, uo, out, oo, learningRate, keep, count);
    return ++lastTicket;
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
    VectorKernels.stepAverage(x, xo, u, uo, y, yo, out, oo, learningRate, keep, count);
    return ++lastTicket;
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
    VectorKernels.stepAverageBoth(
        x, xo, u, uo, y, yo, outX, oxo, outY, oyo, learningRate, keep, count);
    return ++lastTicket;
  }

  @Override
  public long momentum(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    VectorKernels.momentum(v, vo, g, go, mu, count);
    return ++lastTicket;
  }

  @Override
  public long accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    VectorKernels.accumulate(acc, ao, g, go, count);
    return ++lastTicket;
  }

  @Override
  public long scale(MemorySegment x, long xo, float s, long count) {
    VectorKernels.scale(x, xo, s, count);
    return ++lastTicket;
  }

  @Override
  public long nesterov(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    VectorKernels.nesterov(v, vo, g, go, mu, count);
    return ++lastTicket;
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
    VectorKernels.adam(m, mo, v, vo, g, go, beta1, beta2, c1, c2, epsilon, count);
    return ++lastTicket;
  }

  @Override
  public boolean isComplete(long ticket) {
    if (ticket <= 0 || ticket > lastTicket) {
      throw new IllegalArgumentException(
          "Ticket "
              + ticket
              + " was asked for, but this executor has issued 1 to "
              + lastTicket
              + "; ask the executor that returned the ticket.");
    }
    return true;
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
