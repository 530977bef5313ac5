package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.bench.CommandRun;
import dev.starling.engine.topology.Topology;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How fast graphs mix, from results that are known. */
class TopologyMixingTest {
  private static final int WORKERS = 8;
  private static final String RESULT =
      "{\"exchanges\": [0, 10, 20], \"squaredDistance\": [1, 0.5, 0.25]}";

  @TempDir Path folder;

  private List<JsonNode> rows(String topology) {
    CannedRuns runs =
        new CannedRuns()
            .result(topology + "-random-1", RESULT)
            .result(topology + "-random-2", RESULT);
    CommandRun run =
        runs.execute(
            "topology",
            "--topologies",
            topology,
            "--partners",
            "random",
            "--seeds",
            "1..2",
            "--workers",
            Integer.toString(WORKERS),
            "--json",
            "--out",
            folder.resolve("out").toString());
    return run.requireOk().jsonLines();
  }

  @Test
  void shouldPredictForTheGraphOfTheSeedWhenItIsRandom() {
    List<JsonNode> rows = rows("random-regular");
    for (int seed = 1; seed <= 2; seed++) {
      assertEquals(
          Topology.parse("random-regular", WORKERS, seed).mixing().gap(),
          rows.get(seed - 1).get("spectralGap").asDouble());
    }
    assertNotEquals(rows.get(0).get("predictedDecay"), rows.get(1).get("predictedDecay"));
    assertEquals(Math.log(2) / 10, rows.get(1).get("measuredDecay").asDouble(), 1e-12);
  }

  @Test
  void shouldPredictTheSameForEverySeedWhenTheGraphIsNotRandom() {
    List<JsonNode> rows = rows("ring");
    assertEquals(rows.get(0).get("predictedDecay"), rows.get(1).get("predictedDecay"));
  }
}
