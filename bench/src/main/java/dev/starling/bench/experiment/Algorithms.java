package dev.starling.bench.experiment;

import dev.starling.engine.ConfigurationException;
import java.util.List;

/** The algorithms that {@code train} knows, as data. */
final class Algorithms {
  /** Asynchronous decentralised. */
  static final String AD_PSGD = "ad-psgd";

  /** Synchronous, ring. */
  static final String ALL_REDUCE = "allreduce";

  /** Synchronous, neighbours. */
  static final String D_PSGD = "d-psgd";

  /** Asynchronous parameter server. */
  static final String A_PSGD = "a-psgd";

  /** All of them, the order of tables. */
  static final List<String> ALL = List.of(AD_PSGD, ALL_REDUCE, D_PSGD, A_PSGD);

  private Algorithms() {}

  /**
   * Tells whether every worker waits for others in each step.
   *
   * @param algorithm its name
   * @return whether the slowest worker sets the pace of all
   */
  static boolean isSynchronous(String algorithm) {
    return algorithm.equals(ALL_REDUCE) || algorithm.equals(D_PSGD);
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
            "--algorithms="
                + algorithm
                + " is unknown: choose some of "
                + String.join(", ", ALL));
      }
    }
    return chosen;
  }
}
