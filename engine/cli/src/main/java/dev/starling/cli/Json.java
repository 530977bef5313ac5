package dev.starling.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.util.Map;

/** JSON as the commands print and store it: keys in the order given, a number that is none null. */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final ObjectWriter INDENTED = MAPPER.writerWithDefaultPrettyPrinter();

  private Json() {}

  /**
   * Writes an object on one line.
   *
   * @param object keys and values
   * @return JSON without a line break
   */
  public static String line(Map<String, ?> object) {
    return write(MAPPER.writer(), object);
  }

  /**
   * Writes an object for people to read.
   *
   * @param object keys and values
   * @return JSON over several lines, ending with a line break
   */
  public static String indented(Map<String, ?> object) {
    return write(INDENTED, object) + "\n";
  }

  /**
   * JSON has no NaN and no infinity.
   *
   * @param value any number
   * @return the number, or null when it is not finite
   */
  public static Double number(double value) {
    return Double.isFinite(value) ? (Double) value : null;
  }

  private static String write(ObjectWriter writer, Map<String, ?> object) {
    try {
      return writer.writeValueAsString(object);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("a result could not be written as JSON", impossible);
    }
  }
}
