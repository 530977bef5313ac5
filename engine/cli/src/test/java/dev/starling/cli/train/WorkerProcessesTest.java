package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code starling train --processes} under kills, pauses and signals, as a person sees it. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerProcessesTest {
  private static final long LIMIT_S = 90;

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private List<String> train(String... more) {
    // Small and quick to start: there are several of them, and they are killed soon.
    List<String> command =
        CommandRun.command(
            List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"), shared.train(more));
    command.addAll(List.of("--processes", "--json"));
    return command;
  }

  private Process start(String... more) throws IOException {
    return new ProcessBuilder(train(more))
        .redirectOutput(shared.run("out").toFile())
        .redirectError(shared.run("err").toFile())
        .start();
  }

  /** The run's counters as `starling stat` reads them, once they fulfil a condition. */
  private JsonNode awaitStat(Process run, Predicate<JsonNode> condition) throws IOException {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (run.isAlive() && System.nanoTime() - deadlineNs < 0) {
      if (Files.exists(shared.run("run").resolve("config.json"))) {
        CommandRun stat = CommandRun.of("stat", shared.run("run").toString(), "--json");
        if (stat.exitCode() == 0 && condition.test(stat.json())) {
          return stat.json();
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    throw new AssertionError("it never came to that; standard error:\n" + err());
  }

  private static Predicate<JsonNode> everyoneHasDone(long steps) {
    return stat -> {
      for (JsonNode rank : stat.get("ranks")) {
        if (rank.get("steps").asLong() < steps) {
          return false;
        }
      }
      return true;
    };
  }

  private static long pid(JsonNode stat, int rank) {
    return stat.get("ranks").get(rank).get("pid").asLong();
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor(), name);
  }

  private String err() throws IOException {
    return Files.readString(shared.run("err"));
  }

  private JsonNode result(Process run, int exitCode) throws Exception {
    try {
      assertTrue(run.waitFor(LIMIT_S, TimeUnit.SECONDS), () -> "still running");
    } finally {
      run.destroyForcibly();
    }
    assertEquals(exitCode, run.exitValue(), err());
    assertEquals(List.of(), CommandRun.list(shared.directory()), "left in shared memory");
    return CommandRun.parse(Files.readAllLines(shared.run("out")).getLast());
  }

  @Test
  void shouldTrainAsThreadsDoWhenNothingHappens() throws Exception {
    JsonNode result = result(start("--workers", "3", "--steps", "100"), 0);
    assertEquals(300, result.get("steps").asLong());
    assertEquals(300, result.get("gradientsApplied").asLong());
    assertTrue(result.get("accuracy").asDouble() > 0.5, result.toString());
    assertTrue(result.get("exchanges").asLong() > 0, result.toString());
    assertEquals(0, result.get("lostRanks").size());
    assertFalse(err().contains("lost"), err());
    JsonNode stat =
        CommandRun.of("stat", shared.run("run").toString(), "--json").requireOk().json();
    assertEquals("finished", stat.get("state").asText());
    assertEquals(3, stat.get("ranks").size());
    assertEquals(0, stat.get("workLeft").asLong());
  }

  @Test
  void shouldFinishWithOneSentenceWhenAWorkerIsKilled() throws Exception {
    Process run = start("--workers", "3", "--steps", "300", "--compute-ms", "5");
    JsonNode stat = awaitStat(run, everyoneHasDone(20));
    signal("KILL", pid(stat, 1));
    JsonNode result = result(run, 0);
    assertEquals("[1]", result.get("lostRanks").toString());
    assertTrue(result.get("workerAccuracies").get(1).isNull(), result.toString());
    assertTrue(result.get("steps").asLong() >= 3 * 300 - 1, result.toString());
    long told = err().lines().filter(line -> line.startsWith("rank 1 was lost after")).count();
    assertEquals(1, told, err());
    assertTrue(err().contains("(killed by signal 9); the others go on without it"), err());
  }

  /**
   * At the very start too: before it has joined, while it makes its replica, at its first steps.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void shouldFinishWhenAWorkerIsKilledAtAnyTime(int round) throws Exception {
    long seed = System.nanoTime();
    System.out.println("WorkerProcessesTest seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Process run = start("--workers", "2", "--steps", "150", "--compute-ms", "2");
    long atMs = round * 250L + random.nextInt(250);
    long beginNs = System.nanoTime();
    List<ProcessHandle> children = List.of();
    while (run.isAlive()
        && (children.size() < 2
            || System.nanoTime() - beginNs < TimeUnit.MILLISECONDS.toNanos(atMs))) {
      List<ProcessHandle> now = run.children().toList();
      if (children.size() < 2 && now.size() == 2) {
        beginNs = System.nanoTime();
      }
      children = now;
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    children.get(random.nextInt(children.size())).destroyForcibly();
    JsonNode result = result(run, 0);
    assertEquals(1, result.get("lostRanks").size(), "at " + atMs + " ms: " + result);
  }

  @Test
  void shouldStartAWorkerAgainWhenItIsKilledAndRestartsAreLeft() throws Exception {
    Process run = start("--workers", "3", "--steps", "1000", "--compute-ms", "5", "--restart", "1");
    JsonNode stat = awaitStat(run, everyoneHasDone(20));
    long before = pid(stat, 2);
    signal("KILL", before);
    stat =
        awaitStat(
            run,
            now ->
                now.get("ranks").get(2).get("incarnation").asInt(-1) == 1
                    && now.get("ranks").get(2).path("counters").path("exchanges").asLong() > 0);
    assertNotEquals(before, pid(stat, 2));
    assertFalse(stat.get("ranks").get(2).get("copiedFrom").isNull(), stat.toString());
    signal("KILL", pid(stat, 2));
    JsonNode result = result(run, 0);
    assertEquals(1, result.get("restarts").asInt());
    assertEquals("[2]", result.get("lostRanks").toString());
    assertTrue(err().contains("rank 2 is back: it copied the model of rank "), err());
    assertEquals(3, result.get("incidents").size(), result.toString());
  }

  /** Also those that were started a moment ago: as long as restarts are left, somebody comes. */
  @Test
  void shouldStartEverybodyAgainWhenAllAreKilledTheMomentTheyStart() throws Exception {
    Process run =
        start("--workers", "2", "--steps", "1000000", "--compute-ms", "2", "--restart", "100000");
    awaitStat(run, everyoneHasDone(20));
    long beginNs = System.nanoTime();
    while (System.nanoTime() - beginNs < TimeUnit.SECONDS.toNanos(2) || startedAgain() < 6) {
      assertTrue(run.isAlive(), err());
      assertTrue(System.nanoTime() - beginNs < TimeUnit.SECONDS.toNanos(LIMIT_S), err());
      run.children().forEach(ProcessHandle::destroyForcibly);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    awaitStat(run, everyoneIsBack());
    signal("TERM", run.pid());
    JsonNode result = result(run, 143);
    assertTrue(result.get("restarts").asInt() >= 6, result.toString());
    assertEquals(0, result.get("lostRanks").size(), result.toString());
  }

  private long startedAgain() throws IOException {
    return err().lines().filter(line -> line.endsWith("; it is started again")).count();
  }

  private static Predicate<JsonNode> everyoneIsBack() {
    return stat -> {
      for (JsonNode rank : stat.get("ranks")) {
        // The counters are those of the living incarnation.
        if (!rank.get("state").asText().equals("joined")
            || rank.get("incarnation").asInt(0) == 0
            || rank.path("counters").path("gradients_applied").asLong() == 0) {
          return false;
        }
      }
      return true;
    };
  }

  @Test
  void shouldGoOnWithoutAPausedWorkerAndTakeItBack() throws Exception {
    Process run =
        start("--workers", "3", "--steps", "600", "--compute-ms", "5", "--hold-limit-ms", "50");
    JsonNode stat = awaitStat(run, everyoneHasDone(20));
    long paused = pid(stat, 0);
    signal("STOP", paused);
    long stepsThen = stat.get("ranks").get(1).get("steps").asLong();
    awaitStat(run, now -> now.get("ranks").get(1).get("steps").asLong() > stepsThen + 300);
    assertTrue(run.isAlive());
    signal("CONT", paused);
    JsonNode result = result(run, 0);
    assertEquals(0, result.get("lostRanks").size(), result.toString());
    assertEquals(result.get("gradientsSubmitted"), result.get("gradientsApplied"));
    assertTrue(result.get("stepsPerWorker").get(0).asLong() > 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void shouldSaveTheModelWhenASignalStopsTheJob(String signal) throws Exception {
    Process run = start("--workers", "2", "--steps", "100000", "--compute-ms", "5");
    awaitStat(run, everyoneHasDone(10));
    // As a terminal does on Ctrl-C: everybody gets the signal.
    List<ProcessHandle> children = run.children().toList();
    for (ProcessHandle child : children) {
      signal(signal, child.pid());
    }
    signal(signal, run.pid());
    JsonNode result = result(run, signal.equals("INT") ? 130 : 143);
    assertTrue(result.get("stopped").asBoolean(), result.toString());
    assertEquals(0, result.get("lostRanks").size(), result.toString());
    assertTrue(Files.size(shared.run("run").resolve("model.safetensors")) > 7850 * 4);
    for (ProcessHandle child : children) {
      assertFalse(child.isAlive());
    }
  }

  /** Nobody waits for ever for one that was stopped before it had joined. */
  @Test
  void shouldBeginWithoutAWorkerThatNeverJoins() throws Exception {
    Process run = start("--workers", "2", "--steps", "100", "--compute-ms", "2");
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (run.isAlive() && run.children().count() < 2 && System.nanoTime() - deadlineNs < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    long stopped = run.children().mapToLong(ProcessHandle::pid).max().orElseThrow();
    signal("STOP", stopped);
    awaitStat(run, stat -> stat.get("workLeft").asLong() < 200);
    assertTrue(err().contains(" after the others: they begin without it"), err());
    signal("CONT", stopped);
    JsonNode result = result(run, 0);
    assertEquals(0, result.get("lostRanks").size(), result.toString());
  }

  @Test
  void shouldGoOnWhenOneWorkerIsAskedToEnd() throws Exception {
    Process run = start("--workers", "3", "--steps", "600", "--compute-ms", "5");
    JsonNode stat = awaitStat(run, everyoneHasDone(20));
    signal("TERM", pid(stat, 1));
    JsonNode result = result(run, 0);
    assertTrue(err().contains("rank 1 was asked to end and left after "), err());
    assertEquals(0, result.get("lostRanks").size(), result.toString());
    assertEquals(result.get("gradientsSubmitted"), result.get("gradientsApplied"));
    assertTrue(result.get("workerAccuracies").get(1).isNull(), "its model is not averaged");
  }

  @Test
  void shouldEndEveryWorkerWhenTheSupervisorIsKilled() throws Exception {
    Process run = start("--workers", "2", "--steps", "100000", "--compute-ms", "5");
    awaitStat(run, everyoneHasDone(10));
    List<ProcessHandle> children = run.children().toList();
    run.destroyForcibly();
    for (ProcessHandle child : children) {
      child.onExit().get(LIMIT_S, TimeUnit.SECONDS);
    }
    assertEquals(List.of(), CommandRun.list(shared.directory()), "left in shared memory");
    JsonNode stat =
        CommandRun.of("stat", shared.run("run").toString(), "--json").requireOk().json();
    assertEquals("dead", stat.get("state").asText());
  }

  @Test
  void shouldFailInOneSentenceWhenEveryWorkerIsLost() throws Exception {
    Process run = start("--workers", "2", "--steps", "100000", "--compute-ms", "5");
    awaitStat(run, everyoneHasDone(10));
    run.children().forEach(ProcessHandle::destroyForcibly);
    JsonNode result = result(run, 1);
    assertTrue(
        result.get("error").asText().contains("every worker process was lost"), result.toString());
  }

  @Test
  void shouldGiveTheWorkersOwnSentenceWhenItCannotStart() throws Exception {
    // The supervisor needs less shared memory than a worker: a limit on file length tells them
    // apart.
    List<String> command =
        new ArrayList<>(List.of("bash", "-c", "ulimit -f 200; exec \"$@\"", "-"));
    command.addAll(train("--workers", "2", "--model", "mlp:64,32"));
    Process run =
        new ProcessBuilder(command)
            .redirectOutput(shared.run("out").toFile())
            .redirectError(shared.run("err").toFile())
            .start();
    JsonNode result = result(run, 1);
    String error = result.get("error").asText();
    assertTrue(error.contains("did not start: starling: "), error);
    assertTrue(error.contains("EFBIG"), error);
  }

  @Test
  void shouldSayWhatIsMissingWhenTheDirectoryIsNoRun() {
    CommandRun run = CommandRun.of("stat", shared.directory().toString());
    assertEquals(2, run.exitCode());
    assertTrue(run.err().contains("is no run directory: it has no config.json"), run.err());
  }
}
