package dev.starling.engine.sim;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * The runs of many seeds, on all processors; the result depends on the seeds alone. Belongs to one
 * thread.
 */
public final class Sweep {
  private static final int BATCH = 64;
  private static final int KEPT = 100;

  private final List<SimReport> failures = new ArrayList<>();
  private final Map<String, Long> counts = new TreeMap<>();
  private final Map<Fault, Long> injected = new EnumMap<>(Fault.class);
  private long seeds;
  private long failed;
  private long events;
  private long virtualNs;
  private long traceHash = 17;

  private Sweep() {}

  /**
   * Runs scenarios.
   *
   * @param from the first seed
   * @param seeds how many
   * @param scenario makes a scenario of a seed
   * @param progress is told how many more are done, from time to time
   * @return sums over all runs
   */
  public static Sweep of(
      long from, long seeds, LongFunction<Scenario> scenario, LongConsumer progress) {
    Sweep sweep = new Sweep();
    for (long first = from; first < from + seeds; first += BATCH) {
      long end = Math.min(from + seeds, first + BATCH);
      List<SimReport> reports =
          LongStream.range(first, end)
              .parallel()
              .mapToObj(seed -> run(scenario.apply(seed)))
              .toList();
      reports.forEach(sweep::add);
      progress.accept(end - first);
    }
    return sweep;
  }

  private static SimReport run(Scenario scenario) {
    try {
      return Simulation.run(scenario);
    } catch (RuntimeException | Error failure) {
      throw new IllegalStateException(
          "the simulator itself failed, again: " + scenario.command() + ": " + failure, failure);
    }
  }

  private void add(SimReport report) {
    seeds++;
    events += report.events();
    virtualNs += report.virtualNs();
    traceHash = traceHash * 31 + report.traceHash();
    report.counts().forEach((name, count) -> counts.merge(name, count, Long::sum));
    report.injected().forEach((fault, count) -> injected.merge(fault, count, Long::sum));
    if (!report.violations().isEmpty()) {
      failed++;
      if (failures.size() < KEPT) {
        failures.add(report);
      }
    }
  }

  /**
   * Returns how many seeds were run.
   *
   * @return the seeds
   */
  public long seeds() {
    return seeds;
  }

  /**
   * Returns how many runs violated something.
   *
   * @return 0 when every invariant held in every run
   */
  public long failed() {
    return failed;
  }

  /**
   * Returns runs that violated something.
   *
   * @return the first ones, by seed
   */
  public List<SimReport> failures() {
    return failures;
  }

  /**
   * Returns what all runs together are recognised by.
   *
   * @return equal for equal runs in equal order
   */
  public long traceHash() {
    return traceHash;
  }

  /**
   * Returns how many events took place.
   *
   * @return over all runs
   */
  public long events() {
    return events;
  }

  /**
   * Returns how much virtual time went by.
   *
   * @return in ns, over all runs
   */
  public long virtualNs() {
    return virtualNs;
  }

  /**
   * Returns what the workers counted.
   *
   * @return sums by name
   */
  public Map<String, Long> counts() {
    return counts;
  }

  /**
   * Returns how many faults took place.
   *
   * @return by kind, also those that did not
   */
  public Map<Fault, Long> injected() {
    return injected;
  }
}
