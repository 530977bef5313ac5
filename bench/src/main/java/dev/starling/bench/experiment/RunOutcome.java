package dev.starling.bench.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Path;
import java.util.List;

/**
 * What became of a run.
 *
 * @param spec the run
 * @param command the command line of its process
 * @param result the object that it ended with, missing when it failed
 * @param config what its run directory says about it, missing when it made none
 * @param history its progress in time, one object each, oldest first; empty when it kept none
 * @param failure why it failed in a sentence, or null
 * @param wallSeconds the life of its process
 * @param cpuBusy how busy the whole machine was while it trained, 0 to 1
 * @param directory its files
 */
record RunOutcome(
    RunSpec spec,
    List<String> command,
    JsonNode result,
    JsonNode config,
    List<JsonNode> history,
    String failure,
    double wallSeconds,
    double cpuBusy,
    Path directory) {
  /** Stands for an object that is not there. */
  static final JsonNode NONE = MissingNode.getInstance();

  boolean hasFailed() {
    return failure != null;
  }

  /** {@return whether the machine was idle enough for the numbers to be trusted} */
  boolean isQuiet() {
    return cpuBusy <= CpuSamples.BUSY_LIMIT;
  }

  /**
   * Reads a number of the result.
   *
   * @param key its name
   * @return the number, NaN when there is none
   */
  double number(String key) {
    return result.path(key).isNumber() ? result.path(key).asDouble() : Double.NaN;
  }

  /**
   * Returns the rate of all workers together. Where nobody waits, each counts from the begin of its
   * own first step to the end of its last. Where all wait for the slowest, its end counts: the
   * steps of the others end before the round does.
   *
   * @return samples per second
   */
  double samplesPerSecond() {
    if (Algorithms.isSynchronous(String.valueOf(spec.keys().get("algorithm")))) {
      return number("samples") / number("seconds");
    }
    double stepsPerSecond = 0;
    for (JsonNode rate : result.path("stepsPerSecond")) {
      stepsPerSecond += rate.asDouble();
    }
    return stepsPerSecond * number("samples") / number("steps");
  }

  /** {@return how long all samples of the training set once take at that rate, in seconds} */
  double epochSeconds() {
    return config.path("trainSamples").asDouble(Double.NaN) / samplesPerSecond();
  }

  /**
   * Counts the exchanges that a worker took part in.
   *
   * @param rank the worker
   * @return begun and joined ones
   */
  long exchangesOf(int rank) {
    return result.path("exchangesPerWorker").path(rank).asLong()
        + result.path("passiveExchanges").path(rank).asLong();
  }
}
