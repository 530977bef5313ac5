package dev.starling.cli.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ScaleCommandTest {
  private static CommandRun scale(String... more) {
    List<String> arguments = new ArrayList<>(List.of("--epochs", "2", "--steps", "10"));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--workers")) {
      arguments.addAll(List.of("--workers", "8"));
    }
    return CommandRun.of(
        CommandRun.join(List.of("sim", "scale"), arguments.toArray(String[]::new)));
  }

  @Test
  void shouldPrintEveryFigureWhenJsonIsAsked() {
    JsonNode json = scale("--json", "--slow-factor", "10").requireOk().json();
    assertEquals("ad-psgd", json.get("options").get("algorithm").asText());
    assertEquals(10, json.get("options").get("slowFactor").asInt());
    assertEquals(2, json.get("epochs").size());
    JsonNode last = json.get("epochs").get(1);
    assertEquals(2, last.get("epoch").asInt());
    assertTrue(last.get("loss").asDouble() < json.get("epochs").get(0).get("loss").asDouble());
    for (String figure : List.of("accuracy", "consensusDistance", "stalenessMean")) {
      assertTrue(last.get(figure).asDouble() > 0, figure);
    }
    assertEquals(json.get("epochSeconds").asDouble(), last.get("endSeconds").asDouble() / 2, 1e-9);
    assertEquals(
        json.get("exchangesPerSecond").asDouble(),
        json.get("exchanges").asDouble() / json.get("virtualSeconds").asDouble(),
        1e-9);
    assertEquals(
        "model of ring all-reduce, not simulated", json.get("ringAllReduce").get("what").asText());
    assertTrue(json.get("ringAllReduce").get("epochSeconds").asDouble() > 10);
    assertEquals(
        CommandRun.parse("[\"allreduce\",\"d-psgd\",\"a-psgd\"]"), json.get("notSimulated"));
  }

  @Test
  void shouldPrintTheSameWhenTheOptionsAreEqual() {
    assertEquals(scale().requireOk().out(), scale().requireOk().out());
  }

  @Test
  void shouldSayWhatIsNotSimulatedWhenAPersonReads() {
    String even = scale().requireOk().out();
    assertTrue(even.startsWith("epoch "), even);
    assertTrue(even.lines().anyMatch(line -> line.matches(" +2 +[0-9.]+ +[0-9.]+ +[0-9.]+% .*")));
    assertTrue(even.contains("(model of ring all-reduce, not simulated)"), even);
    assertTrue(even.contains("allreduce, d-psgd, a-psgd: not simulated"), even);
    assertFalse(even.contains("slowed rank"), even);
    assertTrue(scale("--slow-factor", "3").requireOk().out().contains("slowed rank"));
    assertTrue(scale("--seconds", "0.2").requireOk().out().contains("none ended within 0.200 s"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--workers 1 | workers=1 is out of range: choose a value from 2 to 4096",
        "--algorithm d-psgd | algorithm=d-psgd is not simulated: choose ad-psgd",
        "--topology tree | topology=tree is unknown",
        "--gbit 0 | bandwidth in Gbit/s=0.0 is out of range"
      })
  void shouldRefuseInOneSentenceWhenAnOptionIsImpossible(String options, String part) {
    CommandRun refused = scale(options.split(" "));
    assertEquals(ExitCodes.USAGE, refused.exitCode(), refused.err());
    assertEquals("", refused.out());
    assertEquals(1, refused.err().lines().count(), refused.err());
    assertTrue(refused.err().contains(part), refused.err());
  }
}
