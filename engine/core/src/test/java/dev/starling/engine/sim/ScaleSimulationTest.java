package dev.starling.engine.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ScaleSimulationTest {
  private static ScaleOptions sixteen() {
    return new ScaleOptions().workers(16).seed(7);
  }

  private static ScaleReport run(ScaleOptions options) {
    long startNs = System.nanoTime();
    ScaleReport report = ScaleSimulation.run(options);
    System.out.printf(
        "%s: %d ms, %d events, epoch %.3f s of %.3f s, %s%n",
        options,
        (System.nanoTime() - startNs) / 1_000_000,
        report.events(),
        report.epochNs() / 1e9,
        report.idealEpochNs() / 1e9,
        report);
    return report;
  }

  @Test
  void shouldLearnWhenSixteenWorkersTrain() {
    ScaleReport report = run(sixteen());
    assertEquals(4, report.epochs().size());
    assertTrue(report.epochs().getLast().loss() < 0.9, report::toString);
    assertTrue(report.epochs().getLast().accuracy() > 0.75, report::toString);
    assertTrue(report.epochs().getFirst().loss() > report.epochs().getLast().loss());
    assertEquals(0, report.faults());
    assertTrue(report.exchanges() > report.gradients() / 2, report::toString);
    assertEquals(1, report.efficiency(), 0.03, report::toString);
  }
}
