package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.chronicle.ChronicleLogs;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RecordedFiles;
import dev.starling.cli.TrainingProcess;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.log.LogCursor;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that go on: {@code starling train --resume DIR}. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResumeTest {
  private static final ValueLayout.OfFloat LEARNING_RATE =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Path run() {
    return shared.run("run");
  }

  private CommandRun train(String... more) {
    List<String> all = new ArrayList<>(List.of("--log-segment", "1m", "--json"));
    if (!List.of(more).contains("--workers")) {
      all.addAll(List.of("--workers", "2"));
    }
    all.addAll(List.of(more));
    return CommandRun.of(shared.train(all.toArray(String[]::new)));
  }

  private CommandRun resume(String... more) {
    return CommandRun.of(TrainingProcess.resumed(shared, more));
  }

  private List<String> logs() {
    return CommandRun.list(run().resolve("log")).stream()
        .map(path -> path.getFileName().toString())
        .sorted()
        .toList();
  }

  /** The learning rates of a log in order. */
  private List<Float> learningRates(String log) {
    List<Float> rates = new ArrayList<>();
    try (LogCursor cursor = ChronicleLogs.open(run().resolve("log").resolve(log))) {
      while (cursor.next()) {
        if (LogRecord.kind(cursor.record()) == RecordKind.GRADIENT) {
          rates.add(cursor.record().get(LEARNING_RATE, LogRecord.HEADER_BYTES + 20));
        }
      }
    }
    return rates;
  }

  private static void assertRefused(CommandRun run, int exitCode, String... parts) {
    assertEquals(exitCode, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertFalse(run.err().contains("fault of starling"), run.err());
    for (String part : parts) {
      assertTrue(run.err().contains(part), () -> part + " is missing in: " + run.err());
    }
  }

  @Test
  void shouldDoWhatIsLeftWhenAFinishedRunGetsMoreEpochs() throws IOException {
    train("--log", "f32", "--epochs", "2").requireOk();
    assertEquals(List.of("0.0", "1.0"), logs());
    long before = RecordedFiles.newestSet(run());

    CommandRun resumed = resume("--epochs", "5", "--json").requireOk();
    assertTrue(resumed.err().contains("goes on from checkpoint set " + before), resumed.err());
    // The counters go on: the whole of both parts is five epochs.
    assertEquals(2_000, resumed.json().get("samples").asLong(), resumed.out());
    assertEquals(List.of("0.0", "0.1", "1.0", "1.1"), logs());
    long submitted = (long) learningRates("0.1").size() + learningRates("1.1").size();
    assertTrue(submitted * 16 <= 3 * 400 + 16, "more work than what was left: " + submitted);
    JsonNode verified = RecordedFiles.requireProven(run());
    assertEquals(4, verified.get("logs").asInt(), verified.toString());
    assertEquals(2, verified.get("ranks").asInt(), verified.toString());
    assertTrue(verified.get("setsCompared").asInt() >= 2, verified.toString());
    assertTrue(Files.readString(run().resolve("train.log")).contains("goes on from checkpoint"));
  }

  @Test
  void shouldGoOnWithTheScheduleWhenItIsResumed() {
    train("--log", "f32", "--epochs", "4", "--schedule", "linear", "--warmup", "0").requireOk();
    resume("--epochs", "8").requireOk();
    // A straight line to 0 over eight epochs: at its half after four, not at its top again.
    for (String log : List.of("0.1", "1.1")) {
      List<Float> rates = learningRates(log);
      assertFalse(rates.isEmpty(), log);
      for (int i = 0; i < rates.size(); i++) {
        assertTrue(rates.get(i) < 0.03f * 0.9f, log + ": " + rates);
        assertTrue(i == 0 || rates.get(i) <= rates.get(i - 1), log + ": " + rates);
      }
    }
    RecordedFiles.requireProven(run());
  }

  @Test
  void shouldHaveNothingToDoWhenAllTheWorkIsDone() {
    long steps = train("--log", "f32", "--steps", "20").requireOk().json().get("steps").asLong();
    JsonNode result = resume("--json").requireOk().json();
    assertEquals(steps, result.get("steps").asLong(), result.toString());
    RecordedFiles.requireProven(run());
  }

  @Test
  void shouldGoOnWhereASignalStoppedIt() throws Exception {
    JsonNode first;
    try (TrainingProcess stopped =
        TrainingProcess.start(
            shared,
            "--workers",
            "2",
            "--log",
            "bf16",
            "--log-segment",
            "1m",
            "--steps",
            "200",
            "--compute-ms",
            "5")) {
      stopped.awaitSteps(30);
      stopped.signal("TERM");
      first = stopped.result(143);
    }
    assertTrue(first.get("stopped").asBoolean(), first.toString());
    assertTrue(first.get("steps").asLong() < 400, first.toString());
    JsonNode result = resume("--json").requireOk().json();
    assertEquals(400, result.get("steps").asLong(), result.toString());
    assertFalse(result.get("stopped").asBoolean());
    RecordedFiles.requireProven(run());
  }

  @Test
  void shouldGoOnWithProcessesWhenAsked() throws Exception {
    train("--log", "f32", "--steps", "30", "--stripe-bytes", "8192").requireOk();
    try (TrainingProcess resumed =
        TrainingProcess.resume(shared, "--processes", "--steps", "80", "--compute-ms", "2")) {
      JsonNode result = resumed.result(0);
      assertEquals(160, result.get("steps").asLong(), result.toString());
      assertEquals(0, result.get("incidents").size(), result.toString());
    }
    assertEquals(List.of("0.0", "0.1", "1.0", "1.1"), logs());
    RecordedFiles.requireProven(run());
  }

  @Test
  void shouldGoOnEachTimeWhenItIsResumedTwice() {
    train("--log", "f32", "--steps", "20").requireOk();
    resume("--steps", "40").requireOk();
    JsonNode result = resume("--steps", "60", "--json").requireOk().json();
    assertEquals(120, result.get("steps").asLong(), result.toString());
    assertEquals(List.of("0.0", "0.1", "0.2", "1.0", "1.1", "1.2"), logs());
    JsonNode verified = RecordedFiles.requireProven(run());
    assertEquals(6, verified.get("logs").asInt(), verified.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void shouldGoOnWithMoreOrFewerWorkersWhenAsked(int workers) {
    train("--log", "f32", "--epochs", "2", "--workers", "2").requireOk();
    CommandRun resumed = resume("--epochs", "4", "--workers", "" + workers, "--json").requireOk();
    assertEquals(workers, resumed.json().get("stepsPerWorker").size(), resumed.out());
    JsonNode verified = RecordedFiles.requireProven(run());
    assertEquals(2 + workers, verified.get("logs").asInt(), verified.toString());
    long drawn = 16L * (verified.get("gradients").asLong());
    assertTrue(drawn <= 4 * 400 + 16, "more work than what was left: " + drawn);
  }

  @Test
  void shouldGoOnWithoutALogWhenOnlyCheckpointsWereSaved() {
    train("--checkpoint-every", "10steps", "--steps", "30").requireOk();
    JsonNode result = resume("--steps", "50", "--json").requireOk().json();
    assertEquals(100, result.get("steps").asLong(), result.toString());
    assertFalse(Files.exists(run().resolve("log")));
  }

  @Test
  void shouldRefuseWhenThereIsNoCheckpointSet() {
    train("--steps", "10").requireOk();
    CommandRun resumed = resume("--steps", "20");
    assertRefused(
        resumed, ExitCodes.USAGE, "--resume=" + run(), "no complete checkpoint set", "nothing");
  }

  @Test
  void shouldRefuseWhenAnotherDirectoryIsAsked() {
    assertRefused(resume("--out", "elsewhere"), ExitCodes.USAGE, "--out=elsewhere", "exclude each");
  }

  @Test
  void shouldRefuseWhenThereIsNoRun() throws IOException {
    assertRefused(resume(), ExitCodes.USAGE, run().toString(), "is no run directory");
    Files.createDirectory(run());
    assertRefused(resume(), ExitCodes.USAGE, run().toString(), "is no run directory");
  }

  @Test
  void shouldRefuseAnImpossibleOptionWhenItIsGivenBesideResume() {
    train("--log", "f32", "--steps", "10").requireOk();
    List<String> before = logs();
    assertRefused(resume("--lr", "0"), ExitCodes.USAGE, "--lr=0.0 is out of range");
    assertEquals(before, logs());
  }

  @Test
  void shouldNameTheFileWhenTheNewestCheckpointIsDamaged() throws IOException {
    train("--log", "f32", "--steps", "20").requireOk();
    long newest = RecordedFiles.newestSet(run());
    Path set = CheckpointSets.of(run()).directory(newest);
    Path file = RecordedFiles.files(set, ".safetensors").getFirst();
    RecordedFiles.flip(file, Files.size(file) - 1);
    assertRefusedAsDamaged(file);
    RecordedFiles.flip(file, Files.size(file) - 1);
    Path manifest = set.resolve("manifest.json");
    RecordedFiles.flip(manifest, Files.size(manifest) / 2);
    assertRefusedAsDamaged(manifest);
    RecordedFiles.flip(manifest, Files.size(manifest) / 2);
    resume("--steps", "30").requireOk();
    RecordedFiles.requireProven(run());
  }

  private void assertRefusedAsDamaged(Path file) {
    CommandRun resumed = resume("--steps", "30");
    assertEquals(ExitCodes.FAILURE, resumed.exitCode(), resumed.err());
    assertTrue(resumed.err().lines().toList().getLast().contains(file.toString()), resumed.err());
    assertFalse(resumed.err().contains("fault of starling"), resumed.err());
  }

  @Test
  void shouldNameTheFileWhenTheNewestCheckpointIsDamagedAndWorkersAreProcesses() throws Exception {
    train("--log", "f32", "--steps", "20").requireOk();
    Path set = CheckpointSets.of(run()).directory(RecordedFiles.newestSet(run()));
    Path file = RecordedFiles.files(set, ".safetensors").getLast();
    RecordedFiles.flip(file, Files.size(file) - 1);
    try (TrainingProcess resumed = TrainingProcess.resume(shared, "--processes", "--steps", "30")) {
      JsonNode result = resumed.result(1);
      assertTrue(result.get("error").asText().contains(file.toString()), result.toString());
    }
  }
}
