package dev.starling.engine.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads JSON that nobody vouches for: every wrong token is one sentence that names the file.
 * Belongs to one thread.
 */
final class JsonInput implements AutoCloseable {
  private static final int SHOWN_CHARACTERS = 120;

  /** Names come from outside: they shall not fill caches that live as long as the process. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  /** What to do about a damaged file. */
  private final String cure;

  private final String where;
  private final JsonParser parser;

  /**
   * Opens a text.
   *
   * @param where the file, as failures name it
   * @param cure what to do about it
   * @param text the text, UTF-8
   * @throws StarlingException when it is not UTF-8
   */
  JsonInput(String where, String cure, ByteBuffer text) {
    this.where = where;
    this.cure = cure;
    try {
      CharBuffer characters = StandardCharsets.UTF_8.newDecoder().decode(text);
      parser =
          FACTORY.createParser(
              characters.array(),
              characters.arrayOffset() + characters.position(),
              characters.remaining());
    } catch (CharacterCodingException notText) {
      throw wrong("holds bytes that are not UTF-8 where JSON should be");
    } catch (IOException failure) {
      throw wrong(failure);
    }
  }

  /**
   * Makes a failure about this file.
   *
   * @param what what is wrong, as the predicate of a sentence about the file
   * @return the failure
   */
  StarlingException wrong(String what) {
    return new StarlingException(where + " " + what + ": " + cure);
  }

  private StarlingException wrong(IOException failure) {
    String detail =
        failure instanceof JsonProcessingException json
            ? json.getOriginalMessage()
            : failure.toString();
    return new StarlingException(
        where + " holds wrong JSON (" + shown(detail) + "): " + cure, failure);
  }

  /**
   * Makes text from a file fit for a sentence.
   *
   * @param text any text
   * @return at most 120 of its characters, control characters replaced
   */
  static String shown(String text) {
    StringBuilder fit = new StringBuilder();
    for (int i = 0; i < Math.min(SHOWN_CHARACTERS, text.length()); i++) {
      char c = text.charAt(i);
      fit.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
    }
    return text.length() <= SHOWN_CHARACTERS ? fit.toString() : fit + "...";
  }

  private JsonToken next() {
    try {
      return parser.nextToken();
    } catch (IOException failure) {
      throw wrong(failure);
    }
  }

  private void expect(JsonToken wanted, String what) {
    JsonToken found = next();
    if (found != wanted) {
      throw wrong("has " + (found == null ? "nothing" : found) + " where " + what + " should be");
    }
  }

  /**
   * Reads the begin of an object.
   *
   * @param what what the object is
   */
  void beginObject(String what) {
    expect(JsonToken.START_OBJECT, what);
  }

  /**
   * Reads the begin of an array.
   *
   * @param what what the array is
   */
  void beginArray(String what) {
    expect(JsonToken.START_ARRAY, what);
  }

  /**
   * Reads the begin of an object in an array.
   *
   * @param what what the object is
   * @return whether there is one; the array has ended if not
   */
  boolean nextObject(String what) {
    JsonToken found = next();
    if (found != JsonToken.START_OBJECT && found != JsonToken.END_ARRAY) {
      throw wrong("has " + found + " where " + what + " should be");
    }
    return found == JsonToken.START_OBJECT;
  }

  /**
   * Reads the name of the next field.
   *
   * @return the name, or null when the object has ended
   */
  String nextName() {
    JsonToken found = next();
    if (found == JsonToken.END_OBJECT) {
      return null;
    }
    if (found != JsonToken.FIELD_NAME) {
      throw wrong("has " + found + " where a name should be");
    }
    return text();
  }

  /**
   * Reads a text.
   *
   * @param what what it is
   * @return the text
   */
  String text(String what) {
    expect(JsonToken.VALUE_STRING, what);
    return text();
  }

  private String text() {
    try {
      return parser.getText();
    } catch (IOException failure) {
      throw wrong(failure);
    }
  }

  /**
   * Reads a whole number that is not negative.
   *
   * @param what what it is
   * @return the number
   */
  long number(String what) {
    expect(JsonToken.VALUE_NUMBER_INT, what);
    return number();
  }

  private long number() {
    String digits = text();
    try {
      if (digits.charAt(0) != '-') {
        return Long.parseLong(digits);
      }
    } catch (NumberFormatException tooLarge) {
      throw new StarlingException(
          where + " has the number " + shown(digits) + ", beyond 64 bits: " + cure, tooLarge);
    }
    throw wrong("has the number " + shown(digits) + ", which is negative");
  }

  /**
   * Reads an array of whole numbers that are not negative.
   *
   * @param what what it is
   * @return the numbers
   */
  List<Long> numbers(String what) {
    beginArray(what);
    List<Long> numbers = new ArrayList<>();
    JsonToken found = next();
    while (found == JsonToken.VALUE_NUMBER_INT) {
      numbers.add(number());
      found = next();
    }
    if (found != JsonToken.END_ARRAY) {
      throw wrong("has " + found + " where a whole number of " + what + " should be");
    }
    return List.copyOf(numbers);
  }

  /** Reads the end of the text. */
  void end() {
    JsonToken found = next();
    if (found != null) {
      throw wrong("has " + found + " where its JSON should have ended");
    }
  }

  @Override
  public void close() {
    try {
      parser.close();
    } catch (IOException failure) {
      throw wrong(failure);
    }
  }
}
