package dev.starling.engine.stress;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * A ring of things that are too dear to make for every sample, such as mapped memory. jcstress
 * makes the states of a stride before it runs them; the ring is longer than all that can be alive
 * at a time, and {@link Lease#end()} fails if it was not.
 *
 * @param <T> what a sample works on
 */
public final class Slots<T> {
  /** States that jcstress runs between two barriers. */
  public static final int STRIDE_SIZE = 32;

  /** Strides of one epoch. */
  public static final int STRIDE_COUNT = 8;

  /** Length of the ring: the states of the running epoch and of the next one, with reserve. */
  public static final int COUNT = 4 * STRIDE_SIZE * STRIDE_COUNT;

  private final List<Slot<T>> slots = new ArrayList<>();
  private final AtomicLong next = new AtomicLong();

  /**
   * Fills the ring.
   *
   * @param make makes one thing, given its place
   */
  public Slots(IntFunction<T> make) {
    for (int i = 0; i < COUNT; i++) {
      slots.add(new Slot<>(make.apply(i)));
    }
  }

  /**
   * Takes the next thing. Its last user has ended; its content is what that user left.
   *
   * @return the thing, for one sample
   */
  public Lease<T> claim() {
    long ticket = next.getAndIncrement();
    Slot<T> slot = slots.get((int) (ticket % COUNT));
    slot.ticket = ticket;
    return new Lease<>(slot, ticket);
  }

  private static final class Slot<T> {
    private final T thing;
    private long ticket;

    Slot(T thing) {
      this.thing = thing;
    }
  }

  /**
   * The use of one thing by one sample.
   *
   * @param <T> what it is
   */
  public static final class Lease<T> {
    private final Slot<T> slot;
    private final long ticket;

    private Lease(Slot<T> slot, long ticket) {
      this.slot = slot;
      this.ticket = ticket;
    }

    /**
     * Returns the thing.
     *
     * @return what the sample works on
     */
    public T thing() {
      return slot.thing;
    }

    /** Called after both actors: fails if another sample was given the thing meanwhile. */
    public void end() {
      if (slot.ticket != ticket) {
        throw new IllegalStateException(
            "the ring of "
                + COUNT
                + " slots is too short for jcstress's strides: run it with -strideSize "
                + STRIDE_SIZE
                + " -strideCount "
                + STRIDE_COUNT);
      }
    }
  }
}
