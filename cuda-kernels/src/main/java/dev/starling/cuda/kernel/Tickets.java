package dev.starling.cuda.kernel;

import dev.starling.engine.StarlingException;

/**
 * The tickets of one instance: which are issued, which are known to be complete, and whether the
 * device has failed, which it stays. A ticket has the slot {@code ticket mod size} until one of
 * {@code size} later tickets takes it. Belongs to one thread.
 */
final class Tickets {
  private final Placement placement;
  private final int size;
  private long last;
  private long complete;
  private StarlingException failure;

  /**
   * Starts above zero.
   *
   * @param placement knows when a slot's mark is complete
   * @param size slots, a power of two
   */
  Tickets(Placement placement, int size) {
    this.placement = placement;
    this.size = size;
  }

  /**
   * Makes sure that there is a slot for the next ticket.
   *
   * @throws IllegalStateException if as many operations are in flight as there are slots
   */
  void requireSlot() {
    requireNoFailure();
    if (last - complete >= size && !isComplete(last + 1 - size)) {
      throw new IllegalStateException(
          ("%d operations are in flight, which is as many as there are slots for:"
                  + " ask whether some are complete before the next one is submitted")
              .formatted(size));
    }
  }

  /** The slot of the next ticket. */
  int nextSlot() {
    return slot(last + 1);
  }

  int slot(long ticket) {
    return (int) (ticket & (size - 1));
  }

  /** Issues the next ticket, whose mark has been put into its slot. */
  long issue() {
    return ++last;
  }

  long last() {
    return last;
  }

  /** Whether a slot still stands for the ticket. */
  boolean holdsSlot(long ticket) {
    return ticket > 0 && ticket <= last && ticket > last - size;
  }

  boolean isComplete(long ticket) {
    if (ticket <= 0 || ticket > last) {
      throw neverIssued(ticket);
    }
    requireNoFailure();
    if (ticket <= complete) {
      return true;
    }
    try {
      if (!placement.isComplete(slot(ticket))) {
        return false;
      }
    } catch (StarlingException failed) {
      throw fail(failed);
    }
    complete = ticket;
    return true;
  }

  /** Keeps a failure of the device; everything fails with it from now on. */
  StarlingException fail(StarlingException failed) {
    failure = failed;
    return failed;
  }

  boolean hasFailed() {
    return failure != null;
  }

  void requireNoFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  private IllegalArgumentException neverIssued(long ticket) {
    return new IllegalArgumentException(
        "Ticket "
            + ticket
            + " was asked for, but this executor has issued 1 to "
            + last
            + "; ask the executor that returned the ticket.");
  }
}
