package dev.starling.cli.train;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.fabric.LinkPace;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Options of {@code train} about emulated links between the workers. */
final class LinkOptions {
  private static final double BYTES_PER_GBIT = 1e9 / 8;
  private static final double NS_PER_US = 1e3;

  @Option(
      names = "--link-gbit",
      paramLabel = "G",
      description =
          "Put an emulated link of so many Gbit/s each way before every worker, 0 to 100000: models"
              + " are read and written over it in place of being averaged in shared memory. 0 for"
              + " none. Default: ${DEFAULT-VALUE}.")
  private double gigabits;

  @Option(
      names = "--link-us",
      paramLabel = "L",
      description =
          "With --link-gbit: what an operation takes besides its bytes, in microseconds, 0 to"
              + " 1000000. Default: ${DEFAULT-VALUE}.")
  private double latencyUs = 5;

  @Option(
      names = "--slow-link",
      paramLabel = "RANK=FACTOR",
      split = ",",
      description =
          "With --link-gbit: a byte takes FACTOR times longer on the link of worker RANK (from 0),"
              + " 1 to 100000. Default: none.")
  private Map<Integer, Double> slow = new TreeMap<>();

  /** Created by picocli, without links. */
  LinkOptions() {}

  /**
   * Checks the values.
   *
   * @param workers the number of workers
   * @param processes whether each is a process of its own
   * @throws ConfigurationException names the option, its value and what it takes
   */
  void check(int workers, boolean processes) {
    ConfigurationException.requireRange("--link-gbit", gigabits, 0, 1e5);
    ConfigurationException.requireRange("--link-us", latencyUs, 0, 1e6);
    if (gigabits == 0 && !slow.isEmpty()) {
      throw new ConfigurationException(
          "--slow-link=" + slow + " needs --link-gbit: without it there are no links");
    }
    slow.keySet()
        .forEach(
            rank ->
                ConfigurationException.requireRange(
                    "the rank in --slow-link", rank, 0, workers - 1));
    if (processes) {
      requireNone("--processes gives every worker a process of its own");
    }
    pace();
  }

  /**
   * Refuses links.
   *
   * @param why they cannot be had, the begin of a sentence
   * @throws ConfigurationException when there are links
   */
  void requireNone(String why) {
    if (gigabits > 0) {
      throw new ConfigurationException(
          why
              + ", and --link-gbit="
              + gigabits
              + " emulates links among the threads of one process: leave one of them out");
    }
  }

  /** {@return the links for the engine, or null for none} */
  LinkPace pace() {
    return gigabits == 0
        ? null
        : new LinkPace(gigabits * BYTES_PER_GBIT, (long) (latencyUs * NS_PER_US), slow);
  }

  /** {@return the options as the run uses them, for config.json} */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("linkGbit", gigabits);
    map.put("linkUs", gigabits == 0 ? null : latencyUs);
    map.put("slowLink", gigabits == 0 ? null : slow);
    return map;
  }
}
