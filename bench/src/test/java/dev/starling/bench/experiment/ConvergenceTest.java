package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.bench.CommandRun;
import dev.starling.engine.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the algorithms learnt, from results that are known. */
class ConvergenceTest {
  @TempDir Path folder;

  private static String accuracy(double value) {
    return "{\"accuracy\": %s, \"seconds\": 10, \"samples\": 1, \"evaluationLoss\": 0.5}"
        .formatted(value);
  }

  private CommandRun execute(CannedRuns runs, String... more) {
    List<String> arguments =
        new java.util.ArrayList<>(
            List.of(
                "convergence",
                "--seeds",
                "1..2",
                "--algorithms",
                "ad-psgd,allreduce",
                "--out",
                folder.resolve("out").toString()));
    arguments.addAll(List.of(more));
    return runs.execute(arguments.toArray(String[]::new));
  }

  private static CannedRuns runs(double first, double second) {
    return new CannedRuns()
        .result("generated-0-1-ad-psgd", accuracy(first))
        .result("generated-0-2-ad-psgd", accuracy(second))
        .result("generated-0-1-allreduce", accuracy(0.95))
        .result("generated-0-2-allreduce", accuracy(0.97));
  }

  @Test
  void shouldCompareEqualSeedsInPoints() {
    List<JsonNode> rows = execute(runs(0.94, 0.97), "--json").requireOk().jsonLines();
    JsonNode summary = rows.get(4);
    assertEquals("ad-psgd", summary.get("algorithm").asText());
    assertEquals(95.5, summary.get("accuracyMeanPercent").asDouble(), 1e-9);
    assertEquals(-0.5, summary.get("differencePoints").asDouble(), 1e-9);
    assertEquals(Math.sqrt(0.5), summary.get("differenceSpread").asDouble(), 1e-9);
    assertEquals(0, rows.get(5).get("differencePoints").asDouble(), 1e-9);
  }

  @Test
  void shouldTellWhetherTheGoalIsMet() {
    assertTrue(execute(runs(0.946, 0.97)).requireOk().out().contains(" met |"));
    String missed = Path.of(folder.toString(), "again").toString();
    assertTrue(
        runs(0.94, 0.969)
            .execute(
                "convergence",
                "--seeds",
                "1..2",
                "--algorithms",
                "ad-psgd,allreduce",
                "--out",
                missed)
            .out()
            .contains(" missed |"));
  }

  @Test
  void shouldDrawTheMeanOfTheSeeds() throws IOException {
    CannedRuns runs = runs(0.9, 0.9);
    for (String run : List.of("generated-0-1-ad-psgd", "generated-0-2-ad-psgd")) {
      runs.history(
          run,
          "{\"seconds\": 0, \"epoch\": 0, \"loss\": 2.3, \"accuracy\": null}",
          "{\"seconds\": 1, \"epoch\": 1, \"loss\": 1.3, \"accuracy\": 0.5}",
          "{\"seconds\": 2, \"epoch\": 2, \"loss\": 0.3, \"accuracy\": 0.9}");
    }
    execute(runs).requireOk();
    String page = Files.readString(folder.resolve("out").resolve("report.html"));
    assertTrue(page.contains("loss by epoch, generated"));
    assertTrue(page.contains("accuracy by seconds, generated"));
    assertFalse(page.contains("No curve"));
  }

  @Test
  void shouldReadSeeds() {
    assertEquals(List.of(1L, 2L, 3L), Convergence.seeds("1..3"));
    assertEquals(List.of(7L, 1L), Convergence.seeds("7,1"));
    for (String wrong : List.of("3..1", "a", "1..", "", "1..100000")) {
      assertThrows(ConfigurationException.class, () -> Convergence.seeds(wrong), wrong);
    }
  }

  @Test
  void shouldInterpolateAsFarAsAllHistoriesReach() {
    List<JsonNode> first =
        List.of(
            CannedRuns.parse("{\"x\": 0, \"y\": 0}"), CannedRuns.parse("{\"x\": 2, \"y\": 20}"));
    List<JsonNode> second =
        List.of(
            CannedRuns.parse("{\"x\": 0, \"y\": 10}"),
            CannedRuns.parse("{\"x\": 0.5, \"y\": null}"),
            CannedRuns.parse("{\"x\": 1, \"y\": 20}"));
    Curves curves = Curves.of(List.of(first, second), "x", "y");
    int last = curves.x().length - 1;
    assertEquals(1, curves.x()[last], 1e-12);
    assertEquals(15, curves.mean()[last], 1e-9);
    assertEquals(15 - Math.sqrt(50), curves.low()[last], 1e-9);
    assertEquals(5, curves.mean()[0], 1e-9);
    assertNull(Curves.of(List.of(first, List.of()), "x", "y"));
  }
}
