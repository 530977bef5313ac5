package dev.starling.cli.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RecordedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerifyCommandTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Path run() {
    return shared.run("run");
  }

  private JsonNode train(String options) {
    List<String> all = new ArrayList<>(List.of("--log-segment", "1m", "--json"));
    all.addAll(Arrays.asList(options.split(" ")));
    return CommandRun.of(shared.train(all.toArray(String[]::new))).requireOk().json();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--log f32 --epochs 3",
        "--log bf16 --steps 60 --checkpoint-every 20steps",
        "--log f32 --steps 60 --stripe-bytes 4096 --checkpoint-every 20steps --log-sync 10",
        "--log bf16 --epochs 3 --stripe-bytes 8192 --optimizer adamw --model mlp:16",
        "--log f32 --optimizer nesterov --clip-norm 1 --max-staleness 1 --late scale --epochs 3",
        "--log f32 --workers 1 --epochs 2 --optimizer sgd",
        "--log f32 --steps 80 --compute-ms 5 --slow 1=8 --checkpoint-every 200ms"
            + " --stripe-bytes 8192"
      })
  void shouldProveTheRunWhenItsWorkersWereThreads(String options) {
    assertProven(train(options), options.contains("every") ? 2 : 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--log f32 --steps 100 --compute-ms 5 --checkpoint-every 200ms --stripe-bytes 8192",
        "--log bf16 --steps 60 --compute-ms 5 --checkpoint-every 200ms --slow 0=5",
      })
  void shouldProveTheRunWhenItsWorkersWereProcesses(String options) {
    assertProven(train(options + " --processes --workers 2"), 2);
  }

  private void assertProven(JsonNode result, int leastSets) {
    JsonNode json = RecordedFiles.requireProven(run());
    assertEquals(result.get("stepsPerWorker").size(), json.get("ranks").asInt(), json.toString());
    assertEquals(0, json.get("differences").size(), json.toString());
    assertEquals(0, json.get("unresolvedTail").size(), json.toString());
    assertTrue(json.get("records").asLong() > result.get("steps").asLong(), json.toString());
    // Gradients that are merged with a waiting one become one update.
    long updates = result.get("gradientsApplied").asLong() - result.get("gradientsMerged").asLong();
    assertEquals(updates, json.get("gradients").asLong(), json + "\n" + result);
    assertTrue(json.get("setsCompared").asInt() >= leastSets, json.toString());
  }

  @Test
  void shouldSaySoInWordsWhenNoJsonIsAsked() {
    train("--log f32 --epochs 1 --workers 2");
    CommandRun verify = CommandRun.of("verify", run().toString()).requireOk();
    assertTrue(verify.out().contains("every bit is as it was"), verify.out());
    assertTrue(verify.out().contains("replayed from checkpoint set 0"), verify.out());
    assertEquals("", verify.err());
  }

  @Test
  void shouldNameTheSegmentWhenABitOfItIsFlipped() throws IOException {
    train("--log f32 --epochs 3 --workers 2");
    List<Path> segments = RecordedFiles.files(run().resolve("log"), "00000000.cq4");
    assertEquals(2, segments.size());
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Path hit = segments.get(random.nextInt(segments.size()));
    long offset = 40_000 + random.nextLong(20_000);
    RecordedFiles.flip(hit, offset);
    JsonNode json = RecordedFiles.requireUnproven(run(), hit.toString());
    assertTrue(json.get("differences").size() > 0, () -> "seed " + seed + ": " + json);
  }

  @ParameterizedTest
  @ValueSource(strings = {".safetensors", "manifest.json"})
  void shouldNameTheFileWhenABitOfACheckpointIsFlipped(String ending) throws IOException {
    train("--log f32 --epochs 2 --workers 2");
    Path file = RecordedFiles.files(run().resolve("checkpoints/000001"), ending).getFirst();
    long seed = System.nanoTime();
    RecordedFiles.flip(file, new SplittableRandom(seed).nextLong(Files.size(file)));
    RecordedFiles.requireUnproven(run(), file.toString());
  }

  @Test
  void shouldNameTheInitialModelWhenABitOfItIsFlipped() throws IOException {
    train("--log f32 --epochs 2 --workers 2");
    Path file = RecordedFiles.files(run().resolve("checkpoints/000000"), ".safetensors").getFirst();
    RecordedFiles.flip(file, Files.size(file) - 1);
    RecordedFiles.requireUnproven(run(), file.toString());
  }

  @Test
  void shouldNotCallItProvenWhenALogIsMissing() throws IOException {
    train("--log f32 --epochs 3 --workers 2");
    Path log = run().resolve("log/1.0");
    Files.move(log, run().resolve("away"));
    JsonNode json = RecordedFiles.requireUnproven(run(), "rank 1");
    String first = json.get("firstDifference").asText();
    assertTrue(first.contains("its log is missing"), json.toString());
  }

  @Test
  void shouldNotCallItProvenWhenTheLogHasNoGradients() {
    train("--log none --epochs 2 --workers 2");
    JsonNode json = RecordedFiles.requireUnproven(run(), "--log none");
    assertEquals(1, json.get("differences").size(), json.toString());
  }

  @Test
  void shouldRefuseInOneSentenceWhenThereIsNoRun() throws IOException {
    Path missing = shared.run("nowhere");
    Path empty = Files.createDirectory(shared.run("empty"));
    for (Path directory : List.of(missing, empty)) {
      assertRefused(CommandRun.of("verify", directory.toString()), ExitCodes.USAGE, directory);
    }
  }

  @Test
  void shouldSayWhatToTrainWithWhenTheRunHasNoLog() {
    train("--epochs 1 --workers 2");
    CommandRun verify = CommandRun.of("verify", run().toString());
    assertRefused(verify, verify.exitCode(), run());
    assertTrue(verify.err().contains("--log f32"), verify.err());
  }

  private static void assertRefused(CommandRun run, int exitCode, Path named) {
    assertEquals(exitCode, run.exitCode(), run.err());
    assertTrue(run.exitCode() != 0);
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(named.toString()), run.err());
    assertFalse(run.err().contains("fault of starling"), run.err());
  }
}
