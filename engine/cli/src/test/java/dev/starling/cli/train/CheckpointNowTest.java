package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RecordedFiles;
import dev.starling.cli.Terminal;
import dev.starling.cli.TrainingProcess;
import dev.starling.engine.checkpoint.CheckpointSets;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckpointNowTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Path run() {
    return shared.run("run");
  }

  private CommandRun now(String... more) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Terminal terminal = new Terminal(new PrintWriter(out, true), new PrintWriter(err, true), false);
    CommandLine command = new CommandLine(new CheckpointNowCommand(terminal));
    int exitCode = command.execute(CommandRun.join(List.of(run().toString()), more));
    return new CommandRun(exitCode, out.toString(), err.toString());
  }

  private void assertRefused(CommandRun run, int exitCode, String part) {
    assertEquals(exitCode, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertFalse(run.err().contains("fault of starling"), run.err());
    assertTrue(run.err().contains(part), run.err());
    assertTrue(run.err().contains(run().toString()), run.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--verbose", "--processes"})
  void shouldSaveASetWhenTheRunGoesOn(String how) throws Exception {
    try (TrainingProcess training =
        TrainingProcess.start(
            shared, "--workers", "2", "--steps", "100000", "--compute-ms", "5", how)) {
      training.awaitSteps(20);
      for (long set = 1; set <= 2; set++) {
        JsonNode json = now("--json").requireOk().json();
        assertEquals(set, json.get("set").asLong(), json.toString());
        Path directory = CheckpointSets.of(run()).directory(set);
        assertEquals(directory.toString(), json.get("directory").asText());
        assertEquals(List.of(), CheckpointSets.of(run()).check(set));
        assertEquals(2, CheckpointSets.of(run()).read(set).ranks().size());
      }
      assertTrue(now().requireOk().out().startsWith("checkpoint set 3 is complete"));
      training.signal("TERM");
      JsonNode result = training.result(143);
      assertTrue(result.get("stopped").asBoolean(), result.toString());
      assertTrue(training.err().contains("checkpoint 1 is complete: 2 of 2 ranks"));
    }
    // Without a log and an interval, the end is not saved.
    assertEquals(3, RecordedFiles.newestSet(run()));
    CommandRun resumed =
        CommandRun.of(TrainingProcess.resumed(shared, "--steps", "1", "--json")).requireOk();
    assertTrue(resumed.err().contains("goes on from checkpoint set 3"), resumed.err());
  }

  @Test
  void shouldProveTheSetWhenTheRunIsLogged() throws Exception {
    try (TrainingProcess training =
        TrainingProcess.start(
            shared,
            "--workers",
            "2",
            "--steps",
            "100000",
            "--compute-ms",
            "5",
            "--log",
            "f32",
            "--log-segment",
            "1m",
            "--processes")) {
      training.awaitSteps(20);
      now().requireOk();
      training.signal("TERM");
      training.result(143);
    }
    assertEquals(2, RecordedFiles.requireProven(run()).get("setsCompared").asInt());
  }

  @Test
  void shouldSayThatTheRunIsOverWhenItIs() {
    CommandRun.of(shared.train("--workers", "2", "--steps", "10", "--log", "f32")).requireOk();
    assertRefused(now(), ExitCodes.FAILURE, "does not go on any more");
  }

  @Test
  void shouldSayThatTheRunIsOverWhenItsSupervisorWasKilled() throws Exception {
    try (TrainingProcess training =
        TrainingProcess.start(shared, "--workers", "2", "--steps", "100000", "--compute-ms", "5")) {
      training.awaitSteps(10);
      training.process().destroyForcibly().waitFor();
      assertRefused(now(), ExitCodes.FAILURE, "does not go on any more");
    }
    for (Path left : CommandRun.list(shared.directory())) {
      Files.delete(left);
    }
  }

  @Test
  void shouldRefuseWhenThereIsNoRun() throws IOException {
    assertRefused(now(), ExitCodes.USAGE, "is no run directory");
    Files.createDirectory(run());
    assertRefused(now(), ExitCodes.USAGE, "is no run directory");
  }

  @Test
  void shouldGiveUpInOneSentenceWhenAWorkerIsPausedForTooLong() throws Exception {
    try (TrainingProcess training =
        TrainingProcess.start(
            shared, "--workers", "2", "--steps", "100000", "--compute-ms", "5", "--processes")) {
      JsonNode stat = training.awaitSteps(20);
      long paused = TrainingProcess.pid(stat, 1);
      TrainingProcess.signal("STOP", paused);
      assertRefused(now("--timeout", "1"), ExitCodes.FAILURE, "made no checkpoint set within 1");
      TrainingProcess.signal("CONT", paused);
      now().requireOk();
      training.signal("TERM");
      training.result(143);
    }
  }
}
