package dev.starling.cli.sim;

import dev.starling.engine.sim.Fault;
import dev.starling.engine.sim.Scenario;
import dev.starling.engine.sim.SimReport;
import dev.starling.engine.sim.Sweep;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@code starling sim} says.
 *
 * @param first the first seed's scenario
 * @param sweep the runs
 * @param smallest the first failing run, made smaller; null when nothing failed or nobody asked
 * @param elapsedNs how long the runs took
 */
record SweepReport(Scenario first, Sweep sweep, SimReport smallest, long elapsedNs) {
  private static final int SHOWN = 10;

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seeds", sweep.seeds());
    json.put("from", first.seed());
    json.put("mutant", first.mutant().name());
    json.put("violations", sweep.failed());
    SimReport failure = sweep.failed() == 0 ? null : sweep.failures().getFirst();
    json.put("firstFailingSeed", failure == null ? null : failure.scenario().seed());
    json.put(
        "failingSeeds", sweep.failures().stream().map(report -> report.scenario().seed()).toList());
    json.put("violation", failure == null ? null : failure.violations().getFirst());
    json.put("again", failure == null ? null : failure.scenario().command());
    json.put("smallest", smallest == null ? null : smallest.scenario().command());
    json.put("traceHash", "%016x".formatted(sweep.traceHash()));
    Map<String, Long> faults = new LinkedHashMap<>();
    sweep.injected().forEach((fault, count) -> faults.put(Scenario.nameOf(fault), count));
    json.put("faultsInjected", faults);
    json.put("counts", sweep.counts());
    json.put("events", sweep.events());
    json.put("virtualSeconds", sweep.virtualNs() / 1e9);
    json.put("seconds", elapsedNs / 1e9);
    return json;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%,d seeds from %d in %.1f s: %,d events, %.1f s of virtual time, trace hash %016x%n"
            .formatted(
                sweep.seeds(),
                first.seed(),
                elapsedNs / 1e9,
                sweep.events(),
                sweep.virtualNs() / 1e9,
                sweep.traceHash()));
    text.append("%nfaults injected%n".formatted());
    for (Map.Entry<Fault, Long> fault : sweep.injected().entrySet()) {
      text.append("  %-24s %,12d%n".formatted(Scenario.nameOf(fault.getKey()), fault.getValue()));
    }
    text.append("%ncounted%n".formatted());
    sweep
        .counts()
        .forEach(
            (name, count) ->
                text.append("  %-24s %,12d%n".formatted(name.replace('_', ' '), count)));
    text.append("%nviolations: %,d%n".formatted(sweep.failed()));
    appendFailures(text);
    return text.toString();
  }

  private void appendFailures(StringBuilder text) {
    List<SimReport> failures = sweep.failures();
    for (SimReport failure : failures.subList(0, Math.min(SHOWN, failures.size()))) {
      text.append("  %s%n".formatted(failure.violations().getFirst()));
    }
    if (!failures.isEmpty()) {
      text.append("%nagain:    %s%n".formatted(failures.getFirst().scenario().command()));
    }
    if (smallest != null) {
      text.append("smallest: %s%n".formatted(smallest.scenario().command()));
      text.append("          %s%n".formatted(smallest.violations().getFirst()));
    }
  }
}
