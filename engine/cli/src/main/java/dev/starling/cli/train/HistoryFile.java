package dev.starling.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The file history.jsonl of a run directory: objects with "seconds" and perhaps an "accuracy", one
 * on a line. Whole lines only, and at most {@link #MAX_LINES} or about {@link #MAX_CHARACTERS}:
 * when it is full, every second line is dropped and the interval doubles. A run that goes on adds
 * to what it had.
 *
 * <p>Writing belongs to one thread; anybody may read at any time.
 */
public final class HistoryFile {
  /** Its name. */
  public static final String NAME = "history.jsonl";

  /** Between two lines at first. */
  static final double INTERVAL_SECONDS = 0.25;

  static final int MAX_LINES = 1000;
  static final long MAX_CHARACTERS = 2 << 20;
  private static final int MIN_LINES = 100;
  private static final double DUE = 0.9;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final RunDirectory directory;
  private final List<String> lines;
  private final double earlierSeconds;
  private double intervalSeconds = INTERVAL_SECONDS;
  private double lastSeconds = Double.NEGATIVE_INFINITY;
  private long characters;
  private boolean whole;

  /**
   * Goes on with the history in a directory, or begins one; writes nothing yet.
   *
   * @param directory where it lies
   */
  HistoryFile(RunDirectory directory) {
    this.directory = directory;
    List<JsonNode> earlier = earlier(directory.path());
    lines = new ArrayList<>(earlier.stream().map(JsonNode::toString).toList());
    earlierSeconds = earlier.isEmpty() ? 0 : earlier.getLast().path("seconds").asDouble();
    characters = lines.stream().mapToLong(String::length).sum();
  }

  /** A file that cannot be read is replaced: writing it then complains where that fails, too. */
  private static List<JsonNode> earlier(Path directory) {
    try {
      return read(directory);
    } catch (IOException unreadable) {
      return List.of();
    }
  }

  /**
   * Reads the history of a run, also while it goes on.
   *
   * @param directory the run directory
   * @return its lines, by time; none when there is no such file. Lines that a run has not written
   *     are left out.
   * @throws IOException when the file cannot be read
   */
  public static List<JsonNode> read(Path directory) throws IOException {
    List<JsonNode> history = new ArrayList<>();
    double last = Double.NEGATIVE_INFINITY;
    for (String line : text(directory.resolve(NAME)).lines().toList()) {
      JsonNode object = parse(line);
      double seconds = object.path("seconds").asDouble(Double.NaN);
      if (object.path("stepsPerWorker").isArray() && seconds >= last) {
        history.add(object);
        last = seconds;
      }
    }
    return history;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException none) {
      return "";
    }
  }

  private static JsonNode parse(String line) {
    try {
      return MAPPER.readTree(line);
    } catch (JsonProcessingException cutOff) {
      return MAPPER.missingNode();
    }
  }

  /** {@return when the run ended that this one goes on with, 0 when there was none} */
  double earlierSeconds() {
    return earlierSeconds;
  }

  /**
   * Tells whether it is time for a line.
   *
   * @param seconds since the run began or went on
   * @return whether the interval has passed
   */
  boolean isDue(double seconds) {
    return seconds - lastSeconds >= DUE * intervalSeconds;
  }

  /**
   * Adds a line.
   *
   * @param seconds since the run began or went on
   * @param object what it holds
   */
  void add(double seconds, Map<String, ?> object) {
    lastSeconds = seconds;
    String line = Json.line(object);
    lines.add(line);
    characters += line.length();
    if (lines.size() > MAX_LINES || lines.size() > MIN_LINES && characters > MAX_CHARACTERS) {
      thinOut();
      whole = false;
    }
    whole = whole ? directory.tryAppend(NAME, line) : directory.tryWriteLines(NAME, lines);
  }

  /** Keeps the first and the last line, and one of each two between them. */
  private void thinOut() {
    List<String> kept = new ArrayList<>();
    kept.add(lines.getFirst());
    int last = lines.size() - 1;
    for (int i = 1; i < last; i += 2) {
      String later = i + 1 < last ? lines.get(i + 1) : lines.get(i);
      kept.add(hasAccuracy(lines.get(i)) && !hasAccuracy(later) ? lines.get(i) : later);
    }
    kept.add(lines.get(last));
    lines.clear();
    lines.addAll(kept);
    characters = lines.stream().mapToLong(String::length).sum();
    intervalSeconds *= 2;
  }

  /** Accuracies are rarer than lines: of two lines, one that has an accuracy is kept. */
  private static boolean hasAccuracy(String line) {
    return !line.contains("\"accuracy\":null");
  }
}
