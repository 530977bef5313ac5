package dev.starling.engine;

/**
 * The caller asked for something that the engine cannot do: the message names the option, the value
 * and its range.
 */
public final class ConfigurationException extends StarlingException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param message one sentence: option, value, accepted range
   */
  public ConfigurationException(String message) {
    super(message);
  }

  /**
   * Returns the value when it lies in the range, or fails with its name.
   *
   * @param name the option's name
   * @param value its value
   * @param low smallest accepted value
   * @param high largest accepted value
   * @return the value
   * @throws ConfigurationException when the value lies outside
   */
  public static long requireRange(String name, long value, long low, long high) {
    if (value < low || value > high) {
      throw new ConfigurationException(
          name + "=" + value + " is out of range: choose a value from " + low + " to " + high);
    }
    return value;
  }

  /**
   * Returns the value when it lies in the range, or fails with its name. NaN never lies in a range.
   *
   * @param name the option's name
   * @param value its value
   * @param low smallest accepted value
   * @param high largest accepted value
   * @return the value
   * @throws ConfigurationException when the value lies outside
   */
  public static double requireRange(String name, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      throw new ConfigurationException(
          name + "=" + value + " is out of range: choose a value from " + low + " to " + high);
    }
    return value;
  }
}
