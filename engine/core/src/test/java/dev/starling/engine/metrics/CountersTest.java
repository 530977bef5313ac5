package dev.starling.engine.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CountersTest {
  @Test
  void shouldKeepEveryCounterApartAndOnItsWritersLines() {
    Set<Integer> ids = new HashSet<>();
    for (Counter counter : Counter.values()) {
      assertTrue(ids.add(counter.id()), counter + " shares its slot");
      assertEquals(counter.writer() == Counter.Writer.AGENT, counter.id() < 64, counter.name());
      assertTrue(counter.id() < 128);
      assertFalse(counter.label().isBlank());
    }
    try (Arena arena = Arena.ofConfined()) {
      Counters counters = new Counters(arena.allocate(ReplicaLayout.COUNTERS_BYTES, 64), 0);
      for (Counter counter : Counter.values()) {
        counters.set(counter, 1000L + counter.id());
        counters.add(counter, 1);
      }
      for (Counter counter : Counter.values()) {
        assertEquals(1001L + counter.id(), counters.get(counter));
      }
      for (int bucket = 0; bucket < Counters.STALENESS_BUCKETS; bucket++) {
        assertEquals(0, counters.staleness(bucket), "counters do not reach the histogram");
      }
    }
  }

  @Test
  void shouldCountStalenessInItsBucketAndRememberSumAndMaximum() {
    try (Arena arena = Arena.ofConfined()) {
      Counters counters = new Counters(arena.allocate(ReplicaLayout.COUNTERS_BYTES, 64), 0);
      for (long staleness : new long[] {0, 3, 3, 255, 1000, 7}) {
        counters.recordStaleness(staleness);
      }
      assertEquals(1, counters.staleness(0));
      assertEquals(2, counters.staleness(3));
      assertEquals(2, counters.staleness(255), "the last bucket holds everything beyond");
      assertEquals(1268, counters.get(Counter.STALENESS_SUM));
      assertEquals(1000, counters.get(Counter.STALENESS_MAX));
    }
  }
}
