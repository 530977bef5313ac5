package dev.starling.bench.experiment;

import dev.starling.cli.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/** What an experiment tells of one run, or of several: keys in the order in which they were put. */
final class Row {
  private final Map<String, Object> values;

  /** Begins an empty row. */
  Row() {
    values = new LinkedHashMap<>();
  }

  /**
   * Begins with what sets a run apart.
   *
   * @param outcome the run
   */
  Row(RunOutcome outcome) {
    values = new LinkedHashMap<>(outcome.spec().keys());
  }

  /**
   * Adds a value.
   *
   * @param key its name
   * @param value a number that is none becomes null
   * @return this
   */
  Row put(String key, Object value) {
    values.put(key, value instanceof Double number ? Json.number(number) : value);
    return this;
  }

  /** {@return the whole row} */
  Map<String, Object> map() {
    return values;
  }

  /**
   * Reads a number.
   *
   * @param key its name
   * @return the number, NaN when there is none
   */
  double number(String key) {
    return values.get(key) instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  /**
   * Reads a text.
   *
   * @param key its name
   * @return the text, empty when there is none
   */
  String text(String key) {
    Object value = values.get(key);
    return value == null ? "" : Numbers.plain(value);
  }

  /**
   * Reads a truth.
   *
   * @param key its name
   * @return whether it is there and true
   */
  boolean is(String key) {
    return Boolean.TRUE.equals(values.get(key));
  }

  boolean hasFailed() {
    return values.containsKey("error");
  }
}
