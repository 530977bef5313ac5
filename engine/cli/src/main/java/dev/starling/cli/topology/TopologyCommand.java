package dev.starling.cli.topology;

import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Describes one graph of workers, or compares all of them. */
@Command(
    name = "topology",
    header = "Describe a graph of workers: edges, degree, and how fast disagreement fades.",
    description = {
      "",
      "Without --kind it compares all kinds for that number of workers.",
      "",
      "The spectral gap is 1 - rho of E[W], where one exchange picks an initiating worker and one"
          + " of its neighbours uniformly and averages the two: the expected squared distance from"
          + " the mean shrinks by at least the factor rho per exchange.",
      ""
    })
public final class TopologyCommand extends StarlingCommand {
  /** The eigenvalues take a time that grows with the cube of the workers: a second at this many. */
  private static final int MAX_WORKERS = 1024;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description =
          "ring, torus, exponential, star, complete, complete-bipartite, bipartite-exponential (the"
              + " paper's graph), random-regular[:DEGREE] or file:PATH. Bipartite ones need an even"
              + " number of workers, a torus one that is not prime. Default: compare all.")
  private String kind;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Number of workers, 1 to " + MAX_WORKERS + ". Default: ${DEFAULT-VALUE}.")
  private int workers = 4;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Decides the random graph, on every machine alike. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(names = "--list", description = "List the kinds with what each joins, and nothing else.")
  private boolean list;

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
    if (list) {
      listKinds();
    } else if (kind != null) {
      describe();
    } else if (dot) {
      throw new ConfigurationException(
          "--dot draws one graph: choose it with --kind, for instance --kind ring");
    } else {
      GraphTable table = GraphTable.of(workers, seed);
      answer(table.json(), table.text());
    }
  }

  private void describe() {
    GraphReport report = GraphReport.of(Topology.parse(kind, workers, seed), seed);
    Map<String, Object> json = report.json();
    if (dot) {
      json.put("dot", report.topology().toDot());
    }
    answer(json, dot ? report.topology().toDot() : report.text());
  }

  private void listKinds() {
    List<Map<String, String>> kinds = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    Topology.specifications()
        .forEach(
            (form, joins) -> {
              Map<String, String> entry = new LinkedHashMap<>();
              entry.put("kind", form);
              entry.put("joins", joins);
              kinds.add(entry);
              text.append("%-25s%s%n".formatted(form, joins));
            });
    answer(Map.of("kinds", kinds), text.toString());
  }
}
