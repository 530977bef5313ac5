package dev.starling.engine.log;

import dev.starling.engine.ConfigurationException;
import java.util.Arrays;
import java.util.Locale;

/** How the log keeps the values of gradients. */
public enum GradientPayload {
  /** As they are: 4 bytes for each parameter. */
  F32(0, Float.BYTES),
  /**
   * Rounded to bfloat16, 2 bytes for each parameter. The engine applies the rounded values and adds
   * what was cut off to the next gradient, so that replay stays exact and nothing is lost.
   */
  BF16(1, Short.BYTES),
  /** Not at all: the log tells what happened when, and cannot be replayed. */
  NONE(2, 0);

  private final int code;
  private final int bytes;

  GradientPayload(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /**
   * Returns the code in a record.
   *
   * @return 0 to 2
   */
  public int code() {
    return code;
  }

  /**
   * Returns the length of one value.
   *
   * @return in bytes
   */
  public int bytesPerValue() {
    return bytes;
  }

  /**
   * Returns the payload of a code.
   *
   * @param code the code in a record
   * @return the payload, or null when there is none
   */
  public static GradientPayload of(int code) {
    return code >= 0 && code < values().length ? values()[code] : null;
  }

  /**
   * Parses a name as options have it.
   *
   * @param name {@code f32}, {@code bf16} or {@code none}
   * @return the payload
   * @throws ConfigurationException when there is no such payload
   */
  public static GradientPayload parse(String name) {
    return Arrays.stream(values())
        .filter(payload -> payload.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "gradient payload '" + name + "' is unknown: choose f32, bf16 or none"));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
