package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RankProcesses;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code starling train} as one rank of several, under kills and signals. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterJobTest {
  /** Long enough to be disturbed, and slow enough for many processes on few processors. */
  private static final String[] LONG = {"--steps", "1000", "--compute-ms", "5"};

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private void assertNothingLeft(RankProcesses ranks) {
    assertEquals(List.of(), CommandRun.list(shared.directory()), ranks::all);
  }

  private static void assertPart(JsonNode result, int rank) {
    assertEquals("{\"rank\":" + rank + "}", result.toString());
  }

  private static boolean hasIncident(JsonNode result, String part) {
    return result.get("incidents").toString().contains(part);
  }

  private static JsonNode rank(JsonNode stat, int rank) {
    return stat.get("ranks").get(rank);
  }

  @Test
  void shouldFinishOnEveryRankAndEvaluateOnOne() throws Exception {
    try (RankProcesses ranks = RankProcesses.start(shared, 3, "--steps", "200")) {
      JsonNode result = ranks.result(0, 0);
      assertPart(ranks.result(1, 0), 1);
      assertPart(ranks.result(2, 0), 2);
      assertTrue(result.get("accuracy").asDouble() > 0.5, result.toString());
      assertEquals(3, result.get("workerAccuracies").size());
      assertEquals(0, result.get("lostRanks").size(), result.toString());
      assertEquals(0, result.get("incidents").size(), result.toString());
      long steps = result.get("steps").asLong();
      assertTrue(steps >= 600 && steps < 1_200, result.toString());
      assertEquals(result.get("gradientsSubmitted"), result.get("gradientsApplied"));
      assertTrue(Files.exists(ranks.directory("rank-0").resolve("model.safetensors")));
      assertFalse(Files.exists(ranks.directory("rank-1").resolve("model.safetensors")));
      assertTrue(ranks.err(0).contains("fabric shm: all ranks are on this host"), ranks::all);
      assertTrue(ranks.err(0).contains("epoch"), ranks::all);
      assertFalse(ranks.err(1).contains("epoch"), ranks::all);
      for (int rank = 0; rank < 3; rank++) {
        JsonNode stat =
            CommandRun.of("stat", ranks.directory("rank-" + rank).toString(), "--json")
                .requireOk()
                .json();
        assertEquals("finished", stat.get("state").asText());
      }
      assertNothingLeft(ranks);

      ranks.start(1, Map.of(), "--steps", "200");
      String error = ranks.result(1, 2).get("error").asText();
      assertTrue(error.contains("holds a run that has ended"), error);
    }
  }

  @Test
  void shouldGoOnWithoutARankThatIsKilled() throws Exception {
    try (RankProcesses ranks = RankProcesses.start(shared, 3, LONG)) {
      JsonNode stat = ranks.awaitSteps(0, 20);
      assertEquals("running", stat.get("state").asText());
      assertEquals(
          "running",
          CommandRun.of("stat", ranks.directory("rank-0").toString(), "--json")
              .requireOk()
              .json()
              .get("state")
              .asText());
      ranks.signal("KILL", 2);
      JsonNode result = ranks.result(0, 0);
      assertPart(ranks.result(1, 0), 1);
      assertEquals("[2]", result.get("lostRanks").toString());
      assertTrue(hasIncident(result, "rank 2 was lost after "), result.toString());
      assertTrue(result.get("workerAccuracies").get(2).isNull(), result.toString());
      assertTrue(result.get("accuracy").asDouble() > 0.5, result.toString());
      assertTrue(result.get("steps").asLong() >= 2_900, result.toString());
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldEvaluateOnTheNextRankWhenTheFirstIsKilled() throws Exception {
    try (RankProcesses ranks = RankProcesses.start(shared, 3, LONG)) {
      ranks.awaitSteps(0, 20);
      ranks.signal("KILL", 0);
      JsonNode result = ranks.result(1, 0);
      assertPart(ranks.result(2, 0), 2);
      assertEquals("[0]", result.get("lostRanks").toString());
      assertTrue(result.get("accuracy").asDouble() > 0.5, result.toString());
      assertTrue(Files.exists(ranks.directory("rank-1").resolve("model.safetensors")));
      assertNothingLeft(ranks);
    }
  }

  @ParameterizedTest
  @CsvSource({"2,0", "0,1"})
  void shouldTakePartAgainWhenARankIsStartedAgain(int killed, int other) throws Exception {
    try (RankProcesses ranks = RankProcesses.start(shared, 3, LONG)) {
      long before = rank(ranks.awaitSteps(other, 20), killed).get("steps").asLong();
      ranks.signal("KILL", killed);
      ranks.awaitTold(other, "rank " + killed + " was lost after ");
      ranks.start(killed, Map.of(), LONG);
      ranks.awaitTold(killed, "rank " + killed + " copied the model of rank ");
      ranks.awaitTold(other, "rank " + killed + " is back (incarnation 1)");
      ranks.awaitStat(
          other,
          stat ->
              rank(stat, killed).get("incarnation").asInt(-1) == 1
                  && rank(stat, killed).get("steps").asLong() > before
                  && rank(stat, killed).path("counters").path("exchanges").asLong() > 0);
      JsonNode result = ranks.result(0, 0);
      assertPart(ranks.result(1, 0), 1);
      assertPart(ranks.result(2, 0), 2);
      assertEquals("[]", result.get("lostRanks").toString());
      assertEquals(1, result.get("restarts").asInt(), result.toString());
      assertFalse(result.get("workerAccuracies").get(killed).isNull(), result.toString());
      long steps = result.get("steps").asLong();
      assertTrue(steps >= 2_900 && steps < 3_400, "nobody does the work again: " + result);
      String again = "rank-" + killed + ".2";
      assertTrue(Files.exists(ranks.directory(again).resolve("train.log")), again);
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldEndARankThatWasTakenForDeadWhileItWasStoppedAndTakeItInAgain() throws Exception {
    String[] options = {"--steps", "1500", "--compute-ms", "10"};
    try (RankProcesses ranks = RankProcesses.start(shared, 3, options)) {
      ranks.awaitSteps(0, 20);
      ranks.signal("STOP", 2);
      ranks.awaitTold(0, "rank 2 was lost after ");
      ranks.awaitTold(1, "rank 2 was lost after ");
      ranks.signal("CONT", 2);
      String error = ranks.result(2, 1).get("error").asText();
      assertTrue(error.contains("the other ranks take rank 2 for dead"), error);
      assertFalse(Files.exists(ranks.directory("rank-2").resolve("model.safetensors")));
      ranks.start(2, Map.of(), options);
      ranks.awaitTold(0, "rank 2 is back (incarnation 1)");
      JsonNode result = ranks.result(0, 0);
      assertPart(ranks.result(1, 0), 1);
      assertPart(ranks.result(2, 0), 2);
      assertEquals("[]", result.get("lostRanks").toString());
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldBeginWithoutARankThatNeverComesAndTakeItInWhenItComesLate() throws Exception {
    try (RankProcesses ranks = new RankProcesses(shared, 2)) {
      String[] options = {"--steps", "1000", "--compute-ms", "5", "--gather-seconds", "3"};
      ranks.start(0, Map.of(), options);
      ranks.awaitTold(0, "ranks [1] have not joined in time: the others begin without them");
      ranks.awaitStat(0, stat -> rank(stat, 0).get("steps").asLong() > 20);
      ranks.start(1, Map.of(), options);
      ranks.awaitTold(1, "rank 1 copied the model of rank 0");
      ranks.awaitTold(0, "rank 1 has joined");
      JsonNode result = ranks.result(0, 0);
      assertPart(ranks.result(1, 0), 1);
      assertEquals("[]", result.get("lostRanks").toString());
      assertTrue(result.get("stepsPerWorker").get(1).asLong() > 0, result.toString());
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldSaveTheModelWhenEveryRankIsStopped() throws Exception {
    try (RankProcesses ranks =
        RankProcesses.start(shared, 3, "--steps", "100000", "--compute-ms", "5")) {
      ranks.awaitSteps(0, 20);
      ranks.signal("TERM", 2, 0, 1);
      JsonNode result = ranks.result(0, 143);
      assertPart(ranks.result(1, 143), 1);
      assertPart(ranks.result(2, 143), 2);
      assertTrue(result.get("stopped").asBoolean(), result.toString());
      assertEquals("[]", result.get("lostRanks").toString());
      assertFalse(result.get("workerAccuracies").get(2).isNull(), result.toString());
      assertTrue(Files.exists(ranks.directory("rank-0").resolve("model.safetensors")));
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldLeaveTheRunToTheOthersWhenOneRankIsStopped() throws Exception {
    try (RankProcesses ranks = RankProcesses.start(shared, 3, LONG)) {
      ranks.awaitSteps(1, 20);
      ranks.signal("TERM", 0);
      assertPart(ranks.result(0, 143), 0);
      ranks.awaitTold(1, "rank 0 left after ");
      JsonNode result = ranks.result(1, 0);
      assertPart(ranks.result(2, 0), 2);
      assertTrue(hasIncident(result, "rank 0 left after "), result.toString());
      assertFalse(result.get("stopped").asBoolean(), result.toString());
      assertTrue(result.get("steps").asLong() >= 2_900, result.toString());
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldEndAtOnceWhenItIsStoppedWhileItWaitsForOthers() throws Exception {
    try (RankProcesses ranks = new RankProcesses(shared, 2)) {
      Process waits = ranks.start(1, Map.of());
      ranks.awaitTold(1, "rank 1 of 2");
      ranks.signal("TERM", 1);
      assertTrue(waits.waitFor(8, java.util.concurrent.TimeUnit.SECONDS), ranks::all);
      assertFalse(ranks.err(1).contains("was cut off"), ranks::all);
      assertNothingLeft(ranks);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model mlp:16 | its model or options differ: it has \"model=mlp:16",
        "--fabric shm | fabric=shm",
        "--lr 0.5 | lr=0.5",
      })
  void shouldRefuseARankWithOtherOptionsAndGoOn(String other, String part) throws Exception {
    try (RankProcesses ranks = new RankProcesses(shared, 2)) {
      String[] options = {"--steps", "100", "--gather-seconds", "4"};
      ranks.start(0, Map.of(), options);
      ranks.start(1, Map.of(), CommandRun.join(List.of(options), other.split(" ")));
      String error = ranks.result(1, 1).get("error").asText();
      assertTrue(error.contains("rank 1 was refused by 127.0.0.1:"), error);
      assertTrue(error.contains(part), error);
      JsonNode result = ranks.result(0, 0);
      assertTrue(ranks.err(0).contains(part), ranks::all);
      assertEquals("[1]", result.get("lostRanks").toString());
      assertNothingLeft(ranks);
    }
  }

  @Test
  void shouldLetNobodyInWithAnotherToken() throws Exception {
    try (RankProcesses ranks = new RankProcesses(shared, 2)) {
      String[] options = {"--steps", "100", "--gather-seconds", "4"};
      ranks.start(0, Map.of("STARLING_JOB_TOKEN", "the token of this job"), options);
      ranks.start(1, Map.of("STARLING_JOB_TOKEN", "the token of another"), options);
      String error = ranks.result(1, 1).get("error").asText();
      assertTrue(error.contains("token"), error);
      ranks.result(0, 0);
      assertTrue(ranks.err(0).contains("token"), ranks::all);
      assertFalse(ranks.all().contains("the token of"), ranks::all);
      assertNothingLeft(ranks);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--world-size 2 --master 127.0.0.1:1 --workers 3 | --workers=3 contradicts the 2 ranks of",
        "--world-size 2 | --master host:port",
        "--world-size 2 --master 127.0.0.1:1 --processes | for jobs of one host",
        "--world-size 2 --master 127.0.0.1:1 --log f32 | for jobs of one host",
        "--world-size 2 --master 10.1.2.3:4 | the job has no token but its master address",
        "--world-size 0 --master 127.0.0.1:1 | --world-size",
        "--world-size 1 --fabric carrier-pigeon | --fabric=carrier-pigeon is unknown: choose one of"
            + " auto, shm",
        "--world-size 1 --gather-seconds 0 | --gather-seconds=0.0 is out of range",
        "--world-size 1 --silence-seconds 0.5 | --silence-seconds=0.5 is out of range",
      })
  void shouldRefuseInOneSentence(String options, String part) {
    CommandRun run =
        CommandRun.of(
            CommandRun.join(
                List.of(shared.train("--steps", "5", "--rank", "0")), options.split(" ")));
    assertEquals(2, run.exitCode(), run.err());
    assertTrue(run.err().contains(part), run.err());
    String last = run.err().lines().toList().getLast();
    assertTrue(last.startsWith("starling: "), run.err());
    assertEquals(List.of(), CommandRun.list(shared.directory()));
  }

  @Test
  void shouldTrainAloneWhenTheJobHasOneRank() {
    CommandRun run =
        CommandRun.of(shared.train("--steps", "50", "--rank", "0", "--world-size", "1", "--json"));
    JsonNode result = run.requireOk().json();
    assertTrue(result.get("steps").asLong() >= 50, result.toString());
  }

  @Test
  void shouldRefuseAFabricForOtherHostsWhenNobodyLaunchedIt() {
    CommandRun run = CommandRun.of(shared.train("--fabric", "verbs"));
    assertEquals(2, run.exitCode());
    assertTrue(run.err().contains("is for jobs whose ranks are started one by one"), run.err());
  }
}
