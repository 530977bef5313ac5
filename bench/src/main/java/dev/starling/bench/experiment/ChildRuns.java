package dev.starling.bench.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.OwnJvm;
import dev.starling.cli.train.HistoryFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * Runs that are processes of their own, with the Java, the flags and the class path of this one.
 * Standard output and error of each are files in its directory; a process ends with this one.
 */
final class ChildRuns implements RunLauncher {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long SAMPLE_MS = 250;
  private static final long KILLED_LIMIT_S = 10;
  private static final String RUN = "run";

  /** Creates the launcher. */
  ChildRuns() {}

  /**
   * Returns the command line of a run.
   *
   * @param spec the run
   * @param directory takes its files
   * @return what follows {@code starling}
   */
  static List<String> arguments(RunSpec spec, Path directory) {
    List<String> arguments = new ArrayList<>(spec.arguments());
    if (spec.isTraining()) {
      arguments.addAll(List.of("--out", directory.resolve(RUN).toString()));
    }
    arguments.add("--json");
    return arguments;
  }

  /**
   * Returns the run directory of a run that trains.
   *
   * @param directory takes its files
   * @return what {@code train --out} is told
   */
  static Path runDirectory(Path directory) {
    return directory.resolve(RUN);
  }

  @Override
  public RunOutcome launch(RunSpec spec, Path directory, LongConsumer ticks)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    List<String> command = OwnJvm.command(arguments(spec, directory));
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    CpuSamples cpu = new CpuSamples();
    long beginMs = System.currentTimeMillis();
    cpu.take();
    Process process =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    String failure = await(process, spec, cpu, beginMs, ticks);
    long endMs = System.currentTimeMillis();
    cpu.take();
    JsonNode result = lastObject(out);
    if (failure == null && process.exitValue() != 0) {
      failure = sentence(process.exitValue(), result, err);
    } else if (failure == null && result.isMissingNode()) {
      failure = "the run ended without a result: look at " + out;
    }
    JsonNode config = object(directory.resolve(RUN).resolve("config.json"));
    long trainedFromMs =
        config.isMissingNode()
            ? beginMs
            : modifiedMs(directory.resolve(RUN).resolve("config.json"));
    long trainedToMs =
        config.isMissingNode() || !result.has("seconds")
            ? endMs
            : trainedFromMs + Math.round(1e3 * result.get("seconds").asDouble());
    return new RunOutcome(
        spec,
        command,
        failure == null ? result : RunOutcome.NONE,
        config,
        HistoryFile.read(directory.resolve(RUN)),
        failure,
        (endMs - beginMs) / 1e3,
        cpu.busy(trainedFromMs, trainedToMs),
        directory);
  }

  /** Waits for the end, or kills; the process is gone when this returns or throws. */
  private static String await(
      Process process, RunSpec spec, CpuSamples cpu, long beginMs, LongConsumer ticks)
      throws IOException, InterruptedException {
    Thread lastWish = new Thread(process::destroyForcibly, "starling-experiment-end");
    try {
      addHook(lastWish);
      while (!process.waitFor(SAMPLE_MS, TimeUnit.MILLISECONDS)) {
        cpu.take();
        long takenMs = System.currentTimeMillis() - beginMs;
        ticks.accept(takenMs);
        if (takenMs > TimeUnit.SECONDS.toMillis(spec.limitSeconds())) {
          return "the run had not ended after "
              + spec.limitSeconds()
              + " s and was killed: make it shorter, or the machine quieter";
        }
      }
      return null;
    } finally {
      removeHook(lastWish);
      process.destroyForcibly();
      process.waitFor(KILLED_LIMIT_S, TimeUnit.SECONDS);
    }
  }

  private static void addHook(Thread hook) throws InterruptedException {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException ending) {
      throw new InterruptedException("this process is ending: no run is begun");
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // This process is ending: the hook runs, and finds the process gone.
      Thread.currentThread().interrupt();
    }
  }

  private static String sentence(int exitCode, JsonNode result, Path err) throws IOException {
    if (result.has("error")) {
      return result.get("error").asText();
    }
    List<String> lines = Files.readAllLines(err);
    return "the run ended with exit code "
        + exitCode
        + ": "
        + (lines.isEmpty() ? "it said nothing" : lines.getLast());
  }

  private static JsonNode lastObject(Path file) throws IOException {
    List<JsonNode> objects = lines(file);
    return objects.isEmpty() ? RunOutcome.NONE : objects.getLast();
  }

  private static JsonNode object(Path file) throws IOException {
    return Files.exists(file) ? MAPPER.readTree(file.toFile()) : RunOutcome.NONE;
  }

  /** Lines that are no objects, as a process that was killed leaves one, are passed over. */
  private static List<JsonNode> lines(Path file) throws IOException {
    List<JsonNode> objects = new ArrayList<>();
    if (!Files.exists(file)) {
      return objects;
    }
    for (String line : Files.readAllLines(file)) {
      try {
        JsonNode node = MAPPER.readTree(line);
        if (node.isObject()) {
          objects.add(node);
        }
      } catch (JsonProcessingException cutOff) {
        continue;
      }
    }
    return objects;
  }

  private static long modifiedMs(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toMillis();
  }
}
