package dev.starling.cli.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.starling.cli.train.HistoryFile;
import dev.starling.cli.train.LiveStat;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What lies in a run directory, as far as it is there. What is missing is a missing node.
 *
 * @param directory the run directory as it was named
 * @param rankDirectory of a run whose ranks were launched one by one: that of the rank which knows
 *     most; otherwise the run directory
 * @param config what was run
 * @param result what it came to, once it has ended in good order
 * @param stat the counters
 * @param history the counters over time, from the last line without a step on: what comes before is
 *     the start of processes
 */
record RunFiles(
    Path directory,
    Path rankDirectory,
    JsonNode config,
    JsonNode result,
    JsonNode stat,
    List<JsonNode> history) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String CONFIG = "config.json";
  private static final String RESULT = "result.json";
  private static final String RUNNING = "running";
  private static final String DEAD = "dead";

  /**
   * Reads a run.
   *
   * @param directory the run directory, or that of one launched rank
   * @return what is there
   * @throws ConfigurationException when it is no run directory
   * @throws IOException when a file cannot be read
   */
  static RunFiles of(Path directory) throws IOException {
    Path chosen = Files.isRegularFile(directory.resolve(CONFIG)) ? directory : rank(directory);
    JsonNode config = read(chosen.resolve(CONFIG));
    if (!config.path("options").isObject()) {
      throw new StarlingException(
          chosen.resolve(CONFIG)
              + " has no options: something other than starling wrote it; give the --out of a run");
    }
    return new RunFiles(
        directory,
        chosen,
        config,
        read(chosen.resolve(RESULT)),
        stat(chosen),
        fromFirstStep(HistoryFile.read(chosen)));
  }

  /** The rank that evaluated; while there is none, the one with the longest history. */
  private static Path rank(Path directory) throws IOException {
    Path best = null;
    long most = -1;
    if (Files.isDirectory(directory)) {
      try (Stream<Path> entries = Files.list(directory)) {
        for (Path entry : entries.sorted().toList()) {
          boolean isRank = entry.getFileName().toString().startsWith("rank-");
          if (isRank && Files.isRegularFile(entry.resolve(CONFIG))) {
            boolean ended = Files.exists(entry.resolve(RESULT));
            long known = ended ? Long.MAX_VALUE : HistoryFile.read(entry).size();
            best = known > most ? entry : best;
            most = Math.max(most, known);
          }
        }
      }
    }
    if (best == null) {
      throw new ConfigurationException(
          directory
              + " is no run directory: it has no config.json, nor folders rank-R with one; give the"
              + " --out of a run");
    }
    return best;
  }

  private static List<JsonNode> fromFirstStep(List<JsonNode> history) {
    int from = 0;
    while (from + 1 < history.size() && history.get(from + 1).path("steps").asLong() == 0) {
      from++;
    }
    return history.subList(from, history.size());
  }

  private static JsonNode read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      return MAPPER.readTree(file.toFile());
    } catch (JsonProcessingException failure) {
      throw new StarlingException(
          "%s is not what a run writes (%s): something other than starling wrote it"
              .formatted(file, failure.getOriginalMessage()),
          failure);
    }
  }

  /** A run that died in its first seconds has no counters. */
  private static JsonNode stat(Path directory) throws IOException {
    LiveStat live = LiveStat.of(directory);
    try {
      return MAPPER.valueToTree(live.look());
    } catch (StarlingException nothingThere) {
      return MissingNode.getInstance();
    }
  }

  /** {@return whether the ranks were launched one by one} */
  boolean isLaunched() {
    return !rankDirectory.equals(directory)
        || rankDirectory.toAbsolutePath().normalize().getFileName().toString().startsWith("rank-");
  }

  /** {@return whether it has ended in good order} */
  boolean isFinished() {
    return !result.isMissingNode();
  }

  /** {@return whether it goes on} */
  boolean isRunning() {
    return !isFinished() && stat.path("state").asText(DEAD).equals(RUNNING);
  }

  /** {@return an option as it was given or assumed, empty for none} */
  String option(String name) {
    return config.path("options").path(name).asText("").replace("null", "");
  }

  /** {@return how many workers it has} */
  int workers() {
    return config.path("options").path("workers").asInt(0);
  }

  /** {@return how long it took so far, NaN when nobody knows} */
  double seconds() {
    return history.isEmpty()
        ? number(result.path("seconds"))
        : result.path("seconds").asDouble(sinceStart(history.getLast()));
  }

  /**
   * Returns when a line of the history was written.
   *
   * @param line the line
   * @return seconds since the first one
   */
  double sinceStart(JsonNode line) {
    return line.path("seconds").asDouble() - history.getFirst().path("seconds").asDouble();
  }

  /** {@return the middle of the run in ns since 1970, the beginning of time when nobody knows} */
  long middleNs() {
    try {
      Instant began = OffsetDateTime.parse(config.path("time").asText()).toInstant();
      double first = history.isEmpty() ? 0 : history.getFirst().path("seconds").asDouble();
      double middle = first + (history.isEmpty() ? 0 : sinceStart(history.getLast()) / 2);
      return began.getEpochSecond() * 1_000_000_000L + began.getNano() + (long) (1e9 * middle);
    } catch (DateTimeParseException unknown) {
      return Long.MIN_VALUE;
    }
  }

  /** {@return the name of the run directory, without where it lies} */
  String name() {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    return name == null ? "/" : name.toString();
  }

  /** {@return numbers of an array; NaN for what is none} */
  static double[] numbers(JsonNode array) {
    List<Double> numbers = new ArrayList<>();
    array.forEach(element -> numbers.add(element.asDouble(Double.NaN)));
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** {@return a number, NaN where there is none} */
  static double number(JsonNode node) {
    return node.isNumber() ? node.asDouble() : Double.NaN;
  }
}
