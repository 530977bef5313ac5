package dev.starling.cli.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.Json;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/**
 * What a run's counters were as time went on, one JSON object on a line of history.jsonl. Counts
 * are sums since the run began; of a rank that was started again, over all its lives.
 *
 * <pre>
 *   seconds epoch steps samples loss accuracy learningRate
 *   steps-, exchanges-, busy-, alone-, tornPerWorker, stallNsPerWorker, by rank
 * </pre>
 *
 * <p>Belongs to the monitor's thread. The file has whole lines only, at most {@link #MAX_LINES} of
 * them: when it is full, every second one is dropped and the interval doubles.
 */
public final class RunHistory {
  /** The file in a run directory. */
  public static final String FILE = "history.jsonl";

  /** Between two lines at first. */
  static final long INTERVAL_NS = 250_000_000L;

  static final int MAX_LINES = 1000;
  private static final int MIN_LINES = 100;
  private static final long MAX_CHARACTERS = 4 << 20;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final RunDirectory directory;
  private final TrainingJob job;
  private final Schedule schedule;
  private final int trainCount;
  private final List<String> lines;
  private final double earlierSeconds;
  private double intervalSeconds = INTERVAL_NS / 1e9;
  private double lastSeconds = Double.NEGATIVE_INFINITY;
  private long characters;
  private boolean whole;

  /**
   * Goes on with the history in a directory, or begins one.
   *
   * @param directory where it lies
   * @param job what is counted
   * @param plan the run
   */
  RunHistory(RunDirectory directory, TrainingJob job, RunPlan plan) {
    this.directory = directory;
    this.job = job;
    schedule = plan.schedule();
    trainCount = plan.setup().train().count();
    lines = earlier(directory.path());
    earlierSeconds = lines.isEmpty() ? 0 : seconds(lines.getLast());
    characters = lines.stream().mapToLong(String::length).sum();
  }

  /** What another process left there may be anything. */
  private static List<String> earlier(Path directory) {
    try {
      return new ArrayList<>(read(directory).stream().map(JsonNode::toString).toList());
    } catch (IOException unreadable) {
      return new ArrayList<>();
    }
  }

  private static double seconds(String line) {
    try {
      return MAPPER.readTree(line).path("seconds").asDouble();
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a line of the history is no JSON any more", impossible);
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
    for (String line : text(directory.resolve(FILE)).lines().toList()) {
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

  /**
   * Adds a line when one is due.
   *
   * @param seconds since the run began or went on
   * @param accuracy as it was evaluated since the last line, or NaN
   * @param last whether this is the end, so that a line is due in any case
   * @return whether a line was added
   */
  boolean add(double seconds, double accuracy, boolean last) {
    if (!last && seconds - lastSeconds < 0.9 * intervalSeconds) {
      return false;
    }
    lastSeconds = seconds;
    String line = Json.line(now(earlierSeconds + seconds, accuracy));
    lines.add(line);
    characters += line.length();
    if (isFull()) {
      thinOut();
      whole = false;
    }
    whole = whole ? directory.tryAppend(FILE, line) : directory.tryWriteLines(FILE, lines);
    return true;
  }

  private boolean isFull() {
    return lines.size() > MAX_LINES || lines.size() > MIN_LINES && characters > MAX_CHARACTERS;
  }

  /** Keeps the later one of each two, but rather the one with an accuracy; the first one stays. */
  private void thinOut() {
    List<String> kept = new ArrayList<>();
    kept.add(lines.getFirst());
    for (int i = 1; i < lines.size(); i += 2) {
      String later = lines.get(Math.min(i + 1, lines.size() - 1));
      boolean earlierOnly = hasAccuracy(lines.get(i)) && !hasAccuracy(later);
      kept.add(earlierOnly && i + 2 < lines.size() ? lines.get(i) : later);
    }
    lines.clear();
    lines.addAll(kept);
    characters = lines.stream().mapToLong(String::length).sum();
    intervalSeconds *= 2;
  }

  private static boolean hasAccuracy(String line) {
    return !line.contains("\"accuracy\":null");
  }

  private Map<String, Object> now(double seconds, double accuracy) {
    int workers = job.board().workers();
    List<Long> steps = each(rank -> job.board().rank(rank).steps());
    long allSteps = steps.stream().mapToLong(Long::longValue).sum();
    long samples = IntStream.range(0, workers).mapToLong(r -> job.board().rank(r).samples()).sum();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("seconds", Math.round(1000 * seconds) / 1000.0);
    line.put("epoch", (double) samples / trainCount);
    line.put("steps", allSteps);
    line.put("samples", samples);
    line.put("loss", Json.number(RunMonitor.meanLoss(job.board())));
    line.put("accuracy", Json.number(accuracy));
    line.put("learningRate", Json.number(schedule.learningRate((double) allSteps / workers)));
    line.put("stepsPerWorker", steps);
    line.put("exchangesPerWorker", counts(Counter.EXCHANGES));
    line.put("busyPerWorker", counts(Counter.PARTNER_BUSY));
    line.put("alonePerWorker", counts(Counter.STEPS));
    line.put("tornPerWorker", counts(Counter.EXCHANGES_TORN));
    line.put("stallNsPerWorker", counts(Counter.STALL_NS));
    return line;
  }

  private List<Long> counts(Counter counter) {
    return each(rank -> job.observer().count(rank, counter));
  }

  private List<Long> each(IntToLongFunction count) {
    return IntStream.range(0, job.board().workers()).mapToObj(count::applyAsLong).toList();
  }
}
