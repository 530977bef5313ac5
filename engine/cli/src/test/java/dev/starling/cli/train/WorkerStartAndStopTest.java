package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Worker processes that are stopped at awkward moments: as they start, or as the job ends. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerStartAndStopTest {
  private static final long LIMIT_S = 90;

  /** A condition on a run in progress. */
  @FunctionalInterface
  private interface Condition {
    boolean holds() throws IOException;
  }

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private Process start(String... more) throws IOException {
    List<String> command =
        CommandRun.command(
            List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"), shared.train(more));
    command.addAll(List.of("--processes", "--json"));
    return new ProcessBuilder(command)
        .redirectOutput(shared.run("out").toFile())
        .redirectError(shared.run("err").toFile())
        .start();
  }

  private String err() throws IOException {
    return Files.readString(shared.run("err"));
  }

  private void await(Process run, String what, Condition condition) throws IOException {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!condition.holds()) {
      assertTrue(run.isAlive() && System.nanoTime() - deadlineNs < 0, what + ":\n" + err());
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  private List<ProcessHandle> awaitChildren(Process run, int children) throws IOException {
    await(run, "no worker processes", () -> run.children().count() == children);
    return run.children().toList();
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor(), name);
  }

  private static void signalAll(String name, Process run, List<ProcessHandle> children)
      throws IOException, InterruptedException {
    for (ProcessHandle child : children) {
      signal(name, child.pid());
    }
    signal(name, run.pid());
  }

  private JsonNode result(Process run, int exitCode) throws Exception {
    List<ProcessHandle> children = run.children().toList();
    try {
      assertTrue(run.waitFor(LIMIT_S, TimeUnit.SECONDS), () -> "still running");
    } finally {
      children.forEach(ProcessHandle::destroyForcibly);
      run.destroyForcibly();
    }
    assertEquals(exitCode, run.exitValue(), err());
    assertEquals(List.of(), CommandRun.list(shared.directory()), "left in shared memory");
    List<String> out = Files.readAllLines(shared.run("out"));
    assertFalse(out.isEmpty(), err());
    return CommandRun.parse(out.getLast());
  }

  @Test
  void shouldBeginWithoutAWorkerThatIsPausedAsItStartsAndTakeItInLater() throws Exception {
    Process run = start("--workers", "2", "--steps", "1500", "--compute-ms", "5");
    long paused = awaitChildren(run, 2).get(1).pid();
    signal("STOP", paused);
    await(run, "does not begin", () -> err().contains("they begin without it"));
    signal("CONT", paused);
    JsonNode result = result(run, 0);
    assertTrue(err().matches("(?s).*rank \\d is there: it copied the model of rank \\d.*"), err());
    assertEquals(0, result.get("lostRanks").size(), result.toString());
    assertEquals(3000, result.get("steps").asLong());
    for (JsonNode steps : result.get("stepsPerWorker")) {
      assertTrue(steps.asLong() > 0, result.toString());
    }
  }

  @Test
  void shouldSaveTheModelWhenASignalStopsTheJobAndAWorkerIsPaused() throws Exception {
    Process run = start("--workers", "3", "--steps", "100000", "--compute-ms", "5");
    List<ProcessHandle> children = awaitChildren(run, 3);
    await(run, "no steps", () -> err().matches("(?s).* step [1-9].*"));
    signal("STOP", children.get(0).pid());
    signalAll("INT", run, children);
    JsonNode result = result(run, 130);
    assertTrue(result.get("stopped").asBoolean(), result.toString());
    assertEquals(1, result.get("lostRanks").size(), result.toString());
    assertTrue(Files.exists(shared.run("run").resolve("model.safetensors")));
    assertFalse(err().contains("was cut off"), err());
  }

  @Test
  void shouldEndInOneSentenceWhenASignalStopsTheJobAsItStarts() throws Exception {
    Process run = start("--workers", "2", "--steps", "100000", "--compute-ms", "5");
    signalAll("INT", run, awaitChildren(run, 2));
    JsonNode result = result(run, 130);
    if (result.has("error")) {
      assertTrue(
          result.get("error").asText().contains("stopped before any worker had joined"),
          result.toString());
    } else {
      assertTrue(result.get("stopped").asBoolean(), result.toString());
    }
    assertFalse(err().contains("go on without it"), err());
    assertFalse(err().contains("fault of starling"), err());
  }

  @Test
  void shouldNotWaitForTheOthersWhenAWorkerIsAskedToEndBeforeTheJobBegins() throws Exception {
    Process run = start("--workers", "3", "--steps", "100", "--compute-ms", "5");
    List<ProcessHandle> children = awaitChildren(run, 3);
    signal("STOP", children.get(0).pid());
    await(run, "nobody joined", () -> CommandRun.list(shared.directory()).size() == 3);
    signal("TERM", children.get(1).pid());
    await(run, "did not leave", () -> err().contains(" was asked to end and left after 0 steps"));
    signal("CONT", children.get(0).pid());
    JsonNode result = result(run, 0);
    assertEquals(0, result.get("lostRanks").size(), result.toString());
    assertEquals(300, result.get("steps").asLong());
  }

  @Test
  void shouldSayWhatWasLeftUndoneWhenEveryWorkerIsAskedToEnd() throws Exception {
    Process run = start("--workers", "2", "--steps", "100000", "--compute-ms", "5");
    List<ProcessHandle> children = awaitChildren(run, 2);
    await(run, "no steps", () -> err().matches("(?s).* step [1-9].*"));
    for (ProcessHandle child : children) {
      signal("TERM", child.pid());
    }
    JsonNode result = result(run, 0);
    assertTrue(err().contains("every worker was asked to end before the work was done: "), err());
    assertFalse(result.get("stopped").asBoolean(), "the run itself was not");
  }
}
