package dev.starling.cli.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.SafetensorsFile;
import dev.starling.engine.memory.Crc32c;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReplayCommandTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Path run() {
    return shared.run("run");
  }

  private void train(String... more) {
    List<String> all = new ArrayList<>(List.of("--log-segment", "1m", "--workers", "2"));
    all.addAll(List.of(more));
    CommandRun.of(shared.train(all.toArray(String[]::new))).requireOk();
  }

  private CommandRun replay(int rank, long version, Path out, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of("replay", run().toString(), "--rank", "" + rank, "--to", "" + version));
    all.addAll(List.of("--out", out.toString(), "--json"));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray(String[]::new));
  }

  private CheckpointManifest newestSet() {
    CheckpointSets sets = CheckpointSets.of(run());
    return sets.read(sets.newestComplete().orElseThrow());
  }

  private CheckpointFile open(CheckpointManifest set, int rank) {
    return CheckpointFiles.read(
        set.ranks().get(rank).in(CheckpointSets.of(run()).directory(set.set())));
  }

  private static void assertSame(CheckpointFile saved, Path replayed) {
    try (SafetensorsFile file = SafetensorsFile.open(replayed)) {
      assertEquals(saved.tensors().size(), file.tensors().size());
      long at = 0;
      for (int i = 0; i < file.tensors().size(); i++) {
        SafetensorsFile.Entry tensor = file.tensors().get(i);
        assertEquals(saved.tensors().get(i).name(), tensor.name());
        assertEquals(saved.tensors().get(i).shape(), tensor.shape());
        MemorySegment wanted = saved.parameters().asSlice(at, tensor.data().byteSize());
        assertEquals(-1, wanted.mismatch(tensor.data()), tensor.name());
        at += tensor.data().byteSize();
      }
      assertEquals(saved.parameters().byteSize(), at);
    }
  }

  private static void assertRefused(CommandRun run, int exitCode, String... parts) {
    assertEquals(exitCode, run.exitCode(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertFalse(run.err().contains("fault of starling"), run.err());
    for (String part : parts) {
      assertTrue(run.err().contains(part), () -> part + " is missing in: " + run.err());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "bf16"})
  void shouldGiveTheBitsOfTheCheckpointWhenItsVersionIsAsked(String log) {
    train("--log", log, "--epochs", "3", "--model", "mlp:16");
    CheckpointManifest set = newestSet();
    for (int rank = 0; rank < 2; rank++) {
      Path out = shared.run("rank" + rank + ".safetensors");
      long version = set.ranks().get(rank).versions().getFirst();
      JsonNode json = replay(rank, version, out).requireOk().json();
      assertEquals(version, json.get("version").asLong());
      assertEquals(out.toString(), json.get("out").asText());
      try (CheckpointFile saved = open(set, rank)) {
        assertSame(saved, out);
        MemorySegment parameters = saved.parameters();
        assertEquals(
            "%08x".formatted(Crc32c.of(parameters, 0, parameters.byteSize())),
            json.get("crc32c").asText());
      }
    }
  }

  @Test
  void shouldGiveTheInitialModelWhenVersion0IsAsked() {
    train("--log", "f32", "--epochs", "2");
    Path out = shared.run("initial.safetensors");
    replay(1, 0, out).requireOk();
    try (CheckpointFile saved = open(CheckpointSets.of(run()).read(0), 1)) {
      assertSame(saved, out);
    }
  }

  @Test
  void shouldLeadToEveryVersionOnTheWayWhenTheModelHasSeveralStripes() {
    train("--log", "f32", "--epochs", "2", "--stripe-bytes", "8192");
    String before = "";
    for (long version : new long[] {1, 5, 10}) {
      String sum =
          replay(0, version, shared.run("at" + version)).requireOk().json().get("crc32c").asText();
      assertFalse(sum.equals(before), "version " + version + " is the one before");
      before = sum;
    }
  }

  @Test
  void shouldSayHowFarTheLogLeadsWhenTheVersionIsTooHigh() {
    train("--log", "f32", "--epochs", "1");
    long last = newestSet().ranks().getFirst().versions().getFirst();
    Path out = shared.run("too-high");
    assertRefused(
        replay(0, last + 1, out),
        ExitCodes.FAILURE,
        "version " + (last + 1) + " of rank 0 is not reached",
        "leads to version " + last);
    assertFalse(Files.exists(out));
  }

  @Test
  void shouldSayWhatEveryStripeReachesWhenOnlySomeHaveTheVersion() {
    train("--log", "f32", "--epochs", "2", "--stripe-bytes", "8192");
    List<Long> versions = newestSet().ranks().get(1).versions();
    long least = Collections.min(versions);
    long wanted = Math.max(least + 1, Collections.max(versions));
    assertRefused(
        replay(1, wanted, shared.run("some")), ExitCodes.FAILURE, "leads to version " + least);
  }

  @Test
  void shouldLeaveTheFileAloneWhenItExists() throws IOException {
    train("--log", "f32", "--epochs", "1");
    Path out = Files.writeString(shared.run("precious"), "data");
    assertRefused(replay(0, 1, out), ExitCodes.USAGE, "--out=" + out + " exists");
    assertEquals("data", Files.readString(out));
  }

  @Test
  void shouldNameTheRanksWhenThereIsNoSuchOne() {
    train("--log", "f32", "--epochs", "1");
    Path out = shared.run("nobody");
    assertRefused(replay(7, 1, out), ExitCodes.USAGE, "no log of rank 7", "rank 0", "rank 1");
    assertRefused(
        replay(1, 1, out, "--incarnation", "3"), ExitCodes.USAGE, "rank 1 with incarnation 3");
    assertRefused(replay(0, -1, out), ExitCodes.USAGE, "--to=-1 is out of range");
  }

  @Test
  void shouldRefuseWhenTheLogHasNoGradients() {
    train("--log", "none", "--epochs", "1");
    Path out = shared.run("nothing");
    assertRefused(replay(0, 5, out), ExitCodes.FAILURE, "--log none");
    assertFalse(Files.exists(out));
  }

  @Test
  void shouldFailInOneSentenceWhenTheFileCannotBeWritten() {
    train("--log", "f32", "--epochs", "1");
    Path out = shared.run("missing").resolve("file");
    assertRefused(replay(0, 1, out), ExitCodes.FAILURE, out.toString());
  }

  @Test
  void shouldRefuseWhenTheDirectoryIsNoRun() {
    assertRefused(replay(0, 1, shared.run("out")), ExitCodes.USAGE, run() + " is no directory");
  }
}
