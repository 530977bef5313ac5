package dev.starling.cli.topology;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopologyCommandTest {
  @TempDir Path directory;

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
    "torus,8,12,3,3,8",
    "exponential,8,20,5,5,8",
    "star,8,7,1,7,8",
    "random-regular,8,16,4,4,8",
    "random-regular:3,8,12,3,3,8",
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

  @Test
  void shouldDescribeTheGraphOfAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("path.txt"), "# a path\n0 1\n1 2\n");
    JsonNode path = json("file:" + file, 3);
    assertEquals("file:" + file, path.get("kind").asText());
    assertEquals(CommandRun.parse("[[0,1],[1,2]]"), path.get("edgeList"));
    assertEquals(0.25, path.get("spectralGap").asDouble(), 1e-12);
  }

  @Test
  void shouldFollowTheSeedWhenTheGraphIsRandom() {
    JsonNode first = json("random-regular", 32, "--seed", "5").get("edgeList");
    assertEquals(first, json("random-regular:4", 32, "--seed", "5").get("edgeList"));
    assertNotEquals(first, json("random-regular", 32, "--seed", "6").get("edgeList"));
  }

  @Test
  void shouldCompareAllKindsWhenNoneIsGiven() {
    CommandRun run = CommandRun.of("topology", "--workers", "7", "--json").requireOk();
    JsonNode kinds = run.json().get("kinds");
    assertEquals(7, run.json().get("workers").asInt());
    assertEquals(
        List.of(
            "ring",
            "torus",
            "exponential",
            "star",
            "complete",
            "complete-bipartite",
            "bipartite-exponential",
            "random-regular:4"),
        kinds.findValuesAsText("kind"));
    for (JsonNode kind : kinds) {
      if (kind.has("reason")) {
        assertTrue(kind.get("reason").asText().contains("7"), kind.toString());
      } else {
        JsonNode alone = json(kind.get("kind").asText(), 7);
        for (String figure :
            List.of("edges", "degreeMin", "degreeMax", "spectralGap", "exchangesToHalve")) {
          assertEquals(alone.get(figure), kind.get(figure), kind.toString());
        }
      }
    }
    assertEquals(3, kinds.findValues("reason").size(), "torus and the bipartite ones");
  }

  @Test
  void shouldShowTheGapOfEachKindOrTheReasonWhenATableIsPrinted() {
    String table = CommandRun.of("topology", "--workers", "9").requireOk().out();
    assertTrue(table.startsWith("9 workers "), table);
    for (String row :
        List.of(
            "ring .* 9 +2 +0\\.025995 .*",
            "torus .* 18 +4 +0\\.083333 .*",
            "star .* 8 +1 to 8 +0\\.062500 .*",
            "complete .* 36 +8 +0\\.125000 .*",
            "complete-bipartite .*needs an even number of workers, not 9.*",
            "random-regular:4 .* 18 +4 +0\\.0.*")) {
      assertTrue(table.lines().anyMatch(line -> line.matches(row)), row + " in\n" + table);
    }
  }

  @Test
  void shouldListEveryFormWithWhatItJoinsWhenListIsAsked() {
    String list = CommandRun.of("topology", "--list").requireOk().out();
    JsonNode json = CommandRun.of("topology", "--list", "--json").requireOk().json();
    assertEquals(9, list.lines().count(), list);
    assertEquals(9, json.get("kinds").size());
    String help = CommandRun.of("topology", "--help").requireOk().out().replaceAll("\\s+", "");
    for (JsonNode kind : json.get("kinds")) {
      String form = kind.get("kind").asText();
      assertTrue(list.lines().anyMatch(line -> line.startsWith(form + " ")), list);
      assertTrue(help.contains(form), form + " is missing in the help");
      assertFalse(kind.get("joins").asText().isBlank());
    }
  }

  @Test
  void shouldAskForAKindWhenDotIsAskedAlone() {
    CommandRun run = CommandRun.of("topology", "--dot");
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertTrue(run.err().contains("choose it with --kind"), run.err());
  }

  @Test
  void shouldShowDigitsWhenTheGapIsSmall() {
    String ring = CommandRun.of("topology", "--kind", "ring", "--workers", "256").requireOk().out();
    assertTrue(ring.contains("spectral gap  1.18e-06 (1 - rho)"), ring);
    assertTrue(ring.contains("rho           0.9999988"), ring);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tree | 4 | topology=tree is unknown: choose one of ring, torus,",
        "torus | 7 | 7 is prime: use 6 or 8 workers",
        "random-regular:3 | 7 | the degree times the workers must be even",
        "file:/no/such/graph | 4 | topology file /no/such/graph does not exist: give the path",
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
