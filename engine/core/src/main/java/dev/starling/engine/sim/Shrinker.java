package dev.starling.engine.sim;

import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a scenario smaller while it still violates the same invariant: fewer faults, workers,
 * stripes and steps. A smaller scenario is another run, so each is tried with several seeds.
 */
public final class Shrinker {
  private static final int SEEDS_TRIED = 24;

  private final String invariant;
  private int runsLeft;
  private SimReport best;

  private Shrinker(SimReport failing, int maxRuns) {
    best = failing;
    invariant = nameOf(failing);
    runsLeft = maxRuns;
  }

  /**
   * Shrinks.
   *
   * @param failing a run that violated something
   * @param maxRuns how many simulations to spend
   * @return the smallest run found that violates the same invariant; the given one when there is
   *     none
   */
  public static SimReport shrink(SimReport failing, int maxRuns) {
    if (failing.violations().isEmpty()) {
      throw new IllegalArgumentException("seed " + failing.scenario().seed() + " violated nothing");
    }
    Shrinker shrinker = new Shrinker(failing, maxRuns);
    while (shrinker.isSmallerFound()) {
      // Once more from the smaller one.
    }
    return shrinker.best;
  }

  /** The violated invariant as the violation begins, for instance I2, or the first word. */
  private static String nameOf(SimReport report) {
    return report.violations().getFirst().split("[ :(]", 2)[0];
  }

  private boolean isSmallerFound() {
    for (Scenario candidate : candidates(best.scenario())) {
      for (int i = 0; i < SEEDS_TRIED && runsLeft > 0; i++) {
        runsLeft--;
        SimReport report = Simulation.run(candidate.seed(best.scenario().seed() + i));
        if (!report.violations().isEmpty() && nameOf(report).equals(invariant)) {
          best = report;
          return true;
        }
      }
    }
    return false;
  }

  private static List<Scenario> candidates(Scenario from) {
    List<Scenario> smaller = new ArrayList<>();
    for (Fault fault : Fault.values()) {
      if (from.amount(fault) > 0) {
        smaller.add(from.fault(fault, 0));
      }
    }
    if (from.stripes() > 1) {
      smaller.add(from.size(from.workers(), 1, from.steps()));
    }
    if (from.workers() > 2) {
      smaller.add(from.size(2, from.stripes(), from.steps()));
      smaller.add(from.size(from.workers() - 2, from.stripes(), from.steps()));
    }
    if (from.topology() != Topology.Kind.COMPLETE) {
      smaller.add(from.shape(Topology.Kind.COMPLETE, from.reach()));
    }
    if (from.reach() != Reach.SHARED) {
      smaller.add(from.shape(from.topology(), Reach.SHARED));
    }
    if (from.steps() > 1) {
      smaller.add(from.size(from.workers(), from.stripes(), from.steps() / 2));
      smaller.add(from.size(from.workers(), from.stripes(), from.steps() - 1));
    }
    for (Fault fault : Fault.values()) {
      if (from.amount(fault) > 1) {
        smaller.add(from.fault(fault, from.amount(fault) / 2));
      }
    }
    return smaller;
  }
}
