package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.TrainingProcess;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code starling train --algorithm}: each learns, ends, and fails in a sentence. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TrainAlgorithmTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private JsonNode train(String... more) {
    JsonNode result =
        CommandRun.of(CommandRun.join(List.of(shared.train(more)), "--json")).requireOk().json();
    assertEquals(List.of(), CommandRun.list(shared.directory()), "left in shared memory");
    return result;
  }

  @ParameterizedTest
  @CsvSource({
    "ad-psgd, threads",
    "allreduce, threads",
    "d-psgd, threads",
    "a-psgd, threads",
    "allreduce, processes",
    "d-psgd, processes",
    "a-psgd, processes"
  })
  void shouldLearnAndApplyEveryGradientWithEachAlgorithm(String algorithm, String home) {
    String[] options = {"--workers", "3", "--steps", "200", "--algorithm", algorithm};
    JsonNode result =
        home.equals("threads")
            ? train(options)
            : train(CommandRun.join(List.of(options), "--processes"));
    assertEquals(algorithm, result.get("algorithm").asText());
    assertEquals(600, result.get("steps").asLong());
    assertEquals(600, result.get("gradientsApplied").asLong());
    assertEquals(0, result.get("gradientsLate").asLong());
    assertTrue(result.get("accuracy").asDouble() > 0.5, result.toString());
    if (algorithm.equals("allreduce")) {
      assertEquals(0, result.get("stalenessMax").asLong());
      assertTrue(result.get("consensusDistance").asDouble() < 1e-5, result.toString());
      assertEquals("[200,200,200]", result.get("stepsPerWorker").toString());
    }
  }

  @Test
  void shouldGiveTheSameBitsInEveryRunOfAllReduce() {
    String[] options = {"--workers", "2", "--steps", "60", "--algorithm", "allreduce"};
    JsonNode first = train(options);
    JsonNode again =
        train(
            CommandRun.join(
                List.of(options), "--processes", "--out", shared.run("again").toString()));
    assertEquals(first.get("loss"), again.get("loss"));
    assertEquals(first.get("evaluationLoss"), again.get("evaluationLoss"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--log=f32", "--checkpoint-every=1s"})
  void shouldRefuseToRecordWhatNoReplayKnows(String option) {
    CommandRun run =
        CommandRun.of(shared.train("--algorithm", "allreduce", "--workers", "2", option));
    assertEquals(2, run.exitCode(), run.err());
    assertTrue(run.err().contains("--algorithm=allreduce does not go together"), run.err());
  }

  @Test
  void shouldNameTheAlgorithmsWhenThereIsNoSuchOne() {
    CommandRun run = CommandRun.of(shared.train("--algorithm", "sgd"));
    assertEquals(2, run.exitCode(), run.err());
    assertTrue(run.err().contains("ad-psgd, allreduce, d-psgd, a-psgd"), run.err());
  }

  @ParameterizedTest
  @CsvSource({
    "allreduce, sums gradients with",
    "d-psgd, its neighbour",
    "a-psgd, the home of shard"
  })
  void shouldEndTheJobInSentencesWhenAWorkerIsKilled(String algorithm, String sentence)
      throws Exception {
    try (TrainingProcess run =
        TrainingProcess.start(
            shared,
            "--algorithm",
            algorithm,
            "--workers",
            "3",
            "--steps",
            "100000",
            "--compute-ms",
            "2",
            "--processes")) {
      TrainingProcess.signal("KILL", TrainingProcess.pid(run.awaitSteps(20), 1));
      assertTrue(run.process().waitFor(90, TimeUnit.SECONDS), "still running");
      assertEquals(1, run.process().exitValue(), run.err());
      assertTrue(run.err().contains(sentence), run.err());
      assertEquals(List.of(), CommandRun.list(shared.directory()), "left in shared memory");
    }
  }
}
