package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class ScaleSimulationTest {
  private static final long SEED = 7;
  private static final int WORKERS = 16;

  private static ScaleReport run(UnaryOperator<ScaleOptions> changes) {
    ScaleOptions options = new ScaleOptions().workers(WORKERS).epochs(2).stepsPerEpoch(25);
    ScaleReport report = ScaleSimulation.run(changes.apply(options.seed(SEED)));
    System.out.println(report);
    return report;
  }

  private static double consensus(ScaleReport report) {
    return report.epochs().getLast().consensusDistance();
  }

  @Test
  void shouldLearnWhileEverybodyComputesWhenSixteenWorkersTrain() {
    ScaleReport report = run(options -> options.epochs(4).stepsPerEpoch(40));
    assertEquals(4, report.epochs().size());
    ScaleEpoch last = report.epochs().getLast();
    assertTrue(last.loss() < 0.65, report::toString);
    assertTrue(last.accuracy() > 0.8, report::toString);
    assertTrue(report.epochs().getFirst().loss() > last.loss() + 0.2, report::toString);
    assertEquals(0, report.faults());
    assertEquals(1, report.efficiency(), 0.03, report::toString);
    assertTrue(report.aloneShare() < 0.05, report::toString);
    assertTrue(report.exchanges() > 0.9 * report.gradients(), report::toString);
    // An own publish, and on the mean a little more than one by a peer, during each gradient.
    assertEquals(2.1, report.stalenessMean(), 0.3, report::toString);
    assertTrue(report.stalenessMax() >= 3 && report.stalenessMax() <= 20, report::toString);
    assertTrue(consensus(report) > 1e-4 && consensus(report) < 0.05, report::toString);
  }

  @Test
  void shouldBeTheSameRunWhenTheOptionsAreEqual() {
    ScaleReport first = run(options -> options);
    ScaleReport second = run(options -> options);
    assertEquals(first.traceHash(), second.traceHash());
    assertEquals(first.events(), second.events());
    assertEquals(first.epochs(), second.epochs());
    assertNotEquals(first.traceHash(), run(options -> options.seed(SEED + 1)).traceHash());
    ScaleReport otherSamples = run(options -> options.batch(8));
    assertEquals(first.events(), otherSamples.events(), "samples decide nothing but the models");
    assertNotEquals(first.traceHash(), otherSamples.traceHash(), "the hash covers the models");
  }

  @Test
  void shouldDriftFurtherApartWhenTheNetworkIsSlower() {
    ScaleReport fast = run(options -> options.gigabits(400));
    ScaleReport slow = run(options -> options.gigabits(8));
    assertTrue(consensus(slow) > 1.3 * consensus(fast), () -> fast + "\n" + slow);
    assertTrue(slow.exchanges() < fast.exchanges(), () -> fast + "\n" + slow);
    assertTrue(slow.mergedShare() > 0.1, slow::toString);
    assertEquals(0, fast.mergedShare(), fast::toString);
    // A transfer takes as long as a gradient, and yet nobody waits for one.
    assertEquals(1, slow.efficiency(), 0.05, slow::toString);
    assertTrue(slow.ringAllReduceEpochNs() > 2 * slow.epochNs(), slow::toString);
  }

  @Test
  void shouldSlowNobodyElseWhenOneWorkerIsSlow() {
    ScaleReport even = run(options -> options);
    ScaleReport uneven = run(options -> options.slowFactor(100));
    assertEquals(1, uneven.gradientsPerSecondOfOthers() / even.gradientsPerSecondOfOthers(), 0.05);
    double ideal = WORKERS / (WORKERS - 1 + 0.01);
    assertEquals(ideal, uneven.epochNs() / even.epochNs(), 0.05 * ideal);
    assertTrue(uneven.ringAllReduceEpochNs() > 50 * uneven.epochNs(), uneven::toString);
    assertTrue(uneven.gradientsOfSlowed() <= 1, uneven::toString);
    assertTrue(uneven.exchangesOfSlowed() > 20, () -> "others still average with it: " + uneven);
    assertTrue(uneven.stalenessMaxOfOthers() < 20, uneven::toString);
  }

  @Test
  void shouldCountTheGradientsOfTheSlowWorkerWhenItIsALittleSlow() {
    ScaleReport report = run(options -> options.slowFactor(5));
    double others = report.gradientsOfOthers();
    assertEquals(others / 5, report.gradientsOfSlowed(), 2, report::toString);
    assertTrue(report.stalenessMax() > report.stalenessMaxOfOthers(), report::toString);
  }

  @ParameterizedTest
  @CsvSource({"ring,16", "torus,16", "bipartite-exponential,8"})
  void shouldExchangeWhenTheGraphIsAnother(String topology, int initiators) {
    ScaleReport report = run(options -> options.topology(topology).epochs(1));
    assertEquals(initiators, report.initiators());
    assertTrue(report.exchanges() > 0.8 * report.gradients() * initiators / WORKERS);
    assertEquals(0, report.faults());
  }

  @Test
  void shouldRunAtOnceWhenOneHundredAndTwentyEightWorkersTrain() {
    ScaleReport report = run(options -> options.workers(128));
    assertEquals(128 * 50, report.gradients(), 128 * 2);
    assertTrue(report.epochs().getLast().loss() < 1.2, report::toString);
    assertEquals(1, report.efficiency(), 0.05, report::toString);
  }

  @Test
  void shouldEndInTimeWhenTheTimeIsLimited() {
    ScaleReport report = run(options -> options.epochs(1000).maxSeconds(1.5));
    assertEquals(1_500_000_000L, report.virtualNs());
    assertEquals(0, report.epochs().size());
    assertEquals(14 * WORKERS, report.gradients(), WORKERS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | ring | 1 | workers=1 is out of range",
        "16 | tree | 1 | topology=tree is unknown",
        "7 | torus | 1 | 7 is prime",
        "16 | ring | 0.5 | slow factor=0.5 is out of range",
        "16 | ring | NaN | slow factor=NaN is out of range"
      })
  void shouldRefuseWhenAnOptionIsImpossible(
      int workers, String topology, double slowFactor, String part) {
    ScaleOptions options =
        new ScaleOptions().workers(workers).topology(topology).slowFactor(slowFactor);
    ConfigurationException refused =
        assertThrows(ConfigurationException.class, () -> ScaleSimulation.run(options));
    assertTrue(refused.getMessage().contains(part), refused::getMessage);
  }

  @Test
  void shouldRefuseWhenTheAlgorithmIsNotSimulated() {
    assertEquals(ScaleAlgorithm.AD_PSGD, ScaleAlgorithm.parse("ad-psgd"));
    ConfigurationException refused =
        assertThrows(ConfigurationException.class, () -> ScaleAlgorithm.parse("d-psgd"));
    assertTrue(refused.getMessage().startsWith("algorithm=d-psgd is not simulated"));
  }

  @Test
  void shouldRefuseACheckedRunWhenItHasMoreWorkersThanTheCheckerTakes() {
    Scenario large = Scenario.calm(1, Scenario.MAX_WORKERS + 1, 1);
    assertThrows(ConfigurationException.class, () -> Simulation.run(large));
  }
}
