package dev.starling.bench.experiment;

import dev.starling.engine.ConfigurationException;
import java.util.List;
import picocli.CommandLine.Option;

/** Options of the experiments in which something is slowed. */
final class SlowedOptions {
  private static final double QUICK_SECONDS = 0.6;
  private static final int QUICK_WORKERS = 4;
  private static final int MIN_ROUNDS = 3;
  private static final double MS_PER_S = 1e3;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Number of workers, 2 to 1024; the last one is slowed. Default: 16.")
  private Integer workers;

  @Option(
      names = "--compute-ms",
      paramLabel = "MS",
      description = "Time of a gradient, 1 to 10000: a pretended GPU's. Default: 50.")
  private Double computeMs;

  @Option(
      names = "--slowdowns",
      paramLabel = "S,S,...",
      split = ",",
      description = "How many times slower, 1 to 1000 each. Default: 1,2,10,100.")
  private List<Double> slowdowns;

  @Option(
      names = "--seconds",
      paramLabel = "T",
      description = "Length of each run, 0.1 to 3600. Default: 20.")
  private Double seconds;

  @Option(
      names = "--algorithms",
      paramLabel = "NAME,...",
      split = ",",
      description = "Which ones. Default: ad-psgd,allreduce,d-psgd,a-psgd.")
  private List<String> algorithms = Algorithms.ALL;

  @Option(names = "--seed", paramLabel = "S", description = "Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  private boolean quick;

  /** Created by picocli. */
  SlowedOptions() {}

  /**
   * Checks the values.
   *
   * @param small whether what was not given shall be small
   * @return this
   */
  SlowedOptions check(boolean small) {
    quick = small;
    ConfigurationException.requireRange("--workers", workers(), 2, 1024);
    ConfigurationException.requireRange("--compute-ms", computeMs(), 1, 10_000);
    ConfigurationException.requireRange("--seconds", seconds(), 0.1, 3600);
    slowdowns()
        .forEach(factor -> ConfigurationException.requireRange("--slowdowns", factor, 1, 1000));
    Algorithms.require(algorithms);
    return this;
  }

  int workers() {
    return workers != null ? workers : quick ? QUICK_WORKERS : 16;
  }

  double computeMs() {
    return computeMs != null ? computeMs : quick ? 20 : 50;
  }

  double seconds() {
    return seconds != null ? seconds : quick ? QUICK_SECONDS : 20;
  }

  List<Double> slowdowns() {
    return slowdowns != null ? slowdowns : quick ? List.of(10.0) : List.of(1.0, 2.0, 10.0, 100.0);
  }

  List<String> algorithms() {
    return algorithms;
  }

  long seed() {
    return seed;
  }

  /** {@return gradients of one worker alone} */
  long soloSteps() {
    return Math.max(MIN_ROUNDS, Math.round(seconds() * MS_PER_S / computeMs()));
  }

  /**
   * Returns the length of a run in gradients per worker.
   *
   * @param algorithm whose
   * @param slowdown of the last worker's gradients
   * @return rounds of a synchronous algorithm, at least three, or the mean of all workers
   */
  long steps(String algorithm, double slowdown) {
    double rounds = seconds() * MS_PER_S / computeMs();
    return Algorithms.isSynchronous(algorithm)
        ? Math.max(MIN_ROUNDS, (long) Math.ceil(rounds / slowdown))
        : Math.max(
            MIN_ROUNDS, Math.round(rounds * SlowWorker.ideal(workers(), slowdown) / workers()));
  }

  /**
   * Returns how long a run may well take.
   *
   * @param algorithm whose
   * @param slowdown of the last worker's gradients
   * @return seconds, with the slow worker's last gradient
   */
  double expectedSeconds(String algorithm, double slowdown) {
    double slowStep = computeMs() * slowdown / MS_PER_S;
    return Algorithms.isSynchronous(algorithm)
        ? steps(algorithm, slowdown) * slowStep
        : seconds() + slowStep;
  }
}
