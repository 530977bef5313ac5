package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TableTest {
  private static final Pattern MARKER = Pattern.compile("<!-- table: (\\S+) -->");

  private static String markdown(String... files) throws IOException {
    JsonNode[] results = new JsonNode[files.length];
    for (int i = 0; i < files.length; i++) {
      results[i] = new ObjectMapper().readTree(files[i]);
    }
    return Table.markdown(results);
  }

  @Test
  void shouldShowTheMedianOfRatiosWhenBenchmarkIsPaired() throws IOException {
    String json =
        """
        [{"benchmark": "dev.starling.bench.ExchangeBenchmark.exchangeAndKernel",
          "params": {"modelBytes": "16000000"},
          "primaryMetric": {"score": 1, "scoreError": "NaN", "scoreUnit": "us/op"},
          "secondaryMetrics": {
            "javaNs": {"score": 6000, "rawData": [[1000, 2000], [3000]]},
            "rivalNs": {"score": 5700, "rawData": [[1000, 1000], [3600]]}}}]
        """;
    assertEquals(
        """
        <!-- table: pairs -->
        | what | against | Starling | rival | rival / Starling |
        |---|---|---:|---:|---:|
        | exchange of 16 MB | the kernel alone | 2.000 us | 1.000 us | 1.00 |
        """,
        markdown(json));
  }

  @Test
  void shouldHoldTrafficAgainstTheFastestLoopOfStreamWhenBenchmarkIsOfAKernel() throws IOException {
    String json =
        """
        [{"benchmark": "dev.starling.bench.KernelBenchmark.javaAndC",
          "params": {"kernel": "AVERAGE", "floats": "1048576"},
          "secondaryMetrics": {
            "javaNs": {"rawData": [[1048576, 1048576, 1048576]]},
            "rivalNs": {"rawData": [[1048576, 2097152, 524288]]},
            "copyNs": {"rawData": [["NaN", 1048576, 1048576]]},
            "scaleNs": {"rawData": [["NaN", "NaN", "NaN"]]},
            "addNs": {"rawData": [[524288, 524288, 524288]]},
            "triadNs": {"rawData": [[1048576, 1048576, 1048576]]}}}]
        """;
    assertEquals(
        TableKind.KERNELS.marker()
            + TableKind.KERNELS.header()
            + "| average, 1 Mi floats | 1.049 ms | 1.049 ms | 1.00 | 12.0 GB/s | 24.0 GB/s, add"
            + " | 0.50 |\n",
        markdown(json));
  }

  @Test
  void shouldShowTheScoreWhenBenchmarkHasNoRival() throws IOException {
    String json =
        """
        [{"benchmark": "a.B.c", "params": {"x": "2", "a": "1"}, "primaryMetric":
          {"score": 12.5, "scoreError": 0.25, "scoreUnit": "ns/op"}, "secondaryMetrics": {}}]
        """;
    assertEquals(
        """
        <!-- table: scores -->
        | what | score | error | unit |
        |---|---:|---:|---|
        | B.c a=1, x=2 | 12.500 | 0.250 | ns/op |
        """,
        markdown(json));
  }

  @Test
  void shouldShowMedianPercentilesAndTheLongestCallWhenBenchmarkKeepsLatencies()
      throws IOException {
    String json =
        """
        [{"benchmark": "dev.starling.bench.LogBenchmark.smallRecords", "secondaryMetrics": {
            "p50Ns": {"rawData": [[100, 300, 200]]}, "p99Ns": {"rawData": [[400, 400, 600]]},
            "p999Ns": {"rawData": [[1000, 3000, 2000]]},
            "maxNs": {"rawData": [[5000, 2000000, 7000]]}}}]
        """;
    assertEquals(
        """
        <!-- table: latencies -->
        | what | p50 | p99 | p99.9 | longest |
        |---|---:|---:|---:|---:|
        | log a small record | 200.0 ns | 400.0 ns | 2.000 us | 2.000 ms |
        """,
        markdown(json));
  }

  @Test
  void shouldShowEveryComparisonWhenFilesHoldSeveral() throws IOException {
    String mpi =
        """
        {"exchanges": [{"bytes": 1000000, "starlingMs": 0.1, "starlingTwoThreadsMs": 0.05,
           "wholeMs": 0.3, "chunkedMs": 0.25, "sharedMs": 0.06, "ratio": 2.5,
           "ratioTwoThreads": 5}],
         "allreduces": [{"bytes": 16000000, "starlingMs": 1, "sumMs": 3,
           "sum": "REDUCE_BROADCAST apartSum", "meanMs": 4, "mean": "DEFAULT inPlace",
           "ratio": 3, "ratioMean": 4, "all": {}}]}
        """;
    String replay =
        """
        {"replays": [{"optimizer": "adamw", "payload": "BF16", "payloadBytes": 1, "read": 2,
          "kernels": 3, "replay": 1.5, "ratio": 0.75, "medianRatio": 0.7}]}
        """;
    assertEquals(
        TableKind.REPLAYS.marker()
            + TableKind.REPLAYS.header()
            + "| adamw, bf16 | 2.00 GB/s | 3.00 GB/s | 1.50 GB/s | 0.75 | 0.70 |\n\n"
            + TableKind.EXCHANGES.marker()
            + TableKind.EXCHANGES.header()
            + "| 1 MB | 0.100 ms | 0.050 ms | 0.300 ms | 0.250 ms | 0.060 ms | 2.50 | 5.00 |\n\n"
            + TableKind.ALLREDUCES.marker()
            + TableKind.ALLREDUCES.header()
            + "| 16 MB | 1.000 ms | 3.000 ms | reduce, broadcast, two buffers | 4.000 ms | 3.00"
            + " | 4.00 |\n",
        markdown(mpi, replay));
  }

  @Test
  void shouldNameMachineAndCommitWhenTheEnvironmentIsThere() throws IOException {
    String line = markdown(Environment.json());
    assertTrue(line.contains("JDK " + Runtime.version()), line);
    assertTrue(line.matches("(?s).+, \\d+ processors, Linux .+, commit \\S+\n"), line);
  }

  @Test
  void shouldRefuseWhenFileHoldsNoResults() {
    for (String json :
        List.of(
            "{}",
            "[]",
            "[{}]",
            "{\"exchanges\": [{}]}",
            """
            [{"benchmark": "a.B.c", "secondaryMetrics": {
              "javaNs": {"rawData": [[1, 2]]}, "rivalNs": {"rawData": [[1]]}}}]
            """)) {
      assertThrows(IllegalArgumentException.class, () -> markdown(json), json);
    }
  }

  /** A table that is printed anew can be pasted over the old one. */
  @Test
  void shouldHaveTheHeadersOfReadmeWhereItsTablesAreMarked() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("../README.md"));
    int marked = 0;
    for (int i = 0; i < lines.size(); i++) {
      Matcher marker = MARKER.matcher(lines.get(i));
      if (marker.matches()) {
        TableKind kind =
            Arrays.stream(TableKind.values())
                .filter(one -> one.label().equals(marker.group(1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(marker.group() + " is no table"));
        String header = lines.get(i + 1) + "\n" + lines.get(i + 2) + "\n";
        assertEquals(kind.header(), header, "README.md, below line " + (i + 1));
        marked++;
      }
    }
    assertFalse(marked == 0, "README.md has no marked table");
  }

  @Test
  void shouldShowWhatRoundsLoseToAnythingButTheMaths() throws IOException {
    String json =
        """
        {"rounds": [{"algorithm": "d-psgd", "bytes": 16000000, "roundMs": 3.5, "kernelsMs": 3.15,
          "ratio": 0.9}]}
        """;
    assertEquals(
        """
        <!-- table: rounds -->
        | algorithm | model | round | the kernels alone | kernels / round |
        |---|---:|---:|---:|---:|
        | d-psgd | 16 MB | 3.500 ms | 3.150 ms | 0.90 |
        """,
        markdown(json));
  }
}
