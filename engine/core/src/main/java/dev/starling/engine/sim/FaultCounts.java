package dev.starling.engine.sim;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** How many faults of each kind took place. */
final class FaultCounts {
  private final long[] counts = new long[Fault.values().length];
  private final long[] deaths = new long[CrashPoint.Moment.values().length];

  void add(Fault fault) {
    counts[fault.ordinal()]++;
  }

  /** A worker died at a step of its own. */
  void died(CrashPoint.Moment moment) {
    deaths[moment.ordinal()]++;
    add(Fault.CRASH_POINT);
  }

  /** Adds the deaths, by step, to other counts. */
  void putDeaths(Map<String, Long> into) {
    for (CrashPoint.Moment moment : CrashPoint.Moment.values()) {
      into.put("died_" + moment.name().toLowerCase(Locale.ROOT), deaths[moment.ordinal()]);
    }
  }

  /** {@return the counts, also those that are 0} */
  Map<Fault, Long> toMap() {
    Map<Fault, Long> map = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      map.put(fault, counts[fault.ordinal()]);
    }
    return map;
  }
}
