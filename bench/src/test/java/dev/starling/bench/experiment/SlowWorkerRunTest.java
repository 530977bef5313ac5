package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.bench.CommandRun;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small experiments from the command line to the page. */
class SlowWorkerRunTest {
  @TempDir Path folder;

  @Test
  void shouldMeasureASlowWorker() {
    CommandRun run =
        CommandRun.of(
            "experiment", "slow-worker", "--quick", "--algorithms", "ad-psgd", "--json", "--out",
            folder.resolve("out").toString());
    System.out.println(run);
    run.requireOk();
    List<JsonNode> rows = run.jsonLines();
    assertEquals(2, rows.size());
    assertTrue(rows.getFirst().get("speedup").asDouble() > 1);
  }
}
