package dev.starling.cli.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.engine.sim.Scenario;
import dev.starling.engine.sim.Sweep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimCommandTest {
  private static CommandRun sim(String... arguments) {
    List<String> line = new ArrayList<>(List.of("sim"));
    line.addAll(List.of(arguments));
    return CommandRun.of(line.toArray(String[]::new));
  }

  @Test
  void shouldTellSeedsViolationsHashAndFaultsAsJson() {
    JsonNode json = sim("--seeds", "40", "--from", "7", "--json").requireOk().json();
    assertEquals(40, json.get("seeds").asInt());
    assertEquals(0, json.get("violations").asInt());
    assertTrue(json.get("firstFailingSeed").isNull());
    assertTrue(json.get("traceHash").asText().matches("[0-9a-f]{16}"));
    assertTrue(json.get("faultsInjected").get("crash").asInt() > 0, json.toString());
    assertTrue(json.get("counts").get("exchanges").asInt() > 100, json.toString());
  }

  @Test
  void shouldPrintTheSameHashTwiceAndAnotherForOtherSeeds_P7() {
    String first = hash("1");
    assertEquals(first, hash("1"));
    assertNotEquals(first, hash("2"));
  }

  private static String hash(String from) {
    return sim("--seeds", "8", "--from", from, "--json")
        .requireOk()
        .json()
        .get("traceHash")
        .asText();
  }

  @Test
  void shouldRunWhatTheOptionsSayWhenTheyAreGiven() {
    JsonNode json =
        sim(
                "--seeds=3",
                "--workers=5",
                "--stripes=2",
                "--steps=6",
                "--reach=verbs",
                "--faults=pause=2,non-finite=200",
                "--json")
            .requireOk()
            .json();
    JsonNode injected = json.get("faultsInjected");
    assertEquals(6, injected.get("pause").asInt(), json.toString());
    assertTrue(injected.get("non-finite").asInt() > 0, json.toString());
    assertEquals(0, injected.get("crash").asInt(), json.toString());
  }

  @Test
  void shouldRepeatARunWhenItsCommandIsGiven_P7() {
    for (long seed = 1; seed <= 12; seed++) {
      Scenario scenario = Scenario.ofSeed(seed);
      String[] command = (scenario.command() + " --json").split(" ");
      assertEquals("starling", command[0]);
      CommandRun run = CommandRun.of(Arrays.copyOfRange(command, 1, command.length));
      long hash = Sweep.of(seed, 1, Scenario::ofSeed, done -> {}).traceHash();
      assertEquals("%016x".formatted(hash), run.requireOk().json().get("traceHash").asText());
    }
  }

  @Test
  void shouldFindAndShrinkAMistakeWhenAMutantIsPlanted() {
    CommandRun run = sim("--mutant=version-skipped", "--seeds=20", "--shrink-runs=400", "--json");
    assertEquals(ExitCodes.FAILURE, run.exitCode());
    JsonNode json = run.json();
    assertTrue(json.get("violations").asInt() > 0, json.toString());
    assertEquals(1, json.get("firstFailingSeed").asInt(), json.toString());
    assertTrue(json.get("violation").asText().startsWith("I3"), json.toString());
    assertTrue(json.get("again").asText().endsWith("--mutant version-skipped"));
    assertTrue(json.get("smallest").asText().contains("--workers 2 --stripes 1 --steps 1 "));
  }

  @Test
  void shouldListTheMutantsWhenTheirJarIsOnTheClassPath() {
    JsonNode mutants = sim("--list", "--json").requireOk().json().get("mutants");
    assertTrue(mutants.size() >= 12, mutants.toString());
    assertTrue(sim("--mutant=nobody").err().contains("choose one of acknowledged-early,"));
  }

  @Test
  void shouldReportForPeopleWithoutJson() {
    String out = sim("--seeds=4").requireOk().out();
    assertTrue(out.startsWith("4 seeds from 1 in "), out);
    assertTrue(out.contains("violations: 0"), out);
    assertFalse(out.contains("again:"), out);
  }

  @Test
  void shouldPrintEveryEventWhenATraceIsAskedFor() {
    CommandRun run = sim("--seeds=1", "--trace").requireOk();
    assertTrue(run.err().lines().filter(line -> line.contains("stripe 0 of rank")).count() > 10);
  }

  @Test
  void shouldListFaultsAndWaysToReach() {
    JsonNode json = sim("--list", "--json").requireOk().json();
    assertTrue(json.get("faults").size() >= 13, json.toString());
    assertEquals(3, json.get("reach").size());
    assertTrue(sim("--list").requireOk().out().contains("torn-tail"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--seeds=0 | seeds=0",
        "--workers=1 | workers=1",
        "--faults=fire | fault fire is unknown: choose one of crash,",
        "--faults=pause=many | many is no number",
        "--reach=radio | reach radio is unknown: choose one of shared, remote, verbs",
        "--mutant=nobody | there is no mutant nobody on the class path"
      })
  void shouldSayWhatIsWrongWhenAnOptionIs(String option, String says) {
    CommandRun run = sim(option);
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertTrue(run.err().contains(says), run.err());
  }
}
