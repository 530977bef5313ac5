package dev.starling.engine.sim;

import java.util.List;
import java.util.Map;

/**
 * How a simulation ended.
 *
 * @param scenario what was simulated
 * @param violations what was violated, each beginning with the invariant's name; empty when all
 *     held
 * @param traceHash equal for equal runs
 * @param events how many events took place
 * @param virtualNs how much virtual time went by
 * @param injected faults that took place
 * @param counts what the workers counted, by name
 */
public record SimReport(
    Scenario scenario,
    List<String> violations,
    long traceHash,
    long events,
    long virtualNs,
    Map<Fault, Long> injected,
    Map<String, Long> counts) {
  /**
   * Returns one count.
   *
   * @param name its name, of those that {@link #counts()} has
   * @return the count
   */
  public long count(String name) {
    Long value = counts.get(name);
    if (value == null) {
      throw new IllegalArgumentException("there is no count " + name + ", only " + counts.keySet());
    }
    return value;
  }
}
