package dev.starling.engine.sim;

import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;

/** Kernels that tell the checker where they write. */
final class CheckedKernels implements Kernels {
  private final Kernels kernels;
  private final InvariantChecker checker;

  CheckedKernels(Kernels kernels, InvariantChecker checker) {
    this.kernels = kernels;
    this.checker = checker;
  }

  @Override
  public String description() {
    return "checked " + kernels.description();
  }

  private void writing(MemorySegment segment, long offset) {
    checker.writingAddress(segment.address() + offset);
  }

  @Override
  public long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    writing(out, oo);
    return kernels.average(x, xo, y, yo, out, oo, count);
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
    writing(outX, oxo);
    writing(outY, oyo);
    return kernels.averageBoth(x, xo, y, yo, outX, oxo, outY, oyo, count);
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
    writing(out, oo);
    return kernels.step(x, xo, u, uo, out, oo, learningRate, keep, count);
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
    writing(out, oo);
    return kernels.stepAverage(x, xo, u, uo, y, yo, out, oo, learningRate, keep, count);
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
    writing(outX, oxo);
    writing(outY, oyo);
    return kernels.stepAverageBoth(
        x, xo, u, uo, y, yo, outX, oxo, outY, oyo, learningRate, keep, count);
  }

  @Override
  public long momentum(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    writing(v, vo);
    return kernels.momentum(v, vo, g, go, mu, count);
  }

  @Override
  public long accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    writing(acc, ao);
    return kernels.accumulate(acc, ao, g, go, count);
  }

  @Override
  public long scale(MemorySegment x, long xo, float s, long count) {
    writing(x, xo);
    return kernels.scale(x, xo, s, count);
  }

  @Override
  public long nesterov(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    writing(v, vo);
    writing(g, go);
    return kernels.nesterov(v, vo, g, go, mu, count);
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
    writing(m, mo);
    writing(v, vo);
    writing(g, go);
    return kernels.adam(m, mo, v, vo, g, go, beta1, beta2, c1, c2, epsilon, count);
  }

  @Override
  public boolean isComplete(long ticket) {
    return kernels.isComplete(ticket);
  }

  @Override
  public boolean needsRegistration() {
    return kernels.needsRegistration();
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    return kernels.register(what, memory);
  }

  @Override
  public void drain() {
    kernels.drain();
  }

  @Override
  public void close() {
    kernels.close();
  }
}
