package dev.starling.cuda.kernel;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.CudaException;
import dev.starling.cuda.HostRegistration;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * {@link Kernels} on a CUDA device, with the bits of the CPU. Every vector lies in memory that was
 * {@linkplain #register registered} or that is the {@linkplain #context context}'s device memory; a
 * device works while the caller goes on.
 *
 * <p>Up to {@value #SLOTS} operations are in flight; one more is refused. When the device fails,
 * that is what every later call says. Belongs to one thread at a time, as {@link Kernels} says;
 * allocates nothing once opened, and waits only where something is closed.
 */
public final class CudaKernels implements Kernels {
  /** Operations in flight, and results of searches kept. */
  static final int SLOTS = 1024;

  private final CudaContext context;
  private final String description;
  private final Placement placement;
  private final Launcher launcher;
  private final Tickets tickets;
  private final SearchResults searches;
  private final Call call;

  /**
   * Opens kernels on a device.
   *
   * @param context is closed with the kernels, and here if they cannot be opened
   * @param kind how memory of the host is reached
   * @param description who computes
   */
  CudaKernels(CudaContext context, PlacementKind kind, String description) {
    this(context, kind::make, SLOTS, description);
  }

  /** Makes a placement with so many slots. */
  interface PlacementMaker {
    Placement make(CudaContext context, int slots);
  }

  CudaKernels(CudaContext context, PlacementMaker maker, int slots, String description) {
    this.context = context;
    this.description = description;
    try {
      placement = maker.make(context, slots);
      launcher = new Launcher(context);
      tickets = new Tickets(placement, slots);
      call = new Call(context);
      searches = new SearchResults(context, slots);
    } catch (RuntimeException failed) {
      try {
        context.close();
      } catch (RuntimeException second) {
        failed.addSuppressed(second);
      }
      throw failed;
    }
  }

  @Override
  public String description() {
    return description;
  }

  /**
   * Returns the context on which the kernels run, to allocate memory of the device that they take.
   *
   * @return the context, closed with the kernels
   */
  public CudaContext context() {
    return context;
  }

  @Override
  public long average(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment out, long oo, long count) {
    begin(Operation.AVERAGE, count).vector(x, xo).vector(y, yo).vector(out, oo);
    return submit();
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
    begin(Operation.AVERAGE_BOTH, count)
        .vector(x, xo)
        .vector(y, yo)
        .vector(outX, oxo)
        .vector(outY, oyo);
    return submit();
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
    begin(Operation.STEP, count).vector(x, xo).vector(u, uo).vector(out, oo);
    call.number(learningRate).number(keep);
    return submit();
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
    begin(Operation.STEP_AVERAGE, count).vector(x, xo).vector(u, uo).vector(y, yo).vector(out, oo);
    call.number(learningRate).number(keep);
    return submit();
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
    begin(Operation.STEP_AVERAGE_BOTH, count)
        .vector(x, xo)
        .vector(u, uo)
        .vector(y, yo)
        .vector(outX, oxo)
        .vector(outY, oyo);
    call.number(learningRate).number(keep);
    return submit();
  }

  @Override
  public long momentum(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    begin(Operation.MOMENTUM, count).vector(v, vo).vector(g, go).number(mu);
    return submit();
  }

  @Override
  public long accumulate(MemorySegment acc, long ao, MemorySegment g, long go, long count) {
    begin(Operation.ACCUMULATE, count).vector(acc, ao).vector(g, go);
    return submit();
  }

  @Override
  public long scale(MemorySegment x, long xo, float s, long count) {
    begin(Operation.SCALE, count).vector(x, xo).number(s);
    return submit();
  }

  @Override
  public long nesterov(MemorySegment v, long vo, MemorySegment g, long go, float mu, long count) {
    begin(Operation.NESTEROV, count).vector(v, vo).vector(g, go).number(mu);
    return submit();
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
    begin(Operation.ADAM, count).vector(m, mo).vector(v, vo).vector(g, go);
    call.number(beta1).number(beta2).number(c1).number(c2).number(epsilon);
    return submit();
  }

  /**
   * Submits {@code g = fma(decay, x, g)}, in place: L2 weight decay.
   *
   * @param g gradient, read and written
   * @param go offset of {@code g}, bytes
   * @param x parameters
   * @param xo offset of {@code x}, bytes
   * @param decay L2 coefficient
   * @param count floats in each vector
   * @return ticket
   */
  public long addDecay(
      MemorySegment g, long go, MemorySegment x, long xo, float decay, long count) {
    begin(Operation.ADD_DECAY, count).vector(g, go).vector(x, xo).number(decay);
    return submit();
  }

  /**
   * Submits the rounding of a gradient to bfloat16, as {@link
   * dev.starling.engine.kernel.ScalarKernels#packBf16} says.
   *
   * @param gradient gradient, read, and overwritten with its rounded value
   * @param go offset of {@code gradient}, bytes
   * @param residual what earlier calls have lost, read and written
   * @param ro offset of {@code residual}, bytes
   * @param packed result, two bytes an element, apart from the others
   * @param po offset of {@code packed}, bytes, even
   * @param count floats in the gradient and in the residual, bfloat16 in the result
   * @return ticket
   */
  public long packBf16(
      MemorySegment gradient,
      long go,
      MemorySegment residual,
      long ro,
      MemorySegment packed,
      long po,
      long count) {
    begin(Operation.PACK_BF16, count).vector(gradient, go).vector(residual, ro).vector(packed, po);
    return submit();
  }

  /**
   * Submits the widening of bfloat16 to float.
   *
   * @param packed elements of two bytes, little endian
   * @param po offset of {@code packed}, bytes, even
   * @param out result, apart from {@code packed}
   * @param oo offset of {@code out}, bytes
   * @param count bfloat16 to read, floats to write
   * @return ticket
   */
  public long unpackBf16(MemorySegment packed, long po, MemorySegment out, long oo, long count) {
    begin(Operation.UNPACK_BF16, count).vector(packed, po).vector(out, oo);
    return submit();
  }

  /**
   * Submits {@code out = x}, bit for bit.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param out result; may be {@code x}
   * @param oo offset of {@code out}, bytes
   * @param count floats in each vector
   * @return ticket
   */
  public long copy(MemorySegment x, long xo, MemorySegment out, long oo, long count) {
    begin(Operation.COPY, count).vector(x, xo).vector(out, oo);
    return submit();
  }

  /**
   * Submits the search for the first NaN or infinity. It reads memory of the host in place, however
   * the other operations reach it. What it finds is what {@link #firstNonFinite(long)} returns.
   *
   * @param x vector
   * @param xo offset of {@code x}, bytes
   * @param count floats in the vector
   * @return ticket
   */
  public long firstNonFinite(MemorySegment x, long xo, long count) {
    begin(Operation.FIRST_NON_FINITE, count).vector(x, xo);
    prepare();
    int slot = tickets.nextSlot();
    try {
      searches.search(placement.serial(), launcher, call, slot);
      placement.mark(slot);
    } catch (StarlingException failed) {
      throw tickets.fail(failed);
    }
    long ticket = tickets.issue();
    searches.setTicket(slot, ticket);
    return ticket;
  }

  /**
   * Tells what a search has found.
   *
   * @param ticket what {@link #firstNonFinite(MemorySegment, long, long)} returned, complete, and
   *     not {@value #SLOTS} tickets old
   * @return the index of the first element that is not finite, or -1 if all are
   * @throws IllegalArgumentException if the ticket is not that of a search, or is too old
   * @throws IllegalStateException if the search is not complete
   */
  public long firstNonFinite(long ticket) {
    boolean complete = isComplete(ticket);
    int slot = tickets.slot(ticket);
    if (!tickets.holdsSlot(ticket) || !searches.has(slot, ticket)) {
      throw new IllegalArgumentException(
          ("ticket %d is not that of a search among the last %d operations:"
                  + " ask for a result before as many operations have been submitted after it")
              .formatted(ticket, SLOTS));
    }
    if (!complete) {
      throw new IllegalStateException(
          "the search with ticket %d is not complete: ask isComplete first".formatted(ticket));
    }
    return searches.get(slot);
  }

  @Override
  public boolean isComplete(long ticket) {
    return tickets.isComplete(ticket);
  }

  /** A device knows no memory of the host by itself. */
  @Override
  public boolean needsRegistration() {
    return true;
  }

  /**
   * Waits up to ten seconds for the operations in flight; those of a device that has failed are
   * over.
   *
   * @throws StarlingException if they do not end in time: the device may still read and write the
   *     memory
   */
  @Override
  public void drain() {
    if (context.isClosed()) {
      return;
    }
    try {
      context.awaitIdle();
    } catch (CudaException deviceFailed) {
      // It does nothing more, so the memory can go; closing tells the failure again.
      if (!tickets.hasFailed()) {
        tickets.fail(deviceFailed);
      }
    }
  }

  @Override
  public Registration register(String what, MemorySegment memory) {
    requireOpen();
    HostRegistration registration = context.register(what, memory);
    return () -> unregister(registration);
  }

  /** Unregisters when no operation can be on the memory any more. */
  private void unregister(HostRegistration registration) {
    if (context.isClosed()) {
      return;
    }
    try {
      context.awaitIdle();
    } catch (CudaException deviceFailed) {
      try {
        registration.close();
      } catch (CudaException second) {
        deviceFailed.addSuppressed(second);
      }
      throw deviceFailed;
    }
    registration.close();
  }

  /**
   * Waits up to ten seconds for the operations in flight and gives the device back: streams, memory
   * and registrations. A second call does nothing.
   *
   * @throws StarlingException if the operations do not end in time: then the memory stays
   *     registered, the device may still write it, and closing can be tried again; or if the driver
   *     refuses a step, the others having been done
   */
  @Override
  public void close() {
    try {
      context.close();
    } finally {
      if (context.isClosed()) {
        searches.close();
      }
    }
  }

  private Call begin(Operation operation, long count) {
    requireOpen();
    return call.begin(operation, count);
  }

  /** Does all that can refuse a call before something is submitted. */
  private void prepare() {
    call.complete();
    tickets.requireSlot();
  }

  private long submit() {
    prepare();
    try {
      if (call.count() > 0) {
        placement.submit(call);
      }
      placement.mark(tickets.nextSlot());
    } catch (StarlingException failed) {
      throw tickets.fail(failed);
    }
    return tickets.issue();
  }

  private void requireOpen() {
    if (context.isClosed()) {
      throw new IllegalStateException(
          "the kernels on %s have been closed: open others".formatted(context));
    }
  }
}
