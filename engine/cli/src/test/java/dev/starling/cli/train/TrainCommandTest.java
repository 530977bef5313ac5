package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.data.DigitGenerator;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
class TrainCommandTest {
  private static final List<String> KEYS =
      List.of(
          "algorithm",
          "accuracy",
          "workerAccuracies",
          "loss",
          "evaluationLoss",
          "steps",
          "samples",
          "stepsPerWorker",
          "stepsPerSecond",
          "exchanges",
          "exchangesFailed",
          "partnerBusy",
          "exchangesPerWorker",
          "passiveExchanges",
          "pairings",
          "fences",
          "stalenessMean",
          "stalenessMax",
          "stalenessPerWorker",
          "stalenessHistograms",
          "stragglerScores",
          "computeStallFraction",
          "computeSubmitFraction",
          "computeBacklogFraction",
          "seconds",
          "consensusDistance",
          "gradientsSubmitted",
          "gradientsApplied",
          "gradientsRefused",
          "gradientsMerged",
          "gradientsLate",
          "lostRanks",
          "restarts",
          "incidents",
          "stopped",
          "outDirectory");

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private CommandRun train(String... options) {
    return CommandRun.of(shared.train(options));
  }

  private static long sum(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToLong(JsonNode::asLong).sum();
  }

  @Test
  void shouldPrintOneJsonObjectWithEveryKeyWhenJsonIsAsked() throws IOException {
    CommandRun run = train("--epochs", "2", "--workers", "3", "--json").requireOk();
    assertEquals(1, run.out().lines().count(), run.out());
    JsonNode json = run.json();
    assertEquals(KEYS, List.copyOf(json.properties().stream().map(e -> e.getKey()).toList()));
    for (String key : KEYS) {
      assertFalse(json.get(key).isNull(), () -> key + " is null");
    }
    for (String key : List.of("workerAccuracies", "stepsPerSecond", "exchangesPerWorker")) {
      assertEquals(3, json.get(key).size(), key);
    }
    assertEquals(json.get("steps"), json.get("gradientsSubmitted"));
    assertEquals(json.get("steps"), json.get("gradientsApplied"));
    assertEquals(sum(json.get("exchangesPerWorker")), sum(json.get("passiveExchanges")));
    assertEquals(sum(json.get("exchangesPerWorker")), json.get("exchanges").asLong());
    long inHistograms = 0;
    for (JsonNode histogram : json.get("stalenessHistograms")) {
      inHistograms += sum(histogram);
    }
    assertEquals(json.get("gradientsApplied").asLong(), inHistograms);
    JsonNode last = HistoryFile.read(shared.run("run")).getLast();
    assertEquals(json.get("steps"), last.get("steps"));
    assertEquals(json.get("stepsPerWorker"), last.get("stepsPerWorker"));
    assertEquals(json.get("exchangesPerWorker"), last.get("exchangesPerWorker"));
    assertEquals(
        json, CommandRun.parse(Files.readString(shared.run("run").resolve("result.json"))));
  }

  @Test
  void shouldKeepConfigLogModelAndResultWhenItEnds() throws IOException {
    CommandRun run = train("--epochs", "1", "--workers", "2", "--seed", "7").requireOk();
    Path directory = shared.run("run");
    JsonNode config = CommandRun.parse(Files.readString(directory.resolve("config.json")));
    assertEquals(7, config.at("/options/seed").asInt());
    assertEquals(2, config.at("/options/workers").asInt());
    assertEquals(400, config.get("trainSamples").asInt());
    assertEquals(Runtime.version().toString(), config.get("java").asText());
    assertTrue(config.get("engine").asText().contains("workers=2"), config.toString());
    assertEquals(
        List.of(
            "config.json",
            "history.jsonl",
            "model.safetensors",
            "result.json",
            "stat.json",
            "train.log"),
        CommandRun.list(directory).stream().map(p -> p.getFileName().toString()).sorted().toList());
    assertTrue(Files.readString(directory.resolve("train.log")).contains("100.0 %"));
    for (String part : List.of("steps/s", "staleness", "consensus", directory.toString())) {
      assertTrue(run.out().contains(part), () -> part + " is missing in\n" + run.out());
    }
    assertTrue(run.err().contains("100.0 %"), run.err());
  }

