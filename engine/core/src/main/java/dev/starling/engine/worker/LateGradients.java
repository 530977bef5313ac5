package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import java.util.Locale;

/** What becomes of a gradient that is more stale than the job allows. */
public enum LateGradients {
  /** It is dropped and counted. */
  DROP,
  /**
   * It is scaled by {@code bound / staleness}; gradients that were added up share the factor of the
   * stalest.
   */
  SCALE;

  /**
   * Finds a rule by its option name.
   *
   * @param name {@code drop} or {@code scale}
   * @return the rule
   * @throws ConfigurationException when there is none
   */
  public static LateGradients parse(String name) {
    for (LateGradients rule : values()) {
      if (rule.toString().equals(name)) {
        return rule;
      }
    }
    throw new ConfigurationException("late=" + name + " is unknown: choose drop or scale");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
