package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.bench.CommandRun;
import dev.starling.cli.ExitCodes;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

/** Every experiment from the command line to the page, as small as it can be. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QuickRunsTest {
  @TempDir Path folder;

  /** The rows of an experiment that went well. */
  private List<JsonNode> rows(String name, String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("experiment", name, "--quick", "--json"));
    arguments.addAll(List.of("--out", folder.resolve(name).toString()));
    arguments.addAll(List.of(more));
    CommandRun run = CommandRun.of(arguments.toArray(String[]::new)).requireOk();
    requirePage(folder.resolve(name));
    return run.jsonLines();
  }

  /** The page is well-formed, and every run has a raw line. */
  private static void requirePage(Path directory) throws Exception {
    String html = Files.readString(directory.resolve("report.html"));
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    factory
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(html.substring(html.indexOf("<html")))));
    assertTrue(html.contains("<svg") || html.contains("No curve of loss"), "no figure");
  }

  private List<JsonNode> raw(String name) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve(name).resolve("rows.jsonl"))) {
      lines.add(mapper.readTree(line));
    }
    return lines;
  }

  @Test
  void shouldMeasureASlowWorker() throws Exception {
    List<JsonNode> rows = rows("slow-worker", "--algorithms", "ad-psgd", "--slowdowns", "10");
    assertEquals(1, rows.size());
    for (JsonNode row : rows) {
      assertEquals("ad-psgd", row.get("algorithm").asText());
      assertTrue(row.get("epochSeconds").asDouble() > 0, row::toString);
      assertEquals(
          row.get("oneWorkerEpochSeconds").asDouble() / row.get("epochSeconds").asDouble(),
          row.get("speedup").asDouble(),
          1e-9,
          row::toString);
      assertTrue(row.get("slowRankExchanges").asLong() > 0, row::toString);
      assertTrue(row.get("consensusDistance").asDouble() >= 0, row::toString);
      assertTrue(row.get("cpuBusy").asDouble() > 0, row::toString);
      assertTrue(row.get("valid").isBoolean(), row::toString);
    }
    assertEquals(3.1, rows.getFirst().get("idealSpeedup").asDouble(), 1e-9);
    List<JsonNode> raw = raw("slow-worker");
    assertEquals(2, raw.size(), "one worker alone, and four");
    assertTrue(raw.getFirst().get("reference").asBoolean());
    for (JsonNode line : raw) {
      assertTrue(line.get("command").toString().contains("--steps"), line::toString);
      assertEquals("1", line.get("seed").asText(), line::toString);
      assertTrue(line.get("environment").has("processors"), line::toString);
      assertTrue(line.get("result").has("stepsPerWorker"), line::toString);
    }
  }

  @Test
  void shouldMeasureASlowLink() throws Exception {
    List<JsonNode> rows =
        rows("slow-link", "--algorithms", "ad-psgd", "--slowdowns", "20", "--gbit", "1");
    assertEquals(1, rows.size());
    assertEquals(20, rows.getFirst().get("slowdown").asDouble());
    assertEquals(4, rows.getFirst().get("idealSpeedup").asDouble());
    assertTrue(raw("slow-link").get(1).get("command").toString().contains("3=20"));
  }

  @Test
  void shouldCompareWhatIsLearnt() throws Exception {
    List<JsonNode> rows = rows("convergence", "--algorithms", "ad-psgd", "--seeds", "7");
    assertEquals(2, rows.size(), "one run and a summary");
    assertEquals(7, rows.getFirst().get("seed").asInt());
    assertTrue(rows.getFirst().get("accuracy").asDouble() > 0.1, rows::toString);
    assertEquals(1, rows.getLast().get("runs").asInt());
    assertTrue(rows.getLast().get("withinGoal").isNull(), "there is nothing to compare with");
  }

  @Test
  void shouldMeasureAndSimulateScaling() throws Exception {
    List<JsonNode> rows = rows("scaling", "--algorithms", "ad-psgd");
    List<String> sources = rows.stream().map(row -> row.get("source").asText()).toList();
    assertEquals(List.of("measured", "measured", "simulated", "formula"), sources);
    assertEquals(1, rows.getFirst().get("efficiency").asDouble());
    rows.forEach(row -> assertTrue(row.get("samplesPerSecond").asDouble() > 0, row::toString));
  }

  @Test
  void shouldReadStalenessFromTheLogs() throws Exception {
    List<JsonNode> rows = rows("staleness", "--topologies", "ring");
    assertEquals(1, rows.size());
    for (JsonNode row : rows) {
      long sum = 0;
      for (JsonNode count : row.get("histogram")) {
        sum += count.asLong();
      }
      assertEquals(row.get("gradients").asLong(), sum);
      assertTrue(sum > 0, row::toString);
      assertTrue(row.get("stalenessMax").asLong() <= row.get("countedMax").asLong(), row::toString);
      // Of gradients that were merged, as on a busy machine, the counters have each.
      long counted = raw("staleness").getFirst().get("result").get("gradientsApplied").asLong();
      assertTrue(sum <= counted, () -> row + " of " + counted);
      if (sum == counted) {
        double mean = row.get("countedMean").asDouble();
        assertEquals(mean, row.get("stalenessMean").asDouble(), 1e-3, row::toString);
      }
    }
  }

  @Test
  void shouldMixAboutAsFastAsPredicted() throws Exception {
    List<JsonNode> rows = rows("topology");
    assertEquals(4, rows.size(), "two graphs, one seed, and two summaries");
    raw("topology").forEach(line -> assertEquals("1", line.path("seed").asText(), line::toString));
    for (JsonNode row : rows) {
      assertEquals(1, row.get("ofPredicted").asDouble(), 0.4, row::toString);
    }
    assertTrue(
        rows.get(0).get("measuredDecay").asDouble() < rows.get(1).get("measuredDecay").asDouble(),
        "a ring mixes more slowly than a complete graph");
  }

  @Test
  void shouldTellARunThatFailedInItsRow() throws IOException {
    CommandRun run =
        CommandRun.of(
            "experiment",
            "convergence",
            "--quick",
            "--json",
            "--algorithms",
            "ad-psgd",
            "--data",
            folder.resolve("missing").toString(),
            "--seeds",
            "1",
            "--out",
            folder.resolve("convergence").toString());
    assertEquals(ExitCodes.FAILURE, run.exitCode(), run.err());
    List<JsonNode> rows = run.jsonLines();
    assertEquals(1, rows.size(), run.out());
    assertTrue(rows.getFirst().get("error").asText().contains("missing"), run.out());
    assertTrue(raw("convergence").getFirst().get("error").isTextual());
  }
}