  @Test
  void shouldSaveTheModelThatWasEvaluatedWhenItEnds() throws IOException {
    JsonNode json = train("--epochs", "3", "--model", "mlp:16,12", "--json").requireOk().json();
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(shared.run("run").resolve("model.safetensors")))
            .order(ByteOrder.LITTLE_ENDIAN);
    int headerBytes = Math.toIntExact(file.getLong(0));
    JsonNode header =
        CommandRun.parse(StandardCharsets.UTF_8.decode(file.slice(8, headerBytes)).toString());
    Model model = Models.parse("mlp:16,12", 28 * 28, 10);
    assertEquals("mlp:16,12", header.at("/__metadata__/model").asText());
    model
        .tensors()
        .forEach(
            tensor ->
                assertEquals(
                    tensor.offset() * Float.BYTES,
                    header.at("/" + tensor.name() + "/data_offsets/0").asLong(-1)));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(model.parameterCount() * Float.BYTES, 64);
      parameters.copyFrom(MemorySegment.ofBuffer(file.position(8 + headerBytes)));
      double accuracy =
          model
              .newPass(64)
              .evaluate(parameters, DigitGenerator.generate(400, 100, 1).test())
              .accuracy();
      assertEquals(json.get("accuracy").asDouble(), accuracy);
    }
  }

  @Test
  void shouldDrawEpochsTimesTheTrainingSetWhenEpochsAreAsked() {
    JsonNode json =
        train("--epochs", "2.5", "--batch", "20", "--workers", "4", "--json").requireOk().json();
    assertEquals(1_000, json.get("samples").asLong());
    assertEquals(50, json.get("steps").asLong());
    assertFalse(json.get("stopped").asBoolean());
  }

  @Test
  void shouldDoStepsTimesWorkersWhenStepsAreAsked() {
    JsonNode json = train("--steps", "30", "--workers", "4", "--json").requireOk().json();
    assertEquals(120, json.get("steps").asLong());
    assertEquals(120, sum(json.get("stepsPerWorker")));
  }

  @Test
  void shouldEvaluateOnHeldBackTrainingSamplesWhenAValidationFractionIsAsked() throws IOException {
    train("--epochs", "1", "--validation-fraction", "0.25").requireOk();
    JsonNode config = CommandRun.parse(Files.readString(shared.run("run").resolve("config.json")));
    assertEquals(300, config.get("trainSamples").asInt());
    assertEquals(100, config.get("evaluationSamples").asInt());
  }

  @Test
  void shouldTrainAsWellWhenTheModelHasSeveralStripes() {
    JsonNode json =
        train("--epochs", "10", "--stripe-bytes", "8192", "--workers", "2", "--json")
            .requireOk()
            .json();
    assertTrue(json.get("accuracy").asDouble() > 0.6, json.toString());
    assertEquals(sum(json.get("exchangesPerWorker")), sum(json.get("passiveExchanges")));
  }

  @Test
  void shouldLearnWithEveryOptimizerScheduleAndPartnerWhenAsked() {
    String[][] variants = {
      {"--optimizer", "sgd", "--schedule", "constant", "--partner", "rotation"},
      {"--optimizer", "momentum", "--partner", "random", "--topology", "ring"},
      {"--topology", "bipartite-exponential", "--warmup", "0", "--lock-memory"},
    };
    for (int i = 0; i < variants.length; i++) {
      String[] variant = Arrays.copyOf(variants[i], variants[i].length + 2);
      variant[variant.length - 2] = "--out";
      variant[variant.length - 1] = shared.run("run" + i).toString();
      CommandRun run = train(variant).requireOk();
      String accuracy = run.out().replaceAll("(?s).*average +accuracy ([0-9.]+) %.*", "$1");
      assertTrue(Double.parseDouble(accuracy) > 60, run.out());
    }
  }

  @Test
  void shouldLeaveTheOthersAloneWhenOneWorkerIsSlow() {
    JsonNode json =
        train("--workers", "4", "--compute-ms", "10", "--slow", "1=20", "--steps", "60", "--json")
            .requireOk()
            .json();
    JsonNode steps = json.get("stepsPerWorker");
    assertEquals(240, sum(steps));
    assertTrue(steps.get(1).asLong() >= 1, "the slow worker did nothing: " + steps);
    for (int rank : new int[] {0, 2, 3}) {
      assertTrue(steps.get(rank).asLong() > 3 * steps.get(1).asLong(), steps.toString());
    }
    assertTrue(json.get("stepsPerSecond").get(1).asDouble() <= 5, json.toString());
    long took =
        json.get("exchangesPerWorker").get(1).asLong()
            + json.get("passiveExchanges").get(1).asLong();
    assertTrue(took >= 1, "the slow worker never exchanged: " + json);
  }

  @Test
  void shouldRefuseNameAndCountGradientsWhenTheyAreNotFinite() throws IOException {
    CommandRun run = train("--lr", "1e6", "--schedule", "constant", "--model", "mlp:16", "--json");
    assertEquals(ExitCodes.FAILURE, run.exitCode());
    assertTrue(run.err().contains("training diverged"), run.err());
    assertTrue(run.err().matches("(?s).*rank \\d handed in \\d+ gradients.*index \\d+: lower.*"));
    JsonNode result = CommandRun.parse(Files.readString(shared.run("run").resolve("result.json")));
    long refused = result.get("gradientsRefused").asLong();
    assertTrue(refused > 0, result.toString());
    assertEquals(
        result.get("gradientsSubmitted").asLong(),
        result.get("gradientsApplied").asLong() + refused);
    assertTrue(result.get("evaluationLoss").isNull(), result.toString());
    assertEquals(result, run.json());
    assertEquals(1, run.out().lines().count());
  }

  @Test
  void shouldDrawABarWhenItRunsOnATerminal() {
    CommandRun run = CommandRun.onTerminal(shared.train("--epochs", "2")).requireOk();
    assertTrue(run.err().contains("\r"), run.err());
    assertTrue(run.err().contains("exch/s"), run.err());
  }
}
