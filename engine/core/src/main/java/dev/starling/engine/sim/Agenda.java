package dev.starling.engine.sim;

import java.util.PriorityQueue;

/**
 * What happens next, in virtual time. Events of one moment happen in the order in which they were
 * planned, so a run is determined by what is planned.
 */
final class Agenda {
  private record Event(long atNs, long sequence, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNs, other.atNs);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long nowNs;
  private long planned;
  private long happened;

  /** {@return the virtual time} */
  long nowNs() {
    return nowNs;
  }

  /** {@return how many events have happened} */
  long happened() {
    return happened;
  }

  /** Plans an event; one in the past happens now. */
  void at(long atNs, Runnable action) {
    events.add(new Event(Math.max(atNs, nowNs), planned++, action));
  }

  /** Plans an event. */
  void after(long delayNs, Runnable action) {
    at(nowNs + delayNs, action);
  }

  /**
   * Lets the next event happen. An event may itself let others happen: what it interrupts goes on
   * later.
   *
   * @return false when nothing is planned
   */
  boolean next() {
    Event event = events.poll();
    if (event == null) {
      return false;
    }
    nowNs = event.atNs;
    happened++;
    event.action.run();
    return true;
  }
}
