package dev.starling.engine.sim;

import dev.starling.engine.ConfigurationException;

/**
 * Whose communication pattern a simulation at scale has. The baselines are none of it yet: the
 * engine does not run them, and nothing stands in for them here.
 */
public enum ScaleAlgorithm {
  /** Asynchronous pairwise averaging, with the engine's own workers. */
  AD_PSGD("ad-psgd");

  private final String optionName;

  ScaleAlgorithm(String optionName) {
    this.optionName = optionName;
  }

  /**
   * Returns the name that options use.
   *
   * @return for instance {@code ad-psgd}
   */
  public String optionName() {
    return optionName;
  }

  /**
   * Finds an algorithm by its option name.
   *
   * @param name for instance {@code ad-psgd}
   * @return the algorithm
   * @throws ConfigurationException when it is not simulated
   */
  public static ScaleAlgorithm parse(String name) {
    for (ScaleAlgorithm algorithm : values()) {
      if (algorithm.optionName.equals(name)) {
        return algorithm;
      }
    }
    throw new ConfigurationException(
        "algorithm=" + name + " is not simulated: choose ad-psgd, the only one so far");
  }
}
