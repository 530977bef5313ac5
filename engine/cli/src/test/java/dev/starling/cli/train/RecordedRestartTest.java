package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RecordedFiles;
import dev.starling.cli.TrainingProcess;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recorded worker processes that are killed and started again; the run stays proven. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecordedRestartTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private TrainingProcess start(String... more) throws IOException {
    return TrainingProcess.start(
        shared,
        CommandRun.join(List.of("--processes", "--log-segment", "1m", "--compute-ms", "5"), more));
  }

  private static void killAndAwaitReturn(TrainingProcess training, JsonNode stat, int rank)
      throws IOException, InterruptedException {
    int before = stat.get("ranks").get(rank).get("incarnation").asInt();
    TrainingProcess.signal("KILL", TrainingProcess.pid(stat, rank));
    long steps = stat.get("ranks").get(rank).get("steps").asLong();
    training.awaitStat(
        now ->
            now.get("ranks").get(rank).get("incarnation").asInt(-1) == before + 1
                && now.get("ranks").get(rank).get("steps").asLong() > steps + 10);
  }

  @Test
  void shouldGoOnFromItsOwnCheckpointWhenNobodyElseLives() throws Exception {
    try (TrainingProcess training =
        start(
            "--workers",
            "1",
            "--steps",
            "500",
            "--restart",
            "1",
            "--log",
            "f32",
            "--checkpoint-every",
            "200ms")) {
      training.await("no set", () -> training.err().contains("checkpoint 2 is complete"));
      killAndAwaitReturn(training, training.awaitSteps(1), 0);
      String told = "rank 0 is back: it goes on from its checkpoint in set ";
      assertTrue(training.err().contains(told), training.err());
      JsonNode result = training.result(0);
      assertEquals(1, result.get("restarts").asInt(), result.toString());
      assertEquals(0, result.get("lostRanks").size(), result.toString());
      String incident = result.get("incidents").get(1).asText();
      assertTrue(incident.matches(told + "[2-9]\\d*, as nobody else lived"), incident);
    }
    JsonNode verified = RecordedFiles.requireProven(shared.run("run"));
    assertEquals(2, verified.get("logs").asInt(), verified.toString());
    assertTrue(verified.get("setsCompared").asInt() >= 3, verified.toString());
  }

  @Test
  void shouldStartAnewWhenNobodyElseLivesAndNothingWasSaved() throws Exception {
    try (TrainingProcess training =
        start("--workers", "1", "--steps", "200", "--restart", "1", "--log", "f32")) {
      killAndAwaitReturn(training, training.awaitSteps(20), 0);
      JsonNode result = training.result(0);
      assertTrue(
          result.get("incidents").get(1).asText().contains("starts from the initial one"),
          result.toString());
    }
    RecordedFiles.requireProven(shared.run("run"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "bf16"})
  void shouldCopyANeighbourWhenOthersLive(String log) throws Exception {
    try (TrainingProcess training =
        start(
            "--workers",
            "3",
            "--steps",
            "100000",
            "--restart",
            "2",
            "--log",
            log,
            "--stripe-bytes",
            "8192",
            "--checkpoint-every",
            "500ms")) {
      killAndAwaitReturn(training, training.awaitSteps(20), 1);
      killAndAwaitReturn(training, training.awaitSteps(20), 2);
      training.signal("TERM");
      JsonNode result = training.result(143);
      assertEquals(2, result.get("restarts").asInt(), result.toString());
      assertTrue(
          training.err().contains("rank 1 is back: it copied the model of rank "), training.err());
      assertFalse(training.err().contains("goes on from its checkpoint"), training.err());
    }
    JsonNode verified = RecordedFiles.requireProven(shared.run("run"));
    assertEquals(5, verified.get("logs").asInt(), verified.toString());
  }

  @Test
  void shouldStayProvenWhenALostWorkerIsLeftBehind() throws Exception {
    try (TrainingProcess training =
        start("--workers", "3", "--steps", "200", "--log", "f32", "--checkpoint-every", "300ms")) {
      TrainingProcess.signal("KILL", TrainingProcess.pid(training.awaitSteps(20), 1));
      assertEquals("[1]", training.result(0).get("lostRanks").toString());
    }
    RecordedFiles.requireProven(shared.run("run"));
    CommandRun resumed = CommandRun.of(TrainingProcess.resumed(shared, "--steps", "260", "--json"));
    assertEquals(0, resumed.requireOk().json().get("lostRanks").size(), resumed.out());
    JsonNode verified = RecordedFiles.requireProven(shared.run("run"));
    assertEquals(6, verified.get("logs").asInt(), verified.toString());
  }

  @Test
  void shouldStayProvenWhenTheWholeRunIsKilledAndResumed() throws Exception {
    try (TrainingProcess training =
        start("--workers", "2", "--steps", "400", "--log", "f32", "--checkpoint-every", "200ms")) {
      training.await("no set", () -> training.err().contains("checkpoint 2 is complete"));
      List<ProcessHandle> children = training.process().children().toList();
      training.process().destroyForcibly().waitFor();
      for (ProcessHandle child : children) {
        child.onExit().get();
      }
    }
    RecordedFiles.requireProven(shared.run("run"));
    JsonNode result = CommandRun.of(TrainingProcess.resumed(shared, "--json")).requireOk().json();
    assertEquals(800, result.get("steps").asLong(), result.toString());
    RecordedFiles.requireProven(shared.run("run"));
  }
}
