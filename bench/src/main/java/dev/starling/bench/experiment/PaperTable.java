package dev.starling.bench.experiment;

import dev.starling.engine.worker.Algorithm;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Numbers of the paper (Lian et al., ICML 2018) as they are remembered: nobody has compared them
 * with the printed page, so they are never shown without that word.
 */
final class PaperTable {
  /** What stands beside every one of these numbers. */
  static final String TAG = "unverified recollection of the paper";

  /** Speed-up of 16 workers over one, one of them slowed by 1, 2, 10, 100; ResNet-20, CIFAR-10. */
  private static final Map<String, Map<Double, Double>> SLOW_WORKER =
      Map.of(
          Algorithms.AD_PSGD,
          Map.of(1.0, 14.78, 2.0, 14.09, 10.0, 13.56, 100.0, 13.56),
          Algorithms.ALL_REDUCE,
          Map.of(1.0, 12.27, 2.0, 6.93, 10.0, 1.56, 100.0, 0.18),
          Algorithm.D_PSGD.optionName(),
          Map.of(1.0, 12.44, 2.0, 7.64, 10.0, 1.60, 100.0, 0.18));

  private PaperTable() {}

  /**
   * Returns the speed-up with one slow worker among 16.
   *
   * @param algorithm whose
   * @param slowdown how slow
   * @return the number, if one is remembered
   */
  static OptionalDouble slowWorkerSpeedup(String algorithm, double slowdown) {
    Double value = SLOW_WORKER.getOrDefault(algorithm, Map.of()).get(slowdown);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }
}
