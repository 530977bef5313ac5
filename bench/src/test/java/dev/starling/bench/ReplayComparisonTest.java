package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Replay checks itself that it leads to the replicas. No speed is asserted. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReplayComparisonTest {
  @Test
  void shouldMeasureAllThreeForEveryOptimizerAndPayload() throws Exception {
    List<ReplayComparison.Row> rows = ReplayComparison.measure(2, 5, 10_000, 1);
    assertEquals(4, rows.size());
    for (ReplayComparison.Row row : rows) {
      assertEquals(2 * 5 * 10_000L * row.payload().bytesPerValue(), row.payloadBytes());
      assertTrue(row.read() > 0 && row.kernels() > 0 && row.replay() > 0, row.toString());
    }
  }
}
