package dev.starling.cli.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.SafetensorsFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointCommandsTest {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final String PYTHON =
      """
      import sys, numpy, safetensors
      with safetensors.safe_open(sys.argv[1], framework='numpy') as f:
          for name in sorted(f.keys()):
              print(name, f.get_tensor(name).shape)
          print(f.metadata()['starling.model'])
      """;

  @TempDir Path directory;
  private Path run;
  private TestSets sets;

  @BeforeEach
  void writeSets() {
    run = directory.resolve("run");
    sets = new TestSets(run);
    sets.complete(3, 3);
    sets.complete(4, 4, new CheckpointManifest.Missing(1, "died\nof old age"));
    sets.rank(5, 0, 0);
  }

  private CommandRun checkpoint(String command, Object... more) {
    List<String> arguments = new ArrayList<>(List.of("checkpoint", command));
    for (Object argument : more) {
      arguments.add(argument.toString());
    }
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private static float value(SafetensorsFile file, int index) {
    SafetensorsFile.Entry tensor = file.tensors().get(index < 12 ? 0 : 1);
    return tensor.data().get(FLOAT, (index < 12 ? index : index - 12) * (long) Float.BYTES);
  }

  private void damage(long set, int rank) throws IOException {
    Path file = sets.sets().file(set, rank, 0);
    try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
      damaged.seek(damaged.length() - 4 * (TestSets.PARAMETERS + 3));
      damaged.write(0x55);
    }
  }

  @Test
  void shouldListSetsWithRanksStepsAndWhatIsMissing() {
    CommandRun ls = checkpoint("ls", run, "--json").requireOk();
    List<JsonNode> lines = ls.out().lines().map(CommandRun::parse).toList();
    assertEquals(3, lines.size());
    assertEquals(3, lines.get(0).get("set").asInt());
    assertEquals("complete", lines.get(0).get("state").asText());
    assertEquals(3, lines.get(0).get("ranks").size());
    assertEquals(31, lines.get(0).get("ranks").get(1).get("optimizerStep").asInt());
    assertEquals(CommandRun.parse("[4,5]"), lines.get(0).get("ranks").get(0).get("versions"));
    assertEquals(5, lines.get(0).get("ageSeconds").asDouble(), 60);
    assertEquals(
        CommandRun.parse("[{\"rank\":1,\"reason\":\"died\\nof old age\"}]"),
        lines.get(1).get("missing"));
    assertEquals("incomplete", lines.get(2).get("state").asText());
    assertTrue(lines.get(2).get("bytes").asLong() > 0);
    List<String> table = checkpoint("ls", run).requireOk().out().lines().toList();
    assertEquals(4, table.size());
    assertTrue(table.get(1).matches("3 +complete +3 +30\\.\\.32 +4\\.\\.5 +[0-9]+ +[0-9]+ s"));
    assertTrue(table.get(2).endsWith("1 (died of old age)"), table.get(2));
    assertTrue(table.get(3).startsWith("5        incomplete "), table.get(3));
  }

  @Test
  void shouldSayDamagedWhenAFileIsNotWhatTheManifestSays() throws IOException {
    Files.delete(sets.sets().file(3, 0, 0));
    damage(4, 2);
    List<String> table = checkpoint("ls", run).requireOk().out().lines().toList();
    assertTrue(table.get(1).contains("damaged") && table.get(1).contains("missing"), table.get(1));
    assertTrue(table.get(2).contains("complete"), "the length is right");
    table = checkpoint("ls", run, "--check").requireOk().out().lines().toList();
    assertTrue(table.get(2).contains("damaged") && table.get(2).contains("checksum"));
    Files.writeString(sets.sets().directory(4).resolve("manifest.json"), "{");
    JsonNode broken =
        CommandRun.parse(checkpoint("ls", run, "--json").requireOk().out().lines().toList().get(1));
    assertEquals("damaged", broken.get("state").asText());
  }

  @Test
  void shouldWriteTheNamedTensorsOnlyWhenARankIsExported() {
    Path out = directory.resolve("model.safetensors");
    JsonNode told =
        checkpoint("export", run, "--rank", 2, "--set", 3, "--out", out, "--json")
            .requireOk()
            .json();
    assertEquals(3, told.get("set").asInt());
    assertEquals(TestSets.PARAMETERS, told.get("parameters").asInt());
    try (SafetensorsFile file = SafetensorsFile.open(out)) {
      assertEquals(
          List.of("layer0.weight", "layer0.bias"),
          file.tensors().stream().map(SafetensorsFile.Entry::name).toList());
      assertEquals(List.of(3L, 4L), file.tensors().getFirst().shape());
      assertEquals("mlp:4", file.metadata().get("model"));
      for (int i = 0; i < TestSets.PARAMETERS; i++) {
        assertEquals(TestSets.parameter(3, 2, i), value(file, i));
      }
    }
  }

  @Test
  void shouldHaveTheBitsOfARunningMeanWhenRanksAreAveraged() {
    Path out = directory.resolve("average.safetensors");
    CommandRun told = checkpoint("average", run, "--out", out).requireOk();
    assertTrue(told.out().contains("average of 3 ranks of set 4, 2 tensors of 17 parameters"));
    assertTrue(told.out().contains("without rank 1 (died"), told.out());
    int[] ranks = {0, 2, 3};
    try (SafetensorsFile file = SafetensorsFile.open(out)) {
      for (int i = 0; i < TestSets.PARAMETERS; i++) {
        float mean = TestSets.parameter(4, ranks[0], i);
        for (int n = 2; n <= ranks.length; n++) {
          float weight = 1f / n;
          mean = Math.fma(weight, TestSets.parameter(4, ranks[n - 1], i), mean * (1f - weight));
        }
        assertEquals(mean, value(file, i), "parameter " + i);
      }
      assertEquals("average of 3 ranks", file.metadata().get("starling.model"));
    }
  }

  @Test
  void shouldOpenInPythonWhenThePublishedLibraryIsThere() throws IOException, InterruptedException {
    Path out = directory.resolve("average.safetensors");
    checkpoint("average", run, "--set", 3, "--out", out).requireOk();
    Path told = directory.resolve("told");
    Process python =
        new ProcessBuilder("python3", "-c", PYTHON, out.toString())
            .redirectErrorStream(true)
            .redirectOutput(told.toFile())
            .start();
    try {
      assertTrue(python.waitFor(60, TimeUnit.SECONDS));
    } finally {
      python.destroyForcibly();
    }
    String text = Files.readString(told).strip();
    assumeFalse(text.contains("ModuleNotFoundError"), text);
    assertEquals("layer0.bias (5,)\nlayer0.weight (3, 4)\naverage of 3 ranks", text);
  }

  @Test
  void shouldFindNoDifferenceWhenAnExportIsComparedWithItsRank() {
    Path out = directory.resolve("model.safetensors");
    checkpoint("export", run, "--rank", 2, "--out", out).requireOk();
    CommandRun diff = checkpoint("diff", run, out, "--rank", 2, "--json").requireOk();
    assertTrue(diff.json().get("equal").asBoolean());
    assertEquals(2, diff.json().get("tensors").size(), "without the optimizer's state");
    diff = checkpoint("diff", run, run).requireOk();
    assertTrue(diff.out().contains("rank 3: optimizer.momentum"), diff.out());
    assertTrue(diff.out().contains("\nequal: "), diff.out());
  }

  @Test
  void shouldMeasureDifferencesAndExitWithOneWhenSetsDiffer() {
    CommandRun diff = checkpoint("diff", run, "--set", 3, "--set", 4, "--json");
    assertEquals(ExitCodes.FAILURE, diff.exitCode());
    assertEquals("", diff.err());
    assertFalse(diff.json().get("equal").asBoolean());
    double maxAbs = 0;
    double squares = 0;
    for (int i = 0; i < 12; i++) {
      double distance = (double) TestSets.parameter(3, 0, i) - TestSets.parameter(4, 0, i);
      maxAbs = Math.max(maxAbs, Math.abs(distance));
      squares += distance * distance;
    }
    JsonNode weight = diff.json().get("tensors").get(2);
    assertEquals("rank 0: layer0.weight", weight.get("name").asText());
    assertEquals(12, weight.get("different").asInt());
    assertEquals(maxAbs, weight.get("maxAbs").asDouble());
    assertEquals(Math.sqrt(squares / 12), weight.get("rms").asDouble(), 1e-15);
    JsonNode momentum = diff.json().get("tensors").get(4);
    assertTrue(momentum.get("equal").asBoolean(), momentum.toString());
    assertTrue(
        checkpoint("diff", run, "--set", 3, "--set", 4).out().contains("rank 1 "), "only in one");
  }

  @Test
  void shouldRefuseToUseADamagedFile() throws IOException {
    damage(4, 2);
    Path out = directory.resolve("model.safetensors");
    for (CommandRun refused :
        List.of(
            checkpoint("export", run, "--rank", 2, "--out", out),
            checkpoint("average", run, "--out", out),
            checkpoint("diff", run, run))) {
      assertEquals(ExitCodes.FAILURE, refused.exitCode());
      assertEquals("", refused.out());
      assertEquals(1, refused.err().lines().count(), refused.err());
      assertTrue(refused.err().contains("rank-2.0.safetensors has stripe 1 with checksum"));
    }
    assertFalse(Files.exists(out));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ls /no/such/place | /no/such/place does not exist: give the --out of a run",
        "ls /dev/null | /dev/null is no directory",
        "ls / | / has no checkpoints, there is no directory /checkpoints",
        "export DIR --rank 0 --set 9 --out OUT | --set=9 is not in",
        "export DIR --rank 0 --set 5 --out OUT | --set=5 of DIR is not complete",
        "export DIR --rank 0 --set oldest --out OUT | --set=oldest is neither the number",
        "export DIR --rank 1 --out OUT | --rank=1 has no state in set 4 of DIR (died of old age)",
        "export DIR --rank 7 --out OUT | choose one of [0, 2, 3]",
        "export DIR --rank 0 --out DIR | is a directory: name a file in it",
        "export DIR --rank 0 --out /dev/null | --out=/dev/null exists: choose another name",
        "average DIR --out /no/such/place/m | directory /no/such/place is missing or not writable",
        "average DIR --out /proc/m | writing the model to /proc/m failed",
        "average DIR | --out",
        "diff DIR | is one side only: give another",
        "diff DIR /no/such/place | /no/such/place does not exist: give a safetensors file",
        "diff DIR DIR/checkpoints/000003/rank-0.0.safetensors | choose one with --rank",
        "diff DIR DIR --set 1 --set 2 --set 3 | --set was given 3 times",
        "diff /dev/null /dev/null --set 3 | no run directory was given"
      })
  void shouldRefuseInOneSentenceWhenTheInputIsImpossible(String options, String part) {
    String[] arguments =
        ("checkpoint " + options)
            .replace("DIR", run.toString())
            .replace("OUT", directory.resolve("out").toString())
            .split(" ");
    CommandRun refused = CommandRun.of(arguments);
    assertTrue(refused.exitCode() == ExitCodes.USAGE || options.contains("/proc"), refused.err());
    assertEquals("", refused.out());
    assertEquals(1, refused.err().lines().count(), refused.err());
    assertTrue(
        refused.err().contains(part.replace("DIR", run.toString())),
        () -> part + " is missing in: " + refused.err());
  }

  @Test
  void shouldFailWhenAFileToCompareIsNoSafetensorsFile() {
    CommandRun refused = checkpoint("diff", "/dev/null", "/dev/null");
    assertEquals(ExitCodes.FAILURE, refused.exitCode());
    assertTrue(refused.err().contains("/dev/null is no ordinary file"), refused.err());
  }
}
