package dev.starling.cli.sim;

import dev.starling.engine.sim.Fault;
import dev.starling.engine.sim.Mutant;
import dev.starling.engine.sim.Reach;
import dev.starling.engine.sim.Scenario;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code starling sim} can be told: faults, ways to reach a peer, and mutants. */
final class SimLists {
  private final Map<String, List<Map<String, Object>>> json = new LinkedHashMap<>();
  private final StringBuilder text = new StringBuilder();

  private SimLists() {}

  static SimLists all() {
    SimLists lists = new SimLists();
    lists.begin("faults", "Faults, with the most that a seed draws:");
    for (Fault fault : Fault.values()) {
      lists.add("faults", Scenario.nameOf(fault), "most", fault.most(), fault.what());
    }
    lists.begin("reach", "How workers reach one another (--reach):");
    for (Reach reach : Reach.values()) {
      lists.add("reach", ScenarioOptions.nameOf(reach), null, 0, reach.what());
    }
    List<Mutant> mutants = Mutant.all();
    lists.begin(
        "mutants",
        mutants.isEmpty()
            ? "Mutants: none on the class path; the engine's test jar has them."
            : "Mutants, with the seeds within which each must be found:");
    for (Mutant mutant : mutants) {
      lists.add("mutants", mutant.name(), "seeds", mutant.seeds(), mutant.mistake());
    }
    return lists;
  }

  private void begin(String list, String heading) {
    json.put(list, new ArrayList<>());
    text.append(text.isEmpty() ? "" : "\n").append(heading).append('\n');
  }

  private void add(String list, String name, String measure, int value, String what) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", name);
    if (measure != null) {
      entry.put(measure, value);
    }
    entry.put("what", what);
    json.get(list).add(entry);
    text.append("  %-32s %4s  %s%n".formatted(name, measure == null ? "" : value, what));
  }

  Map<String, ?> json() {
    return json;
  }

  String text() {
    return text.toString();
  }
}
