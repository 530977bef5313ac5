package dev.starling.cli.sim;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.sim.Fault;
import dev.starling.engine.sim.Mutant;
import dev.starling.engine.sim.Reach;
import dev.starling.engine.sim.Scenario;
import dev.starling.engine.topology.Topology;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** What a person may decide about a simulated run; the rest is drawn from the seed. */
final class ScenarioOptions {
  private static final String NO_FAULTS = "none";

  @Option(
      names = "--workers",
      paramLabel = "W",
      description =
          "Workers of every run, 2 to " + Scenario.MAX_WORKERS + ". Default: drawn, 2 to 6.")
  private Integer workers;

  @Option(
      names = "--stripes",
      paramLabel = "S",
      description = "Stripes of the model. Default: drawn, 1 to 3.")
  private Integer stripes;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Gradients of every worker. Default: drawn, 8 to 15.")
  private Integer steps;

  @Option(
      names = "--topology",
      paramLabel = "KIND",
      description = "The graph, as `starling topology --list` names it. Default: drawn.")
  private String topology;

  @Option(
      names = "--reach",
      paramLabel = "REACH",
      description = "How workers reach one another: shared, remote or verbs. Default: drawn.")
  private String reach;

  @Option(
      names = "--faults",
      paramLabel = "LIST",
      description =
          "Faults with their amounts, for instance crash=1,pause=2, or none; `--list` names them."
              + " Default: drawn.")
  private String faults;

  @Option(
      names = "--mutant",
      paramLabel = "NAME",
      description =
          "Plant a mistake, to see that it is found; those on the class path are listed by --list."
              + " Default: none.")
  private String mutant;

  private Map<Fault, Integer> amounts;
  private Mutant planted;

  /** Reads what does not depend on the seed; before {@link #of}, once. */
  void conclude() {
    amounts = faults == null ? null : amounts();
    planted = mutant();
  }

  Scenario of(long seed) {
    Scenario drawn = Scenario.ofSeed(seed);
    Scenario sized =
        drawn.size(
            workers == null ? drawn.workers() : workers,
            stripes == null ? drawn.stripes() : stripes,
            steps == null ? drawn.steps() : steps);
    Scenario shaped =
        sized.shape(
            topology == null
                ? sized.topology()
                : parse("topology", topology, Topology.Kind.values()),
            reach == null ? sized.reach() : parse("reach", reach, Reach.values()));
    return withFaults(shaped).mutant(planted);
  }

  private Scenario withFaults(Scenario drawn) {
    if (amounts == null) {
      return drawn;
    }
    Scenario scenario = drawn;
    for (Fault fault : Fault.values()) {
      scenario = scenario.fault(fault, amounts.getOrDefault(fault, 0));
    }
    return scenario;
  }

  private Map<Fault, Integer> amounts() {
    Map<Fault, Integer> given = new EnumMap<>(Fault.class);
    if (faults.equals(NO_FAULTS)) {
      return given;
    }
    for (String item : faults.split(",", -1)) {
      String[] parts = item.split("=", 2);
      Fault fault = parse("fault", parts[0], Fault.values());
      given.put(fault, parts.length == 1 ? 1 : amount(item, parts[1]));
    }
    return given;
  }

  private static int amount(String item, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException failure) {
      throw new ConfigurationException(
          "--faults has " + item + ", and " + text + " is no number: write for instance pause=2");
    }
  }

  private Mutant mutant() {
    if (mutant == null) {
      return Mutant.NONE;
    }
    List<Mutant> all = Mutant.all();
    return all.stream()
        .filter(candidate -> candidate.name().equals(mutant))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "there is no mutant "
                        + mutant
                        + " on the class path: "
                        + (all.isEmpty()
                            ? "put the engine's test jar on it"
                            : "choose one of "
                                + all.stream()
                                    .map(Mutant::name)
                                    .collect(Collectors.joining(", ")))));
  }

  private static <E extends Enum<E>> E parse(String what, String text, E[] values) {
    return Arrays.stream(values)
        .filter(value -> nameOf(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    what
                        + " "
                        + text
                        + " is unknown: choose one of "
                        + Arrays.stream(values)
                            .map(ScenarioOptions::nameOf)
                            .collect(Collectors.joining(", "))));
  }

  static String nameOf(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
