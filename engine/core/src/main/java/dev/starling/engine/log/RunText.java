package dev.starling.engine.log;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.replica.ReplicaLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * What a log belongs to, as the text of its RUN records: lines {@code key=value}, sorted by nothing
 * but the order in which they were put. Keys that the engine needs for replay are constants here;
 * callers may add their own.
 */
public final class RunText {
  /** Key: the version of the record format. */
  public static final String FORMAT = "format";

  /** Key: the job's id. */
  public static final String JOB = "job";

  /** Key: the worker's rank. */
  public static final String RANK = "rank";

  /** Key: the worker's incarnation. */
  public static final String INCARNATION = "incarnation";

  /** Key: the number of workers. */
  public static final String WORKERS = "workers";

  /** Key: the parameters of each stripe, separated by commas. */
  public static final String STRIPES = "stripes";

  /** Key: the optimizer, see {@link dev.starling.engine.optimizer.Optimizer#specification()}. */
  public static final String OPTIMIZER = "optimizer";

  /** Key: how gradients are kept, see {@link GradientPayload}. */
  public static final String PAYLOAD = "payload";

  private final Map<String, String> values = new LinkedHashMap<>();

  /** Creates an empty text. */
  public RunText() {}

  /**
   * Adds a line.
   *
   * @param key without '=' and line breaks
   * @param value without line breaks
   * @return this
   */
  public RunText put(String key, Object value) {
    String text = String.valueOf(value);
    if (key.indexOf('=') >= 0 || key.indexOf('\n') >= 0 || text.indexOf('\n') >= 0) {
      throw new IllegalArgumentException(
          "'" + key + "=" + text + "' is no line of key=value: leave out line breaks");
    }
    values.put(key, text);
    return this;
  }

  /**
   * Adds the model's shape.
   *
   * @param layout the replica's layout
   * @return this
   */
  public RunText layout(ReplicaLayout layout) {
    put(WORKERS, layout.workers());
    return put(
        STRIPES,
        LongStream.range(0, layout.stripes())
            .map(stripe -> layout.stripeParameters((int) stripe))
            .mapToObj(Long::toString)
            .collect(Collectors.joining(",")));
  }

  /**
   * Parses the text of a record.
   *
   * @param where how a failure names the record
   * @param text the text
   * @return its lines
   * @throws StarlingException when a line has no '=' or the format is another one
   */
  public static RunText parse(String where, String text) {
    RunText parsed = new RunText();
    text.lines()
        .forEach(
            line -> {
              int equals = line.indexOf('=');
              if (equals < 1) {
                throw new StarlingException(
                    where + " has the line '" + line + "' that is not key=value: restore the file");
              }
              parsed.values.put(line.substring(0, equals), line.substring(equals + 1));
            });
    String format = parsed.values.get(FORMAT);
    if (!Integer.toString(LogRecord.FORMAT).equals(format)) {
      throw new StarlingException(
          where
              + " has format "
              + format
              + " but this version reads "
              + LogRecord.FORMAT
              + ": use the version of Starling that wrote it, or a newer one");
    }
    return parsed;
  }

  /**
   * Returns a value.
   *
   * @param key the key
   * @return its value, or null
   */
  public String get(String key) {
    return values.get(key);
  }

  /**
   * Returns a value that must be there.
   *
   * @param where how a failure names the record
   * @param key the key
   * @return its value
   * @throws StarlingException when it is missing
   */
  public String require(String where, String key) {
    String value = values.get(key);
    if (value == null) {
      throw new StarlingException(where + " says nothing of '" + key + "': restore the file");
    }
    return value;
  }

  /**
   * Returns the model's shape.
   *
   * @param where how a failure names the record
   * @return a layout of the same stripes
   */
  public ReplicaLayout layout(String where) {
    try {
      return ReplicaLayout.ofStripes(
          Integer.parseInt(require(where, WORKERS)),
          Arrays.stream(require(where, STRIPES).split(",")).mapToLong(Long::parseLong).toArray());
    } catch (IllegalArgumentException | ConfigurationException wrong) {
      throw new StarlingException(
          where + " has a shape that is none (" + wrong.getMessage() + "): restore the file",
          wrong);
    }
  }

  /**
   * Returns all lines.
   *
   * @return keys and values in order
   */
  public Map<String, String> values() {
    return Map.copyOf(values);
  }

  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(line -> line.getKey() + "=" + line.getValue() + "\n")
        .collect(Collectors.joining());
  }
}
