package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TableTest {
  private static String markdown(String json) throws IOException {
    return Table.markdown(new ObjectMapper().readTree(json));
  }

  @Test
  void shouldShowTheMedianOfRatiosWhenBenchmarkIsPaired() throws IOException {
    String json =
        """
        [{"benchmark": "dev.starling.bench.KernelBenchmark.javaAndC",
          "params": {"kernel": "AVERAGE", "floats": "16384"},
          "primaryMetric": {"score": 1, "scoreError": "NaN", "scoreUnit": "us/op"},
          "secondaryMetrics": {
            "javaNs": {"score": 6000, "rawData": [[1000, 2000], [3000]]},
            "rivalNs": {"score": 5700, "rawData": [[1000, 1000], [3600]]}}}]
        """;
    assertEquals(
        """
        | benchmark | parameters | Java | rival | rival / Java | range |
        |---|---|---:|---:|---:|---:|
        | KernelBenchmark.javaAndC | floats=16384, kernel=AVERAGE | 2.000 us | 1.000 us | 1.000 | \
        0.500-1.200 |
        """,
        markdown(json));
  }

  @Test
  void shouldShowTheScoreWhenBenchmarkHasNoRival() throws IOException {
    String json =
        """
        [{"benchmark": "a.B.c", "primaryMetric":
          {"score": 12.5, "scoreError": 0.25, "scoreUnit": "ns/op"}, "secondaryMetrics": {}}]
        """;
    assertEquals(
        """
        | benchmark | parameters | score | error | unit |
        |---|---|---:|---:|---|
        | B.c |  | 12.500 | 0.250 | ns/op |
        """,
        markdown(json));
  }

  @Test
  void shouldShowMedianPercentilesAndTheLongestCallWhenBenchmarkKeepsLatencies()
      throws IOException {
    String json =
        """
        [{"benchmark": "a.B.c", "primaryMetric":
          {"score": 12.5, "scoreError": 0.25, "scoreUnit": "ns/op"}, "secondaryMetrics": {
            "p50Ns": {"rawData": [[100, 300, 200]]}, "p99Ns": {"rawData": [[400, 400, 600]]},
            "p999Ns": {"rawData": [[1000, 3000, 2000]]},
            "maxNs": {"rawData": [[5000, 2000000, 7000]]}}}]
        """;
    assertEquals(
        """
        | benchmark | parameters | p50 | p99 | p99.9 | longest |
        |---|---|---:|---:|---:|---:|
        | B.c |  | 200.0 ns | 400.0 ns | 2.000 us | 2.000 ms |
        """,
        markdown(json));
  }

  @Test
  void shouldRefuseWhenFileHoldsNoResults() {
    assertThrows(IllegalArgumentException.class, () -> markdown("{}"));
    assertThrows(IllegalArgumentException.class, () -> markdown("[]"));
    assertThrows(IllegalArgumentException.class, () -> markdown("[{}]"));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            markdown(
                """
                [{"benchmark": "a.B.c", "secondaryMetrics": {
                  "javaNs": {"rawData": [[1, 2]]}, "rivalNs": {"rawData": [[1]]}}}]
                """));
  }
}
