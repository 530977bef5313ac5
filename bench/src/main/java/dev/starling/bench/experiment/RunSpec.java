package dev.starling.bench.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One run of an experiment, not yet begun.
 *
 * @param name names its files; unique in the experiment
 * @param keys what sets it apart from the others, the first columns of its row
 * @param arguments what follows {@code starling}, without {@code --out} and {@code --json}
 * @param expectedSeconds how long it may well take
 * @param reference whether it is measured for the sake of the others and has no row of its own in
 *     the table
 */
record RunSpec(
    String name,
    Map<String, Object> keys,
    List<String> arguments,
    double expectedSeconds,
    boolean reference) {
  /** The command that trains. */
  static final String TRAIN = "train";

  private static final double START_SECONDS = 60;
  private static final double SLACK = 3;

  /** {@return after how many seconds it is killed} */
  long limitSeconds() {
    return Math.round(START_SECONDS + SLACK * expectedSeconds);
  }

  /** {@return what decides everything that is left to chance, null when the run takes no seed} */
  Long seed() {
    int at = arguments.indexOf("--seed");
    return at < 0 ? null : Long.valueOf(arguments.get(at + 1));
  }

  /** {@return whether it leaves a run directory} */
  boolean isTraining() {
    return arguments.getFirst().equals(TRAIN);
  }

  /** Builds a run of {@code train}. */
  static final class Training {
    private final Map<String, Object> keys = new LinkedHashMap<>();
    private final List<String> arguments = new ArrayList<>(List.of(TRAIN));
    private double expectedSeconds;
    private boolean reference;

    /**
     * Begins with the algorithm.
     *
     * @param algorithm its name as {@code train} takes it
     */
    Training(String algorithm) {
      keys.put("algorithm", algorithm);
      option("--algorithm", algorithm);
    }

    Training key(String name, Object value) {
      keys.put(name, value);
      return this;
    }

    Training option(String name, Object value) {
      arguments.add(name);
      arguments.add(Numbers.plain(value));
      return this;
    }

    Training expectedSeconds(double value) {
      expectedSeconds = value;
      return this;
    }

    Training asReference() {
      reference = true;
      return this;
    }

    /**
     * Ends.
     *
     * @param name names its files
     * @return the run
     */
    RunSpec named(String name) {
      return new RunSpec(
          name.replaceAll("[^A-Za-z0-9.=_-]+", "-"),
          new LinkedHashMap<>(keys),
          List.copyOf(arguments),
          expectedSeconds,
          reference);
    }
  }
}
