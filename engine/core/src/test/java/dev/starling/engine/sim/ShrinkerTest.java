package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.sim.mutants.GradientMutants;
import dev.starling.engine.topology.Topology;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
  private static final Mutant FORGETFUL = new GradientMutants.LostInAStep();

  private static SimReport failing() {
    for (long seed = 1; ; seed++) {
      Scenario scenario = Scenario.ofSeed(seed).mutant(FORGETFUL);
      SimReport report = Simulation.run(scenario);
      if (!report.violations().isEmpty() && scenario.workers() > 2 && scenario.stripes() > 1) {
        return report;
      }
      assertTrue(seed < 100, "no seed shows the mistake");
    }
  }

  @Test
  void shouldFindASmallerRunWhenARunViolatesAnInvariant() {
    SimReport failing = failing();
    SimReport smallest = Shrinker.shrink(failing, 1_000);
    Scenario scenario = smallest.scenario();
    assertTrue(scenario.workers() == 2 && scenario.stripes() == 1, scenario.command());
    assertTrue(scenario.steps() <= 2, scenario.command());
    assertEquals(List.of(), List.copyOf(scenario.faults().keySet()), scenario.command());
    assertEquals(
        failing.violations().getFirst().split("[ :(]", 2)[0],
        smallest.violations().getFirst().split("[ :(]", 2)[0]);
    assertEquals(smallest, Simulation.run(scenario), "it is a run like any other");
  }

  @Test
  void shouldSpendNoMoreRunsThanItMay() {
    SimReport failing = failing();
    assertEquals(failing, Shrinker.shrink(failing, 0));
  }

  @Test
  void shouldRefuseARunThatViolatesNothing() {
    SimReport clean = Simulation.run(Scenario.calm(1, 2, 1));
    assertThrows(IllegalArgumentException.class, () -> Shrinker.shrink(clean, 10));
  }

  @Test
  void shouldTakeTheCompleteGraphWhenThereIsNoSuchTorus() {
    Scenario torus = Scenario.calm(1, 4, 1).shape(Topology.Kind.TORUS, Reach.SHARED);
    assertEquals(Topology.Kind.TORUS, torus.size(6, 1, 1).topology());
    assertEquals(Topology.Kind.COMPLETE, torus.size(5, 1, 1).topology());
  }
}
