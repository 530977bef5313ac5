package dev.starling.engine.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.Lanes;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.infra.runners.TestList;

/**
 * Real threads on real memory, on the engine's own classes: I1, I2, I3, I4 and I7 of the design,
 * and P3.
 */
class StressRunTest {
  private static final String PLANTED = ".Planted";
  private static final long MIN_SAMPLES = 1_000;
  private static final int MAX_ROUNDS = 5;

  private final long millis =
      Long.parseLong(StressRun.property("seconds")) * 1000 / TestList.tests().size();

  @BeforeEach
  void enterLane() {
    Lanes.enter(
        "two-cpus",
        Runtime.getRuntime().availableProcessors() >= 2,
        "two threads must run at the same time and this machine has one processor");
  }

  private static List<String> tests(boolean planted) {
    return TestList.tests().stream()
        .filter(test -> test.contains(PLANTED) == planted)
        .sorted()
        .toList();
  }

  /** Repeats tests that show too little, each time twice as long, on a machine that is busy. */
  private StressRun run(String name, Collection<String> tests, Predicate<StressRun.Tally> enough)
      throws Exception {
    long startNs = System.nanoTime();
    StressRun run = new StressRun(name);
    Collection<String> missing = tests;
    int rounds = 0;
    for (; rounds < MAX_ROUNDS && !missing.isEmpty(); rounds++) {
      run.round(
          missing,
          millis << rounds,
          rounds == 0 ? StressRun.Wait.THREAD_SPIN_WAIT : StressRun.Wait.THREAD_YIELD);
      missing = missing.stream().filter(test -> !enough.test(run.tally(test))).toList();
    }
    long samples = 0;
    for (String test : tests) {
      StressRun.Tally tally = run.tally(test);
      samples += tally.samples;
      System.out.println(
          "%,12d samples %,10d planted mistakes found  %s"
              .formatted(tally.samples, tally.interesting, test));
    }
    System.out.println(
        "%s: %d tests, %,d samples, %d rounds, %d s"
            .formatted(
                name,
                tests.size(),
                samples,
                rounds,
                (System.nanoTime() - startNs) / 1_000_000_000));
    return run;
  }

  @Test
  void shouldShowOnlyWhatTheProtocolAllows_I1_I2_I3_I4_I7_P3() throws Exception {
    List<String> tests = tests(false);
    StressRun run =
        run("engine", tests, tally -> tally.samples >= MIN_SAMPLES || !tally.failures.isEmpty());
    for (String test : tests) {
      StressRun.Tally tally = run.tally(test);
      assertTrue(tally.failures.isEmpty(), () -> test + ": " + tally.failures);
      assertTrue(tally.samples >= MIN_SAMPLES, () -> test + " ran " + tally.samples + " times");
    }
  }

  @Test
  void shouldFindEveryPlantedMistake() throws Exception {
    List<String> tests = tests(true);
    StressRun run =
        run("planted", tests, tally -> tally.interesting > 0 || !tally.failures.isEmpty());
    for (String test : tests) {
      StressRun.Tally tally = run.tally(test);
      assertTrue(tally.failures.isEmpty(), () -> test + ": " + tally.failures);
      assertTrue(
          tally.interesting > 0,
          () -> "the mistake of " + test + " did not show in " + tally.samples + " samples");
    }
  }

  @Test
  void shouldHavePlantedMistakesInEveryFamily() {
    // The exchange machine has its own, in the simulator.
    Set<String> families = families(false);
    assertFalse(families.isEmpty());
    families.removeIf(family -> family.endsWith(".ExchangeStress"));
    assertEquals(families, families(true));
  }

  private static Set<String> families(boolean planted) {
    return tests(planted).stream()
        .map(test -> test.substring(0, test.lastIndexOf('.')))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
