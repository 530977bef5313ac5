package dev.starling.cli.topology;

import dev.starling.cli.Json;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.topology.Mixing;
import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Describes a graph of workers. */
@Command(
    name = "topology",
    header = "Describe a graph of workers: edges, degree, and how fast disagreement fades.",
    description = {
      "",
      "The spectral gap is 1 - rho of E[W], where one exchange picks an initiating worker and one"
          + " of its neighbours uniformly and averages the two: the expected squared distance from"
          + " the mean shrinks by at least the factor rho per exchange.",
      ""
    })
public final class TopologyCommand extends StarlingCommand {
  /** The eigenvalues take a time that grows with the cube of the workers: seconds at this many. */
  private static final int MAX_WORKERS = 512;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description =
          "ring, complete, complete-bipartite or bipartite-exponential (the paper's graph)."
              + " Bipartite ones need an even number of workers. Default: ${DEFAULT-VALUE}.")
  private String kind = Topology.Kind.COMPLETE.optionName();

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Number of workers, 1 to " + MAX_WORKERS + ". Default: ${DEFAULT-VALUE}.")
  private int workers = 4;

  @Option(
      names = "--dot",
      description =
          "Print the graph in the language of Graphviz instead of the report (initiating workers"
              + " are boxes); with --json it is the key dot.")
  private boolean dot;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public TopologyCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    ConfigurationException.requireRange("workers", workers, 1, MAX_WORKERS);
    Topology topology = Topology.of(Topology.Kind.parse(kind), workers);
    Mixing mixing = topology.mixing();
    answer(json(topology, mixing), dot ? topology.toDot() : report(topology, mixing));
  }

  private Map<String, Object> json(Topology topology, Mixing mixing) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", topology.name());
    json.put("workers", workers);
    json.put("edges", topology.edges());
    json.put("edgeList", edges(topology));
    json.put("initiators", initiators(topology));
    json.put("degreeMin", degrees(topology).min().orElseThrow());
    json.put("degreeMax", degrees(topology).max().orElseThrow());
    json.put("rho", Json.number(mixing.rho()));
    json.put("spectralGap", Json.number(mixing.gap()));
    json.put("exchangesToHalve", Json.number(mixing.exchangesToHalve()));
    if (dot) {
      json.put("dot", topology.toDot());
    }
    return json;
  }

  private String report(Topology topology, Mixing mixing) {
    int least = degrees(topology).min().orElseThrow();
    int most = degrees(topology).max().orElseThrow();
    StringBuilder text = new StringBuilder();
    line(text, "topology", "%s of %d workers", topology.name(), workers);
    line(text, "edges", "%d", topology.edges());
    line(text, "degree", least == most ? "%d" : "%d to %d", least, most);
    line(text, "initiators", "%d of %d", initiators(topology).size(), workers);
    line(text, "rho", "%.6f", mixing.rho());
    line(text, "spectral gap", "%.6f (1 - rho)", mixing.gap());
    line(
        text,
        "halving",
        "%.1f exchanges of the whole job until disagreement has halved (%.2f per worker)",
        mixing.exchangesToHalve(),
        mixing.exchangesToHalve() / workers);
    for (int rank = 0; rank < workers; rank++) {
      line(
          text,
          "worker " + rank,
          "%s %s",
          topology.initiates(rank) ? "initiates with" : "is averaged with by",
          workers == 1 ? "nobody" : spaced(topology.neighbours(rank)));
    }
    return text.toString();
  }

  private static void line(StringBuilder text, String label, String format, Object... values) {
    text.append("%-14s".formatted(label))
        .append(String.format(Locale.ROOT, format, values))
        .append('\n');
  }

  private static String spaced(int[] ranks) {
    return String.join(" ", IntStream.of(ranks).mapToObj(Integer::toString).toList());
  }

  private IntStream degrees(Topology topology) {
    return IntStream.range(0, workers).map(rank -> topology.neighbours(rank).length);
  }

  private List<Integer> initiators(Topology topology) {
    return IntStream.range(0, workers).filter(topology::initiates).boxed().toList();
  }

  private List<List<Integer>> edges(Topology topology) {
    List<List<Integer>> edges = new ArrayList<>();
    for (int rank = 0; rank < workers; rank++) {
      for (int peer : topology.neighbours(rank)) {
        if (rank < peer) {
          edges.add(List.of(rank, peer));
        }
      }
    }
    return edges;
  }
}
