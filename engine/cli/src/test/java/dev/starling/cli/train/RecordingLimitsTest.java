package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.RecordedFiles;
import dev.starling.cli.TrainingProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Logs that are full, disks that are full, directories that cannot be written. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RecordingLimitsTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Path run() {
    return shared.run("run");
  }

  private String[] arguments(String... more) {
    return shared.train(
        CommandRun.join(List.of("--workers", "2", "--log", "f32", "--log-segment", "1m"), more));
  }

  /** Gradients have 31 kB: 2 MB of each log are full after some sixty. */
  private CommandRun train(String... more) {
    return CommandRun.of(
        arguments(CommandRun.join(List.of("--log-budget", "2m", "--epochs", "15"), more)));
  }

  private static void assertOneSentence(CommandRun run, String... parts) {
    assertEquals(ExitCodes.FAILURE, run.exitCode(), run.err());
    assertFalse(run.err().contains("fault of starling"), run.err());
    List<String> told = run.err().lines().filter(line -> line.startsWith("starling: ")).toList();
    assertEquals(1, told.size(), run.err());
    for (String part : parts) {
      assertTrue(told.getFirst().contains(part), () -> part + " is missing in: " + told);
    }
  }

  @Test
  void shouldEndInOneSentenceWhenTheLogIsFull() {
    assertOneSentence(train(), "log/", "budget", "2097152");
    assertPrefix();
  }

  @Test
  void shouldEndInOneSentenceWhenTheLogOfAProcessIsFull() throws Exception {
    try (TrainingProcess training =
        TrainingProcess.command(
            shared, List.of(), arguments("--log-budget", "2m", "--epochs", "15", "--processes"))) {
      JsonNode result = training.result(1);
      String error = result.get("error").asText();
      assertTrue(error.contains("every worker process was lost"), error);
      assertTrue(error.contains("2097152"), error);
    }
    assertPrefix();
  }

  /** What was logged is proven as far as it leads; what the end lacks is said. */
  private void assertPrefix() {
    CommandRun verify = CommandRun.of("verify", run().toString(), "--json");
    JsonNode json = verify.json();
    assertTrue(json.get("gradients").asLong() > 50, verify.out());
    assertEquals(0, verify.exitCode(), verify.out() + verify.err());
    assertFalse(json.get("unresolvedTail").isEmpty(), verify.out());
    for (JsonNode tail : json.get("unresolvedTail")) {
      assertTrue(tail.asText().contains("ends early: it was full"), verify.out());
      assertTrue(tail.asText().contains("replayed to version "), verify.out());
    }
    CommandRun text = CommandRun.of("verify", run().toString()).requireOk();
    assertTrue(text.out().contains("no later checkpoint set is there"), text.out());
  }

  @Test
  void shouldTrainOnWithoutTheLogWhenThatIsAsked() {
    CommandRun run = train("--log-full", "continue", "--json").requireOk();
    assertEquals(6_000, run.json().get("samples").asLong());
    for (int rank = 0; rank < 2; rank++) {
      String told = "rank " + rank + ": ";
      long sentences =
          run.err()
              .lines()
              .filter(line -> line.contains(told) && line.contains("goes on without the log"))
              .count();
      assertEquals(1, sentences, run.err());
    }
    assertGap();
  }

  @Test
  void shouldTrainOnWithoutTheLogWhenThatIsAskedOfProcesses() throws Exception {
    try (TrainingProcess training =
        TrainingProcess.command(
            shared,
            List.of(),
            arguments(
                "--log-budget", "2m", "--epochs", "15", "--log-full", "continue", "--processes"))) {
      JsonNode result = training.result(0);
      assertEquals(6_000, result.get("samples").asLong(), result.toString());
      assertTrue(training.err().contains("goes on without the log"), training.err());
    }
    assertGap();
  }

  private void assertGap() {
    JsonNode json = RecordedFiles.requireUnproven(run(), "rank ");
    assertTrue(json.get("gradients").asLong() > 50, json.toString());
    String why = json.get("differences").toString() + json.get("unresolvedTail");
    assertTrue(why.contains("it was full or could not be written"), json.toString());
  }

  @Test
  void shouldGiveTheBudgetBackWhenOnlyWhatTheNewestSetNeedsIsKept() {
    CommandRun run =
        CommandRun.of(
                arguments(
                    "--log-budget",
                    "4m",
                    "--log-keep",
                    "checkpoint",
                    "--checkpoint-every",
                    "15steps",
                    "--epochs",
                    "30",
                    "--compute-ms",
                    "4"))
            .requireOk();
    assertTrue(run.err().contains("is complete"), run.err());
    JsonNode json = RecordedFiles.requireProven(run());
    assertTrue(json.get("fromSet").asLong() > 0, json.toString());
  }

  @Test
  void shouldEndInOneSentenceWhenTheDiskIsFull() throws Exception {
    try (Mount mount = Mount.of(shared.run("disk"), "-t", "tmpfs", "-o", "size=12m", "tmpfs")) {
      CommandRun run =
          CommandRun.of(arguments("--out", mount.path.resolve("run").toString(), "--epochs", "60"));
      assertOneSentence(run, mount.path.toString());
    }
  }

  @Test
  void shouldTrainOnWhenTheDiskIsFullAndThatIsAsked() throws Exception {
    try (Mount mount = Mount.of(shared.run("disk"), "-t", "tmpfs", "-o", "size=12m", "tmpfs")) {
      CommandRun run =
          CommandRun.of(
              arguments(
                  "--out",
                  mount.path.resolve("run").toString(),
                  "--epochs",
                  "60",
                  "--log-full",
                  "continue",
                  "--json"));
      assertTrue(run.err().contains("goes on without the log"), run.err());
      assertFalse(run.err().contains("fault of starling"), run.err());
    }
  }

  @Test
  void shouldEndInOneSentenceWhenTheDirectoryIsReadOnly() throws Exception {
    Path plain = Files.createDirectory(shared.run("plain"));
    try (Mount mount = Mount.of(shared.run("disk"), "--bind", plain.toString());
        Mount again = Mount.over(mount.path, "-o", "remount,bind,ro")) {
      CommandRun run = CommandRun.of(arguments("--out", again.path.resolve("run").toString()));
      assertOneSentence(run, again.path.toString());
    }
  }

  @Test
  void shouldEndInOneSentenceWhenADirectoryCannotBeMade() {
    CommandRun run = CommandRun.of(arguments("--out", "/proc/self/run"));
    assertOneSentence(run, "/proc/self");
  }

  @Test
  void shouldGiveUpSetsButTrainOnWhenCheckpointsCannotBeWritten() throws IOException {
    // A file is where the directory of the sets belongs.
    CommandRun first =
        CommandRun.of(shared.train("--workers", "2", "--steps", "20", "--log", "f32"));
    first.requireOk();
    Path sets = run().resolve("checkpoints");
    for (Path file : RecordedFiles.files(sets, "").reversed()) {
      Files.delete(file);
    }
    Files.writeString(sets, "in the way");
    CommandRun resumed = CommandRun.of(TrainingProcess.resumed(shared, "--steps", "40"));
    assertTrue(resumed.exitCode() != 0, resumed.err());
    assertOneSentenceAtLeast(resumed, sets.toString());
  }

  private static void assertOneSentenceAtLeast(CommandRun run, String part) {
    assertFalse(run.err().contains("fault of starling"), run.err());
    assertTrue(run.err().contains(part), run.err());
  }

  /** A file system of this test; the test is skipped where that is not allowed. */
  private static final class Mount implements AutoCloseable {
    final Path path;
    private final boolean owned;

    private Mount(Path path, boolean owned) {
      this.path = path;
      this.owned = owned;
    }

    static Mount of(Path path, String... options) throws IOException {
      Files.createDirectory(path);
      return mount(path, true, options);
    }

    static Mount over(Path path, String... options) throws IOException {
      return mount(path, false, options);
    }

    private static Mount mount(Path path, boolean owned, String... options) throws IOException {
      List<String> command = new ArrayList<>(List.of("mount"));
      command.addAll(List.of(options));
      command.add(path.toString());
      Assumptions.assumeTrue(
          execute(command) == 0, "this user may not mount file systems: run as root");
      return new Mount(path, owned);
    }

    private static int execute(List<String> command) throws IOException {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .onExit()
          .join()
          .exitValue();
    }

    @Override
    public void close() throws IOException {
      if (owned) {
        assertEquals(0, execute(List.of("umount", path.toString())), "still used: " + path);
      }
    }
  }
}
