package dev.starling.engine.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.infra.Status;
import org.openjdk.jcstress.infra.collectors.DiskReadCollector;
import org.openjdk.jcstress.infra.collectors.TestResult;
import org.openjdk.jcstress.infra.grading.GradingResult;

/** Runs jcstress in a process of its own, in rounds, and adds up what it found. */
final class StressRun {
  /** How the actors wait for one another between strides. */
  enum Wait {
    /** The closest races, where every actor has a processor. */
    THREAD_SPIN_WAIT,
    /** Many more samples where other processes want the processors too. */
    THREAD_YIELD
  }

  private static final int START_LIMIT_SECONDS = 200;
  private static final int TAIL_LINES = 30;

  private final Path directory;
  private final String jvmFlags;
  private final Map<String, Tally> tallies = new TreeMap<>();

  /** What all rounds found in one test. */
  static final class Tally {
    long samples;
    long interesting;
    final List<String> failures = new ArrayList<>();

    private void add(TestResult result) {
      samples += result.getTotalCount();
      if (result.status() != Status.NORMAL) {
        failures.add(result.status() + " " + result.getMessages() + " " + result.getVmErr());
      }
      for (GradingResult grade : result.grading().gradingResults.values()) {
        if (grade.expect == Expect.ACCEPTABLE_INTERESTING) {
          interesting += grade.count;
        } else if (grade.expect != Expect.ACCEPTABLE && grade.count > 0) {
          failures.add(
              grade.count + " of (" + grade.id + "), " + grade.expect + ": " + grade.description);
        }
      }
    }
  }

  StressRun() throws IOException {
    directory = Path.of(property("directory"));
    jvmFlags = property("jvm.flags") + " -Xmx512m -XX:+UseSerialGC";
    Files.createDirectories(directory);
    // Of an earlier run.
    try (DirectoryStream<Path> results = Files.newDirectoryStream(directory, "*.gz")) {
      for (Path result : results) {
        Files.delete(result);
      }
    }
  }

  static String property(String name) {
    String value = System.getProperty("starling.stress." + name);
    if (value == null) {
      throw new IllegalStateException(
          "starling.stress." + name + " is not set: run the test through Maven");
    }
    return value;
  }

  /** Runs tests once more, each for some milliseconds, and adds what they found. */
  void round(Collection<String> tests, long millis, Wait wait) throws Exception {
    Path output = directory.resolve("output.txt");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "org.openjdk.jcstress.Main"));
    command.addAll(
        List.of("-t", tests.stream().map(Pattern::quote).collect(Collectors.joining("|"))));
    command.addAll(List.of("-jvmArgs", jvmFlags, "-spinStyle", wait.name()));
    command.addAll(List.of("-c", "2", "-af", "NONE", "-sc", "false", "-f", "1", "-fsm", "1"));
    command.addAll(List.of("-iters", "1", "-time", Long.toString(millis)));
    command.addAll(List.of("-strideSize", Integer.toString(Slots.STRIDE_SIZE)));
    command.addAll(List.of("-strideCount", Integer.toString(Slots.STRIDE_COUNT)));
    command.addAll(List.of("-r", directory.resolve("report").toString()));
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    awaitEnd(process, output, START_LIMIT_SECONDS + 4 * millis * tests.size() / 1000);
    collect(output);
  }

  private static void awaitEnd(Process process, Path output, long limitSeconds) throws Exception {
    try {
      if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
        fail("jcstress did not end in " + limitSeconds + " s:\n" + tail(output));
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private void collect(Path output) throws Exception {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> results = Files.newDirectoryStream(directory, "*.gz")) {
      results.forEach(files::add);
    }
    assertEquals(1, files.size(), () -> "jcstress left no result:\n" + tail(output));
    DiskReadCollector reader =
        new DiskReadCollector(
            files.getFirst().toString(),
            result -> tallies.computeIfAbsent(result.getName(), name -> new Tally()).add(result));
    try {
      reader.dump();
    } finally {
      reader.close();
    }
    Files.delete(files.getFirst());
  }

  private static String tail(Path output) {
    try {
      List<String> lines = Files.readAllLines(output);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException failure) {
      return output + " cannot be read: " + failure.getMessage();
    }
  }

  /** What a test found so far. */
  Tally tally(String test) {
    return tallies.getOrDefault(test, new Tally());
  }
}
