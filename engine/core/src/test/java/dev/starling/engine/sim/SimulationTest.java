package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every invariant holds in every run, whatever fails. */
class SimulationTest {
  private static final long SEEDS = Long.getLong("starling.sim.seeds", 1_000);
  private static final long FIRST = Long.getLong("starling.sim.from", 1);

  private static Sweep sweep(long from, long seeds, LongFunction<Scenario> scenario) {
    long startNs = System.nanoTime();
    Sweep sweep = Sweep.of(from, seeds, scenario, done -> {});
    System.out.printf(
        "%d seeds from %d in %d ms, trace hash %016x: %s, %s%n",
        seeds,
        from,
        (System.nanoTime() - startNs) / 1_000_000,
        sweep.traceHash(),
        sweep.counts(),
        sweep.injected());
    return sweep;
  }

  private static long count(Sweep sweep, String name) {
    return sweep.counts().get(name);
  }

  private static void assertClean(Sweep sweep) {
    List<String> found = new ArrayList<>();
    for (SimReport report : sweep.failures()) {
      found.add(report.violations().getFirst() + "; again: " + report.scenario().command());
    }
    assertEquals(List.of(), found);
  }

  /** Each simulation is bounded by its events; how many there are is up to who asks. */
  @Test
  @Timeout(value = 8, unit = TimeUnit.HOURS)
  void shouldKeepAllInvariantsWhenEverythingFails_I1_to_I8_P1_to_P7() {
    Sweep sweep = sweep(FIRST, SEEDS, Scenario::ofSeed);
    assertClean(sweep);
    if (SEEDS >= 1_000) {
      sweep.injected().forEach((fault, count) -> assertTrue(count > 0, fault + " never happened"));
      sweep.counts().forEach((name, count) -> assertTrue(count > 0, name + " is 0"));
    }
  }

  @Test
  void shouldTearNothingAndBreakNoLockWhenNothingFails() {
    Sweep sweep =
        sweep(
            1,
            150,
            seed ->
                Scenario.calm(seed, 2 + 2 * (int) (seed % 3), 12)
                    .shape(
                        Topology.Kind.values()[(int) (seed % 7)], Reach.values()[(int) (seed % 3)])
                    .fault(Fault.NON_FINITE, 20));
    assertClean(sweep);
    assertEquals(0, count(sweep, "exchanges_torn"), "nothing tears when nothing fails");
    assertEquals(0, count(sweep, "fences"), "no lock is broken when nobody hangs");
    assertEquals(0, count(sweep, "connections_broken"), "no connection breaks");
    assertTrue(count(sweep, "exchanges") > 1000 && count(sweep, "steps") > 100);
    assertTrue(count(sweep, "gradients_merged") > 0 && count(sweep, "gradients_refused") > 0);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void shouldKeepAllInvariantsWhenOneFaultHappensAlone(Fault fault) {
    Sweep sweep =
        sweep(
            1_000_000,
            45,
            seed -> {
              Scenario scenario =
                  Scenario.calm(seed, 4, 12)
                      .shape(Topology.Kind.COMPLETE, Reach.values()[(int) (seed % 3)])
                      .fault(fault, fault.most());
              return switch (fault) {
                case RETURN -> scenario.fault(Fault.CRASH, 1);
                case TORN_TAIL -> scenario.fault(Fault.CRASH_POINT, 2);
                default -> scenario;
              };
            });
    assertClean(sweep);
    assertTrue(sweep.injected().get(fault) > 0, fault + " never happened");
  }

  /**
   * Replay once took an exchange for published whose home told of a fence further on in its log.
   */
  @Test
  void shouldReplayWhenAFenceIsStillToBeReadAndSomethingElseNeedsItsVersion_P7() {
    Scenario scenario =
        Scenario.calm(1_000_919, 6, 8)
            .fault(Fault.CRASH, 2)
            .fault(Fault.CRASH_POINT, 1)
            .fault(Fault.RETURN, 1)
            .fault(Fault.UNCERTAIN, 3)
            .fault(Fault.DELAY, 4);
    assertEquals(List.of(), Simulation.run(scenario).violations());
  }

  /** A pause that was shorter than the agent's next cycle once stopped virtual time. */
  @Test
  void shouldGoOnWhenAPauseEndsBeforeTheAgentActsAgain_I8() {
    Scenario scenario =
        Scenario.calm(1_020_118, 6, 13)
            .shape(Topology.Kind.BIPARTITE_EXPONENTIAL, Reach.REMOTE)
            .size(6, 2, 13)
            .fault(Fault.CRASH, 1)
            .fault(Fault.PAUSE, 2)
            .fault(Fault.UNCERTAIN, 10)
            .fault(Fault.DELAY, 4);
    assertEquals(List.of(), Simulation.run(scenario).violations());
  }

  @Test
  void shouldRunTheSameWayAgainWhenTheScenarioIsTheSame_P7() {
    for (long seed = 1; seed <= 40; seed++) {
      List<String> first = new ArrayList<>();
      List<String> second = new ArrayList<>();
      Scenario scenario = Scenario.ofSeed(seed);
      assertEquals(Simulation.run(scenario, first::add), Simulation.run(scenario, second::add));
      assertEquals(first, second);
      assertTrue(first.size() > 100, "a trace has its events: " + first.size());
      assertEquals(
          Simulation.run(scenario).traceHash(),
          Simulation.run(scenario, line -> {}).traceHash(),
          "telling what happens changes nothing");
    }
    assertNotEquals(
        Simulation.run(Scenario.ofSeed(1)).traceHash(),
        Simulation.run(Scenario.ofSeed(1).seed(2)).traceHash());
  }
}
