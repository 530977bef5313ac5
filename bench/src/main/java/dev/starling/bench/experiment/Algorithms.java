package dev.starling.bench.experiment;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.worker.Algorithm;
import java.util.Arrays;
import java.util.List;

/** The algorithms that {@code train} knows, as data. */
final class Algorithms {
  /** The engine's own. */
  static final String AD_PSGD = Algorithm.AD_PSGD.optionName();

  /** What it is compared with first. */
  static final String ALL_REDUCE = Algorithm.ALLREDUCE.optionName();

  /** All of them, the order of tables. */
  static final List<String> ALL =
      Arrays.stream(Algorithm.values()).map(Algorithm::optionName).toList();

  private Algorithms() {}

  /**
   * Tells whether every worker waits for others in each step.
   *
   * @param algorithm its name
   * @return whether the slowest worker sets the pace of all
   */
  static boolean isSynchronous(String algorithm) {
    return Algorithm.parse(algorithm).isSynchronous();
  }

  /**
   * Checks names.
   *
   * @param chosen the names
   * @return the same
   * @throws ConfigurationException names one that is unknown
   */
  static List<String> require(List<String> chosen) {
    for (String algorithm : chosen) {
      if (!ALL.contains(algorithm)) {
        throw new ConfigurationException(
            "--algorithms=" + algorithm + " is unknown: choose some of " + String.join(", ", ALL));
      }
    }
    return chosen;
  }
}
