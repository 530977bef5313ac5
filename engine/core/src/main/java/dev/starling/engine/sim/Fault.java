package dev.starling.engine.sim;

import java.util.SplittableRandom;

/** What can go wrong in a simulated run. Each has an amount; 0 leaves it out. */
public enum Fault {
  /** Workers that die at a moment of their own. */
  CRASH("workers that die at any moment", 2, 0.5),
  /** Workers that die at one posted, effective or delivered operation, or at a journal record. */
  CRASH_POINT("workers that die at one step of an exchange, before or after it", 2, 0.5),
  /** Dead workers join again, some of them to die once more. */
  RETURN("whether dead workers join again (1) or not (0)", 1, 0.6),
  /** Workers that stand still, often for longer than the hold limit, and then go on. */
  PAUSE("times that a worker stands still and then goes on", 3, 0.4),
  /** Operations of which nobody learns whether they took effect. */
  UNCERTAIN("operations of a thousand whose completion is uncertain, of swaps four times", 10, 0.4),
  /** Operations that take up to several hold limits. */
  DELAY("operations of a thousand that take up to three hold limits", 10, 0.4),
  /** Pairs of workers, or a worker and its own memory, between which everything takes longer. */
  SLOW_LINK("links on which everything takes up to fifty times as long", 2, 0.3),
  /** Times when nothing passes between two workers; not where they share memory. */
  PARTITION("times when nothing passes between two workers", 2, 0.4),
  /** Swaps that fail store back what they found, as rxe's do; not where workers share memory. */
  STORE_BACK("whether failed swaps store back what they found (1) or not (0)", 1, 0.3),
  /** Clocks of single workers that jump forward. */
  CLOCK_JUMP("times when a worker's clock jumps forward", 3, 0.3),
  /** Logs that fill up; their workers stop. */
  DISK_FULL("workers whose log has no more room at some record", 1, 0.15),
  /** A death in a record leaves a part of it. */
  TORN_TAIL("whether whoever dies at a record leaves a part of it (1) or not (0)", 1, 0.5),
  /** Gradients with an element that is not finite. */
  NON_FINITE("gradients of a thousand that are not finite", 40, 0.3);

  private final String what;
  private final int most;
  private final double likelihood;

  Fault(String what, int most, double likelihood) {
    this.what = what;
    this.most = most;
    this.likelihood = likelihood;
  }

  /**
   * Says what the amount counts.
   *
   * @return for a list of options
   */
  public String what() {
    return what;
  }

  /**
   * Returns the largest amount that a seed draws.
   *
   * @return from 1
   */
  public int most() {
    return most;
  }

  /** Draws an amount; 0 in some runs, so that faults are also seen in few others' company. */
  int draw(SplittableRandom random) {
    boolean present = random.nextDouble() < likelihood;
    int amount = 1 + random.nextInt(most);
    return present ? amount : 0;
  }
}
