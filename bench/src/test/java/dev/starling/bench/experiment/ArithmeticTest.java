package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.topology.Topology;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sums behind the tables. */
class ArithmeticTest {
  @Test
  void shouldReadHowBusyTheProcessorsWere() {
    CpuSamples samples = new CpuSamples();
    assertTrue(Double.isNaN(samples.busy(0, 1)));
    samples.add(CpuSamples.Sample.parse(0, "cpu  100 0 50 800 40 5 5 0 100 0"));
    samples.add(CpuSamples.Sample.parse(1_000, "cpu  130 0 60 850 50 5 5 0 100 0"));
    samples.add(CpuSamples.Sample.parse(2_000, "cpu  230 0 60 850 50 5 5 0 100 0"));
    samples.add(CpuSamples.Sample.parse(3_000, "cpu  230 0 60 950 50 5 5 0 100 0"));
    assertEquals(40.0 / 100, samples.busy(0, 1_000), 1e-12);
    assertEquals(1, samples.busy(1_000, 2_000), 1e-12);
    assertEquals(0.5, samples.busy(1_000, 3_000), 1e-12);
    assertEquals(140.0 / 300, samples.busy(-5, 9_000), 1e-12);
    assertThrows(
        IllegalArgumentException.class, () -> CpuSamples.Sample.parse(0, "cpu0 1 2 3 4 5 6 7 8"));
  }

  @Test
  void shouldComputeMeanAndSpread() {
    assertEquals(2, Numbers.mean(List.of(1.0, 3.0)));
    assertEquals(Math.sqrt(2), Numbers.spread(List.of(1.0, 3.0)), 1e-12);
    assertTrue(Double.isNaN(Numbers.spread(List.of(1.0))));
    assertTrue(Double.isNaN(Numbers.mean(List.of())));
  }

  @Test
  void shouldWriteNumbersForPeople() {
    assertEquals("10", Numbers.plain(10.0));
    assertEquals("0.1", Numbers.plain(0.1));
    assertEquals("-", Numbers.fixed(Double.NaN, 2));
    assertEquals("1,234.50", Numbers.fixed(1234.5, 2));
    assertEquals("2.50 ± 0.10", Numbers.withSpread(2.5, 0.1, 2));
    assertEquals("2.50", Numbers.withSpread(2.5, Double.NaN, 2));
    assertEquals("1.00e-05", Numbers.short3(1e-5));
    assertEquals("0.0123", Numbers.short3(0.01234));
  }

  @Test
  void shouldAlignATable() {
    TextTable table = new TextTable("name", "n").row("a", "1").row("bcdef", "100");
    assertEquals(
        """
        | name  |   n |
        | ----- | --: |
        | a     |   1 |
        | bcdef | 100 |
        """,
        table.markdown());
    assertThrows(IllegalArgumentException.class, () -> table.row("too few"));
  }

  @Test
  void shouldComputeIdealSpeedups() {
    assertEquals(16, SlowWorker.ideal(16, 1));
    assertEquals(15.5, SlowWorker.ideal(16, 2));
    assertEquals(15.01, SlowWorker.ideal(16, 100), 1e-12);
  }

  @Test
  void shouldFindQuantilesOfAHistogram() {
    long[] histogram = {0, 5, 4, 0, 1};
    assertEquals(1, StalenessLog.quantile(histogram, 0.5));
    assertEquals(2, StalenessLog.quantile(histogram, 0.9));
    assertEquals(4, StalenessLog.quantile(histogram, 0.91));
    assertEquals(1.7, StalenessLog.mean(histogram), 1e-12);
    assertEquals(-1, StalenessLog.quantile(new long[0], 0.5));
  }

  @Test
  void shouldPredictThatTwoReplicasAreEqualAfterOneExchange() {
    SecondMoment pair = new SecondMoment(Topology.of(Topology.Kind.COMPLETE, 2));
    assertEquals(1, pair.squaredDistance(), 1e-12);
    pair.exchange();
    assertEquals(0, pair.squaredDistance(), 1e-12);
  }

  /** On a complete graph every direction is alike, so that the bound is met exactly. */
  @Test
  void shouldPredictTheSpectralGapOnACompleteGraph() {
    Topology complete = Topology.of(Topology.Kind.COMPLETE, 7);
    SecondMoment moment = new SecondMoment(complete);
    for (int k = 1; k <= 50; k++) {
      moment.exchange();
      assertEquals(Math.pow(complete.mixing().rho(), k), moment.squaredDistance(), 1e-12);
    }
  }

  @Test
  void shouldPredictNoSlowerMixingThanTheSpectralGapPromises() {
    for (Topology.Kind kind : Topology.Kind.values()) {
      Topology topology = Topology.of(kind, 8);
      double[] curve = SecondMoment.curve(topology, 1e-3);
      double rho = topology.mixing().rho();
      for (int k = 0; k < curve.length; k++) {
        assertTrue(curve[k] <= Math.pow(rho, k) * (1 + 1e-9), kind + " after " + k);
      }
      assertTrue(curve[curve.length - 1] <= 1e-3, kind::toString);
    }
  }

  @Test
  void shouldFitTheDecayOfAnExponential() {
    double[] x = {0, 1, 2, 5, 9};
    double[] y = {1, Math.exp(-0.3), Math.exp(-0.6), Math.exp(-1.5), 1e-9};
    assertEquals(0.3, TopologyMixing.decay(x, y, 1e-4), 1e-12);
    assertTrue(Double.isNaN(TopologyMixing.decay(new double[1], new double[] {1}, 0)));
  }
}
