package dev.starling.engine.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.Lanes;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
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
  private static StressRun run;

  /**
   * Runs every test once. On a machine that is busy some show too little: they are repeated, each
   * time twice as long.
   */
  @BeforeAll
  static void runEveryTest() throws Exception {
    Lanes.enter(
        "two-cpus",
        Runtime.getRuntime().availableProcessors() >= 2,
        "two threads must run at the same time and this machine has one processor");
    long startNs = System.nanoTime();
    long seconds = Long.parseLong(StressRun.property("seconds"));
    Collection<String> missing = TestList.tests();
    long millis = Math.max(1, seconds * 1000 / missing.size());
    run = new StressRun();
    int rounds = 0;
    while (rounds < MAX_ROUNDS && !missing.isEmpty()) {
      run.round(
          missing,
          millis << rounds,
          rounds % 2 == 0 ? StressRun.Wait.THREAD_SPIN_WAIT : StressRun.Wait.THREAD_YIELD);
      missing = missing.stream().filter(test -> !isEnough(test)).toList();
      rounds++;
    }
    long samples = TestList.tests().stream().mapToLong(test -> run.tally(test).samples).sum();
    System.out.printf(
        "jcstress: %d tests, %,d samples, %d ms each, %d rounds, %d s%n",
        TestList.tests().size(),
        samples,
        millis,
        rounds,
        (System.nanoTime() - startNs) / 1_000_000_000);
  }

  private static boolean isEnough(String test) {
    StressRun.Tally tally = run.tally(test);
    return !tally.failures.isEmpty()
        || (test.contains(PLANTED) ? tally.interesting > 0 : tally.samples >= MIN_SAMPLES);
  }

  private static List<String> tests(boolean planted) {
    return TestList.tests().stream()
        .filter(test -> test.contains(PLANTED) == planted)
        .sorted()
        .toList();
  }

  @Test
  void shouldShowOnlyWhatTheProtocolAllows_I1_I2_I3_I4_I7_P3() {
    for (String test : tests(false)) {
      StressRun.Tally tally = run.tally(test);
      System.out.printf("%,12d samples of %s%n", tally.samples, test);
      assertTrue(tally.failures.isEmpty(), () -> test + ": " + tally.failures);
      assertTrue(tally.samples >= MIN_SAMPLES, () -> test + " ran " + tally.samples + " times");
    }
  }

  @Test
  void shouldFindEveryPlantedMistake() {
    for (String test : tests(true)) {
      StressRun.Tally tally = run.tally(test);
      System.out.printf("%,12d of %,d samples show %s%n", tally.interesting, tally.samples, test);
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
