package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.sim.mutants.Planted;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A simulator that finds nothing proves nothing: every planted mistake must be found. */
class MutantsTest {
  private static final int FEWEST = 18;
  private static final int MOST_SEEDS = 1_000;
  private static final List<String> TABLE = Collections.synchronizedList(new ArrayList<>());

  static Stream<Mutant> mutants() {
    return Mutant.all().stream();
  }

  @Test
  void shouldHaveMutantsOfDifferentNamesWhenTheyAreOnTheClassPath() {
    List<Mutant> mutants = Mutant.all();
    assertTrue(mutants.size() >= FEWEST, "only " + mutants.size() + " mutants");
    assertEquals(mutants.size(), mutants.stream().map(Mutant::name).distinct().count());
    for (Mutant mutant : mutants) {
      assertTrue(mutant.name().matches("[a-z]+(-[a-z]+)*"), mutant.name());
      assertTrue(mutant.seeds() >= 1 && mutant.seeds() <= MOST_SEEDS, mutant.name());
      assertTrue(mutant instanceof Planted planted && !planted.foundAs().isEmpty(), mutant.name());
    }
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void shouldFindAMutantWhenSeedsAreTriedInOrder(Mutant mutant) {
    for (long seed = 1; seed <= mutant.seeds(); seed++) {
      SimReport report = Simulation.run(Scenario.ofSeed(seed).mutant(mutant));
      if (!report.violations().isEmpty()) {
        String found = report.violations().getFirst();
        System.out.println(mutant.name() + ": found by seed " + seed + ": " + found);
        TABLE.add("%-26s %5d of %4d  %s".formatted(mutant.name(), seed, mutant.seeds(), found));
        assertTrue(
            ((Planted) mutant).foundAs().stream().anyMatch(found::startsWith),
            mutant.name() + " was found as something else: " + found);
        return;
      }
    }
    throw new AssertionError(
        mutant.name()
            + " ("
            + mutant.mistake()
            + ") was not found by the seeds 1 to "
            + mutant.seeds());
  }

  @AfterAll
  static void printTable() {
    System.out.println("mutant, the seed that found it of those allowed, violation");
    TABLE.stream().sorted().forEach(System.out::println);
  }
}
