package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/**
 * The invariants of the protocol on random interleavings; a failure names the seed that repeats it.
 */
class InvariantsTest {
  private static final Topology.Kind[] KINDS = Topology.Kind.values();

  /** Sums over a sweep. */
  private static final class Sweep {
    final List<String> violations = new ArrayList<>();
    long exchanges;
    long steps;
    long torn;
    long fences;
    long outdated;
    long returns;
    long quarantines;
    long retargets;
    long merged;
    long refused;

    static Sweep of(int seeds, LongFunction<SimOptions> options) {
      Sweep sweep = new Sweep();
      long startNs = System.nanoTime();
      for (long seed = 1; seed <= seeds && sweep.violations.isEmpty(); seed++) {
        SimReport report = Simulation.run(options.apply(seed));
        sweep.violations.addAll(report.violations());
        sweep.exchanges += report.exchanges();
        sweep.steps += report.steps();
        sweep.torn += report.torn();
        sweep.fences += report.fences();
        sweep.outdated += report.outdated();
        sweep.returns += report.returns();
        sweep.quarantines += report.quarantines();
        sweep.retargets += report.retargets();
        sweep.merged += report.merged();
        sweep.refused += report.refused();
      }
      System.out.println(
          seeds + " seeds in " + (System.nanoTime() - startNs) / 1_000_000 + " ms: " + sweep);
      return sweep;
    }

    @Override
    public String toString() {
      return "exchanges "
          + exchanges
          + ", steps "
          + steps
          + ", torn "
          + torn
          + ", fences "
          + fences
          + ", outdated "
          + outdated
          + ", returns "
          + returns
          + ", quarantines "
          + quarantines
          + ", retargets "
          + retargets
          + ", merged "
          + merged
          + ", refused "
          + refused;
    }
  }

  private static SimOptions shaped(long seed, boolean addressable) {
    int workers = 2 + 2 * (int) (seed % 3);
    return SimOptions.of(seed, workers, 12)
        .shape(KINDS[(int) (seed % KINDS.length)], 1 + (int) (seed % 3), addressable);
  }

  @Test
  void shouldKeepAllInvariantsWhenNothingFails_I1_to_I8() {
    Sweep sweep = Sweep.of(400, seed -> shaped(seed, seed % 2 == 0).faults(0, 0, 0, 20));
    assertEquals(List.of(), sweep.violations);
    assertEquals(0, sweep.torn, "nothing tears when nothing fails");
    assertEquals(0, sweep.fences, "no lock is broken when nobody hangs");
    assertTrue(sweep.exchanges > 1000 && sweep.steps > 100, sweep.toString());
    assertTrue(sweep.merged > 0 && sweep.refused > 0, sweep.toString());
  }

  @Test
  void shouldKeepAllInvariantsWhenWorkersDie() {
    Sweep sweep = Sweep.of(300, seed -> shaped(seed, seed % 2 == 0).faults(1, 0, 0, 0));
    assertEquals(List.of(), sweep.violations);
    assertTrue(sweep.fences > 0, sweep.toString());
  }

  @Test
  void shouldKeepAllInvariantsWhenWorkersPauseLongerThanTheHoldLimit() {
    Sweep sweep = Sweep.of(300, seed -> shaped(seed, seed % 2 == 0).faults(0, 3, 0, 0));
    assertEquals(List.of(), sweep.violations);
    assertTrue(sweep.fences > 0 && sweep.quarantines > 0 && sweep.torn > 0, sweep.toString());
  }

  @Test
  void shouldKeepAllInvariantsWhenCompletionsAreUncertain() {
    Sweep sweep = Sweep.of(300, seed -> shaped(seed, seed % 2 == 0).faults(0, 0, 10, 0));
    assertEquals(List.of(), sweep.violations);
    assertTrue(sweep.torn > 0 && sweep.fences > 0, sweep.toString());
  }

  @Test
  void shouldKeepAllInvariantsWhenEverythingFailsAtOnce() {
    Sweep sweep = Sweep.of(300, seed -> shaped(seed, seed % 2 == 0).faults(1, 2, 5, 20));
    assertEquals(List.of(), sweep.violations);
    assertTrue(sweep.retargets > 0, "no target met a pin: " + sweep);
  }

  @Test
  void shouldKeepAllInvariantsWhenTheDeadComeBack() {
    Sweep sweep =
        Sweep.of(1_000, seed -> shaped(seed, seed % 2 == 0).faults(2, 1, 2, 0).returning());
    assertEquals(List.of(), sweep.violations);
    assertTrue(sweep.returns > 1_000, sweep.toString());
    assertTrue(sweep.outdated > 0, "no lock of a dead incarnation met its successor: " + sweep);
    assertTrue(sweep.quarantines > 0 && sweep.torn > 0, sweep.toString());
  }

  @Test
  void shouldRunTheSameWayAgainWhenTheSeedIsTheSame_P7() {
    for (long seed = 1; seed <= 20; seed++) {
      SimOptions options = shaped(seed, seed % 2 == 0).faults(1, 1, 5, 20);
      assertEquals(Simulation.run(options), Simulation.run(options));
      assertEquals(Simulation.run(options.returning()), Simulation.run(options.returning()));
    }
    assertNotEquals(
        Simulation.run(shaped(1, true)).traceHash(), Simulation.run(shaped(7, true)).traceHash());
  }
}
