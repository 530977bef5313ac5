package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What only a process of its own can show: signals, exit codes, standard streams, limits. */
@Timeout(120)
class ProcessTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private static List<String> java(String... arguments) {
    return CommandRun.command(List.of("-Xmx512m"), arguments);
  }

  private record Ended(int exitCode, String out, String err) {}

  private Ended run(List<String> command) throws IOException, InterruptedException {
    Path out = shared.run("out");
    Path err = shared.run("err");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running");
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @ParameterizedTest
  @CsvSource({"INT,130", "TERM,143"})
  void shouldSaveTheModelAndLeaveNothingWhenASignalStopsIt(String signal, int exitCode)
      throws Exception {
    Process process =
        new ProcessBuilder(
                java(
                    shared.train(
                        "--epochs", "100000", "--compute-ms", "5", "--slow", "0=10000", "--json")))
            .redirectOutput(shared.run("out").toFile())
            .start();
    try (BufferedReader err = process.errorReader()) {
      String line = err.readLine();
      while (line != null && !line.contains("epoch")) {
        line = err.readLine();
      }
      assertTrue(line != null, "it ended before it began");
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      // Before its output is read to the end, which has no limit. A process that was started with a
      // signal ignored, as shells start jobs in the background, ignores it here too.
      assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running after SIG" + signal);
      String rest = err.lines().collect(Collectors.joining("\n"));
      assertEquals(exitCode, process.exitValue(), rest);
      assertTrue(rest.contains("stopping"), rest);
    } finally {
      process.destroyForcibly();
    }
    List<String> out = Files.readAllLines(shared.run("out"));
    JsonNode json = CommandRun.parse(out.getLast());
    assertTrue(json.get("stopped").asBoolean(), json.toString());
    assertEquals(json.get("gradientsSubmitted"), json.get("gradientsApplied"));
    assertTrue(Files.size(shared.run("run").resolve("model.safetensors")) > 7850 * 4);
    assertEquals(List.of(), CommandRun.list(shared.directory()));
  }

  @Test
  void shouldEndWithTwoAndOneSentenceWhenTheOptionsAreWrong() throws Exception {
    Ended ended = run(java("train", "--workers", "0"));
    assertEquals(ExitCodes.USAGE, ended.exitCode());
    assertEquals("", ended.out());
    assertEquals(
        "starling: --workers=0 is out of range: choose a value from 1 to 1024",
        ended
            .err()
            .lines()
            .filter(line -> !line.startsWith("WARNING: Using incubator"))
            .toList()
            .getFirst());
  }

  @Test
  void shouldFailInOneSentenceAndLeaveNothingWhenSharedMemoryIsFull() throws Exception {
    // A mount namespace of its own, so that the small file system is gone with the process.
    List<String> unshare = List.of("unshare", "--user", "--map-root-user", "--mount");
    assumeTrue(succeeds(unshare), "this machine grants no user and mount namespaces");
    List<String> command = new ArrayList<>(unshare);
    command.addAll(List.of("bash", "-c"));
    command.add(
        "mount -t tmpfs -o size=1m none "
            + shared.directory()
            + " && \"$@\"; code=$?; ls "
            + shared.directory()
            + "; exit $code");
    command.add("-");
    command.addAll(java(shared.train("--model", "mlp:64,32")));
    Ended ended = run(command);
    assertEquals(ExitCodes.FAILURE, ended.exitCode(), ended.err());
    assertEquals("", ended.out(), "left in shared memory");
    String told = ended.err().lines().toList().getLast();
    assertTrue(told.startsWith("starling: reserving "), ended.err());
    assertTrue(told.contains("ENOSPC"), ended.err());
    assertTrue(told.contains("bytes are free in " + shared.directory()), ended.err());
  }

  private boolean succeeds(List<String> prefix) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of("mount", "-t", "tmpfs", "none", shared.directory().toString()));
    try {
      return run(command).exitCode() == 0;
    } catch (IOException noSuchProgram) {
      return false;
    }
  }

  @Test
  void shouldFailInOneSentenceAndLeaveNothingWhenFilesMayNotBeThatLong() throws Exception {
    List<String> command =
        new ArrayList<>(List.of("bash", "-c", "ulimit -f 200; exec \"$@\"", "-"));
    command.addAll(java(shared.train("--model", "mlp:64,32")));
    Ended ended = run(command);
    assertEquals(ExitCodes.FAILURE, ended.exitCode(), ended.err());
    String told = ended.err().lines().toList().getLast();
    assertTrue(told.contains("EFBIG") && told.contains(shared.directory().toString()), told);
    assertEquals(List.of(), CommandRun.list(shared.directory()));
  }

  @Test
  void shouldTrainAndEndWithATableWhenTheDemoRuns() throws Exception {
    Ended ended = run(java("demo", "--epochs", "0.2", "--out", shared.run("demo").toString()));
    assertEquals(ExitCodes.OK, ended.exitCode(), ended.err());
    for (String part : List.of("accuracy", "steps/s", "staleness", "consensus", "demo")) {
      assertTrue(ended.out().contains(part), ended.out());
    }
    assertTrue(Files.exists(shared.run("demo").resolve("model.safetensors")));
  }
}
