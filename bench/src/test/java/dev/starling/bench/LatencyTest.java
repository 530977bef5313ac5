package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LatencyTest {
  @Test
  void shouldGivePercentilesOfTheIteration() {
    Latency latency = new Latency();
    for (int i = 0; i < 999; i++) {
      latency.record(i < 900 ? 100 : 200);
    }
    latency.record(1_000);
    assertEquals(100, latency.p50Ns());
    assertEquals(200, latency.p99Ns());
    assertEquals(200, latency.p999Ns());
    assertEquals(1_000, latency.maxNs());
    latency.clear();
    latency.record(7);
    assertEquals(7, latency.maxNs());
  }

  @Test
  void shouldKeepTheLongestCallThatItCanWhenOneIsLonger() {
    Latency latency = new Latency();
    latency.record(Long.MAX_VALUE);
    assertEquals(60e9, latency.maxNs(), 0.1e9);
  }
}
