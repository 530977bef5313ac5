package dev.starling.cli.topology;

import dev.starling.cli.Json;
import dev.starling.engine.topology.Mixing;
import dev.starling.engine.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What there is to say about one graph.
 *
 * @param topology the graph
 * @param mixing how fast it mixes
 * @param seed what decided it, if it is a random one
 */
record GraphReport(Topology topology, Mixing mixing, long seed) {
  static GraphReport of(Topology topology, long seed) {
    return new GraphReport(topology, topology.mixing(), seed);
  }

  /** The figures that fit into a row of a table. */
  Map<String, Object> figures() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", topology.name());
    json.put("edges", topology.edges());
    json.put("degreeMin", degrees().min().orElseThrow());
    json.put("degreeMax", degrees().max().orElseThrow());
    json.put("rho", Json.number(mixing.rho()));
    json.put("spectralGap", Json.number(mixing.gap()));
    json.put("exchangesToHalve", Json.number(mixing.exchangesToHalve()));
    return json;
  }

  Map<String, Object> json() {
    Map<String, Object> json = figures();
    json.put("workers", topology.workers());
    json.put("seed", seed);
    json.put("initiators", initiators());
    json.put("edgeList", edgeList());
    return json;
  }

  String text() {
    int workers = topology.workers();
    StringBuilder text = new StringBuilder();
    line(text, "topology", "%s of %d workers", topology.name(), workers);
    line(text, "edges", "%d", topology.edges());
    line(text, "degree", "%s", degreeRange());
    line(text, "initiators", "%d of %d", initiators().size(), workers);
    line(text, "rho", "%s", rho());
    line(text, "spectral gap", "%s (1 - rho)", gap());
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

  String degreeRange() {
    int least = degrees().min().orElseThrow();
    int most = degrees().max().orElseThrow();
    return least == most ? "" + least : least + " to " + most;
  }

  /** Three digits of the gap, however small it is. */
  String gap() {
    return String.format(Locale.ROOT, mixing.gap() < 0.001 ? "%.2e" : "%.6f", mixing.gap());
  }

  private String rho() {
    return String.format(Locale.ROOT, mixing.gap() < 0.001 ? "%.10f" : "%.6f", mixing.rho());
  }

  private static void line(StringBuilder text, String label, String format, Object... values) {
    text.append("%-14s".formatted(label))
        .append(String.format(Locale.ROOT, format, values))
        .append('\n');
  }

  private static String spaced(int[] ranks) {
    return String.join(" ", IntStream.of(ranks).mapToObj(Integer::toString).toList());
  }

  private IntStream degrees() {
    return IntStream.range(0, topology.workers()).map(rank -> topology.neighbours(rank).length);
  }

  private List<Integer> initiators() {
    return IntStream.range(0, topology.workers()).filter(topology::initiates).boxed().toList();
  }

  private List<List<Integer>> edgeList() {
    List<List<Integer>> edges = new ArrayList<>();
    for (int rank = 0; rank < topology.workers(); rank++) {
      for (int peer : topology.neighbours(rank)) {
        if (rank < peer) {
          edges.add(List.of(rank, peer));
        }
      }
    }
    return edges;
  }
}
