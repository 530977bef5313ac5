package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** A {@code starling train} in a process of its own, which a test watches and disturbs. */
public final class TrainingProcess implements AutoCloseable {
  private static final long LIMIT_S = 90;
  private static final List<String> FLAGS =
      List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  /** A condition on a run in progress. */
  @FunctionalInterface
  public interface Condition {
    boolean holds() throws IOException;
  }

  private final PrivateSharedMemory shared;
  private final Process process;

  private TrainingProcess(PrivateSharedMemory shared, List<String> command) throws IOException {
    this.shared = shared;
    process =
        new ProcessBuilder(command)
            .redirectOutput(shared.run("out").toFile())
            .redirectError(shared.run("err").toFile())
            .start();
  }

  /** Starts a command with the small run's options, see {@link PrivateSharedMemory#train}. */
  public static TrainingProcess start(PrivateSharedMemory shared, String... more)
      throws IOException {
    return command(shared, List.of(), shared.train(more));
  }

  /** Goes on with the run of this test, in a process of its own. */
  public static TrainingProcess resume(PrivateSharedMemory shared, String... more)
      throws IOException {
    return command(shared, List.of(), resumed(shared, more));
  }

  /** The arguments that go on with the run of this test. */
  public static String[] resumed(PrivateSharedMemory shared, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("train", "--resume", shared.run("run").toString()));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  /** Starts a command line under another command, for instance a shell that sets limits. */
  public static TrainingProcess command(
      PrivateSharedMemory shared, List<String> wrapper, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(wrapper);
    command.addAll(CommandRun.command(FLAGS, arguments));
    command.add("--json");
    return new TrainingProcess(shared, command);
  }

  public Process process() {
    return process;
  }

  public String err() throws IOException {
    return Files.readString(shared.run("err"));
  }

  public void await(String what, Condition condition) throws IOException {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!condition.holds()) {
      if (!process.isAlive() || System.nanoTime() - deadlineNs > 0) {
        throw new AssertionError(what + "; standard error:\n" + err());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  /** The run's counters as {@code starling stat} reads them, once they fulfil a condition. */
  public JsonNode awaitStat(Predicate<JsonNode> condition) throws IOException {
    JsonNode[] found = new JsonNode[1];
    await(
        "it never came to that",
        () -> {
          if (!Files.exists(shared.run("run").resolve("config.json"))) {
            return false;
          }
          CommandRun stat = CommandRun.of("stat", shared.run("run").toString(), "--json");
          found[0] = stat.exitCode() == 0 ? stat.json() : null;
          return found[0] != null && condition.test(found[0]);
        });
    return found[0];
  }

  public JsonNode awaitSteps(long steps) throws IOException {
    return awaitStat(
        stat -> {
          for (JsonNode rank : stat.get("ranks")) {
            if (rank.get("steps").asLong() < steps) {
              return false;
            }
          }
          return true;
        });
  }

  public static long pid(JsonNode stat, int rank) {
    return stat.get("ranks").get(rank).get("pid").asLong();
  }

  public static void signal(String name, long pid) throws IOException, InterruptedException {
    assertEquals(
        0, new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor(), name);
  }

  public void signal(String name) throws IOException, InterruptedException {
    signal(name, process.pid());
  }

  /** The JSON object that the process ends with; nothing may be left in shared memory. */
  public JsonNode result(int exitCode) throws IOException, InterruptedException {
    assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), () -> "still running");
    assertEquals(exitCode, process.exitValue(), err());
    assertEquals(List.of(), CommandRun.list(shared.directory()), "left in shared memory");
    List<String> out = Files.readAllLines(shared.run("out"));
    assertFalse(out.isEmpty(), err());
    return CommandRun.parse(out.getLast());
  }

  @Override
  public void close() {
    List<ProcessHandle> children = process.children().toList();
    children.forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
