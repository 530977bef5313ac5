package dev.starling.engine.topology;

import dev.starling.engine.ConfigurationException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What options write for a graph: the name of a kind, a random graph, or a file. */
final class Specification {
  /**
   * A graph that more than the number of workers determines.
   *
   * @param name its specification, complete
   * @param edges its edges, connected
   */
  record Graph(String name, Edges edges) {}

  static final Map<String, String> FORMS = forms();

  private static final String RANDOM_REGULAR = "random-regular";
  private static final String FILE = "file";
  private static final int DEFAULT_DEGREE = 4;

  private Specification() {}

  private static Map<String, String> forms() {
    Map<String, String> forms = new LinkedHashMap<>();
    for (Topology.Kind kind : Topology.Kind.values()) {
      forms.put(kind.optionName(), kind.description());
    }
    forms.put(
        "random-regular[:DEGREE]",
        "each worker with DEGREE others chosen at random, "
            + DEFAULT_DEGREE
            + " when left out; the seed decides");
    forms.put("file:PATH", "the edges of a text file: one 'a b' per line, # begins a comment");
    return Collections.unmodifiableMap(forms);
  }

  static boolean isKind(String specification) {
    for (Topology.Kind kind : Topology.Kind.values()) {
      if (kind.optionName().equals(specification)) {
        return true;
      }
    }
    return false;
  }

  static Graph graph(String specification, int workers, long seed) {
    int colon = specification.indexOf(':');
    String head = colon < 0 ? specification : specification.substring(0, colon);
    String rest = colon < 0 ? "" : specification.substring(colon + 1);
    if (head.equals(RANDOM_REGULAR)) {
      int degree = colon < 0 ? DEFAULT_DEGREE : degree(specification, rest);
      return new Graph(RANDOM_REGULAR + ":" + degree, RandomRegular.edges(workers, degree, seed));
    }
    if (head.equals(FILE)) {
      return new Graph(specification, EdgeFile.read(path(specification, rest), workers));
    }
    throw new ConfigurationException(
        "topology="
            + specification
            + " is unknown: choose one of "
            + String.join(", ", FORMS.keySet()));
  }

  private static int degree(String specification, String digits) {
    if (!digits.matches("[0-9]{1,9}")) {
      throw new ConfigurationException(
          "topology="
              + specification
              + " needs a number of neighbours after the colon: write for instance "
              + RANDOM_REGULAR
              + ":"
              + DEFAULT_DEGREE);
    }
    return Integer.parseInt(digits);
  }

  private static Path path(String specification, String text) {
    try {
      if (!text.isEmpty()) {
        return Path.of(text);
      }
    } catch (InvalidPathException notAPath) {
      throw new ConfigurationException(
          "topology=" + specification + " names no file: " + notAPath.getReason());
    }
    throw new ConfigurationException(
        "topology="
            + specification
            + " needs a path after the colon: write for instance file:graph.txt");
  }
}
