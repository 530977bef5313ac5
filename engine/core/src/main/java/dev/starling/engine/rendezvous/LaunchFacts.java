package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * What one source (a launcher's environment variables, or the flags) tells, and where it stands.
 */
final class LaunchFacts {
  /**
   * A value and where it stands.
   *
   * @param name the variable or flag, as a person sets it
   * @param value the text
   * @param derived whether it was concluded from something else, so that an explicit value may
   *     replace it
   */
  record Told(String name, String value, boolean derived) {
    @Override
    public String toString() {
      return name + "=" + value;
    }
  }

  private final String source;
  private final Map<LaunchFact, Told> told = new EnumMap<>(LaunchFact.class);
  private String missingMaster = "give --master host:port";

  LaunchFacts(String source) {
    this.source = source;
  }

  /** Takes a variable that is set; the first of several names wins. */
  LaunchFacts take(Map<String, String> environment, LaunchFact fact, String... names) {
    for (String name : names) {
      String value = environment.get(name);
      if (value != null && !value.isBlank()) {
        told.putIfAbsent(fact, new Told(name, value.strip(), false));
      }
    }
    return this;
  }

  LaunchFacts take(LaunchFact fact, String name, String value) {
    told.putIfAbsent(fact, new Told(name, value, false));
    return this;
  }

  LaunchFacts derive(LaunchFact fact, String name, String value) {
    told.putIfAbsent(fact, new Told(name, value, true));
    return this;
  }

  /** Says how a missing master address is cured under this launcher. */
  LaunchFacts cureOfMaster(String cure) {
    missingMaster = cure;
    return this;
  }

  void cureOfMasterFrom(LaunchFacts launcher) {
    missingMaster = launcher.missingMaster;
  }

  String source() {
    return source;
  }

  boolean isEmpty() {
    return told.isEmpty();
  }

  boolean has(LaunchFact fact) {
    return told.containsKey(fact);
  }

  Told get(LaunchFact fact) {
    return told.get(fact);
  }

  /** Fails when both tell something, and not the same. */
  void requireAgreement(LaunchFacts other) {
    for (Map.Entry<LaunchFact, Told> entry : told.entrySet()) {
      Told mine = entry.getValue();
      Told theirs = other.told.get(entry.getKey());
      if (theirs == null || mine.derived() || theirs.derived() || same(mine, theirs)) {
        continue;
      }
      throw new ConfigurationException(
          "the launch contradicts itself about the "
              + entry.getKey().words()
              + ": "
              + source
              + " says "
              + mine
              + " but "
              + other.source
              + " says "
              + theirs
              + ": unset or correct one of them");
    }
  }

  private static boolean same(Told a, Told b) {
    return a.value().equals(b.value())
        || (isDigits(a.value())
            && isDigits(b.value())
            && Long.parseLong(a.value()) == Long.parseLong(b.value()));
  }

  private static boolean isDigits(String value) {
    return value.length() <= 18 && value.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** Adds what the other source tells beyond this one; explicit values replace derived ones. */
  void complete(LaunchFacts other) {
    other.told.forEach(
        (fact, theirs) -> {
          Told mine = told.get(fact);
          if (mine == null || (mine.derived() && !theirs.derived())) {
            told.put(fact, theirs);
          }
        });
  }

  /** {@return the value as a number within a range} */
  int number(LaunchFact fact, int low, int high) {
    Told value = told.get(fact);
    if (value == null) {
      throw missing(fact);
    }
    if (!isDigits(value.value())) {
      throw new ConfigurationException(
          value + " is no " + fact.words() + ": set it to a whole number");
    }
    return (int)
        ConfigurationException.requireRange(
            fact.words() + " (" + value.name() + ")", Long.parseLong(value.value()), low, high);
  }

  int number(LaunchFact fact, int low, int high, int otherwise) {
    return told.containsKey(fact) ? number(fact, low, high) : otherwise;
  }

  ConfigurationException missing(LaunchFact fact) {
    boolean master = fact == LaunchFact.MASTER_ADDRESS || fact == LaunchFact.MASTER_PORT;
    return new ConfigurationException(
        "the "
            + fact.words()
            + " is missing: the launch is described by "
            + describe()
            + " only, "
            + (master ? missingMaster : "give " + fact.flag() + " or " + startOfCure()));
  }

  private String startOfCure() {
    return told.isEmpty() ? "use a launcher" : "unset these for a job on this host alone";
  }

  /** {@return one phrase: the source and the names that were read} */
  String describe() {
    Set<String> names = new LinkedHashSet<>();
    told.values().forEach(value -> names.add(value.name()));
    return source + " (" + String.join(", ", names) + ")";
  }
}
