package dev.starling.cli.topology;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopologyCommandTest {
  private static JsonNode json(String kind, int workers, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("topology", "--kind", kind, "--workers", "" + workers, "--json"));
    arguments.addAll(List.of(more));
    CommandRun run = CommandRun.of(arguments.toArray(String[]::new)).requireOk();
    assertEquals(1, run.out().lines().count());
    return run.json();
  }

  @Test
  void shouldDescribeTheRingWhenItHasFourWorkers() {
    JsonNode ring = json("ring", 4);
    assertEquals(4, ring.get("edges").asInt());
    assertEquals(CommandRun.parse("[[0,1],[0,3],[1,2],[2,3]]"), ring.get("edgeList"));
    assertEquals(2, ring.get("degreeMin").asInt());
    assertEquals(2, ring.get("degreeMax").asInt());
    // E[W] = I - L/8 with the ring's Laplacian L, whose second smallest eigenvalue is 2.
    assertEquals(0.75, ring.get("rho").asDouble(), 1e-12);
    assertEquals(0.25, ring.get("spectralGap").asDouble(), 1e-12);
    assertEquals(2 * Math.log(0.5) / Math.log(0.75), ring.get("exchangesToHalve").asDouble(), 1e-9);
  }

  @ParameterizedTest
  @CsvSource({
    "ring,8,8,2,2,8",
    "complete,8,28,7,7,8",
    "complete-bipartite,8,16,4,4,4",
    "ring,2,1,1,1,2",
    "complete,1,0,0,0,1"
  })
  void shouldCountEdgesDegreesAndInitiators(
      String kind, int workers, int edges, int least, int most, int initiators) {
    JsonNode graph = json(kind, workers);
    assertEquals(edges, graph.get("edges").asInt());
    assertEquals(edges, graph.get("edgeList").size());
    assertEquals(least, graph.get("degreeMin").asInt());
    assertEquals(most, graph.get("degreeMax").asInt());
    assertEquals(initiators, graph.get("initiators").size());
  }

  @Test
  void shouldMixFasterWhenTheGraphHasMoreEdges() {
    double ring = json("ring", 16).get("exchangesToHalve").asDouble();
    double exponential = json("bipartite-exponential", 16).get("exchangesToHalve").asDouble();
    double complete = json("complete", 16).get("exchangesToHalve").asDouble();
    assertTrue(
        complete < exponential && exponential < ring, complete + " " + exponential + " " + ring);
  }

  @Test
  void shouldPrintGraphvizWhenDotIsAsked() {
    CommandRun run =
        CommandRun.of("topology", "--kind", "complete-bipartite", "--workers", "4", "--dot")
            .requireOk();
    assertTrue(run.out().startsWith("graph "), run.out());
    assertEquals(4, run.out().lines().filter(line -> line.contains(" -- ")).count());
    assertEquals(2, run.out().lines().filter(line -> line.contains("shape=box")).count());
    assertEquals(run.out(), json("complete-bipartite", 4, "--dot").get("dot").asText());
  }

  @Test
  void shouldNameRolesAndFiguresWhenAReportIsAsked() {
    CommandRun run = CommandRun.of("topology", "--kind", "ring", "--workers", "5").requireOk();
    for (String part :
        List.of("ring of 5 workers", "spectral gap", "1 - rho", "halved", "initiates with 1 4")) {
      assertTrue(run.out().contains(part), () -> part + " is missing in\n" + run.out());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "torus | 4 | topology=torus is unknown: choose one of ring, complete,",
        "complete-bipartite | 5 | needs an even number of workers, not 5",
        "ring | 0 | workers=0 is out of range",
        "ring | 70000 | workers=70000 is out of range"
      })
  void shouldRefuseInOneSentenceWhenThereIsNoSuchGraph(String kind, String workers, String part) {
    CommandRun run = CommandRun.of("topology", "--kind", kind, "--workers", workers);
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }
}
