package dev.starling.engine.topology;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.LockWord;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An undirected graph of workers, with the workers that initiate exchanges. Immutable. */
public final class Topology {
  /** The kinds of graph that the number of workers alone determines. */
  public enum Kind {
    /** Every worker with the next and the previous one. */
    RING("each worker with the next and the previous one"),
    /**
     * A grid, as square as the number of workers allows, whose opposite borders meet; a prime
     * number of workers above 3 is refused.
     */
    TORUS("each worker with the four around it on a grid whose opposite borders meet"),
    /** Every worker with those 2^k hops away in both directions. */
    EXPONENTIAL("each worker with those 1, 2, 4, 8 ... hops away in both directions"),
    /** Every worker with worker 0; all initiate. */
    STAR("each worker with worker 0"),
    /** Every worker with every other. */
    COMPLETE("each worker with every other"),
    /** Even workers initiate, with every odd one. */
    COMPLETE_BIPARTITE("even workers initiate, with every odd one"),
    /**
     * Even workers initiate, with the odd ones 1 and 2^k + 1 hops away in both directions (the
     * paper's graph).
     */
    BIPARTITE_EXPONENTIAL(
        "even workers initiate, with the odd ones 1 and 2^k+1 hops away (the paper's graph)");

    private final String description;

    Kind(String description) {
      this.description = description;
    }

    /**
     * Returns what the graph joins.
     *
     * @return a few words
     */
    public String description() {
      return description;
    }

    /**
     * Returns the kind's name as options use it.
     *
     * @return for instance {@code complete-bipartite}
     */
    public String optionName() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Finds a kind by its option name.
     *
     * @param name for instance {@code ring}
     * @return the kind
     * @throws ConfigurationException when there is none; the message lists them
     */
    public static Kind parse(String name) {
      for (Kind kind : values()) {
        if (kind.optionName().equals(name)) {
          return kind;
        }
      }
      List<String> names = Arrays.stream(values()).map(Kind::optionName).toList();
      throw new ConfigurationException(
          "topology=" + name + " is unknown: choose one of " + String.join(", ", names));
    }

    boolean bipartite() {
      return this == COMPLETE_BIPARTITE || this == BIPARTITE_EXPONENTIAL;
    }
  }

  private final String name;
  private final int[][] neighbours;
  private final boolean[] initiates;

  private Topology(String name, int[][] neighbours, boolean[] initiates) {
    this.name = name;
    this.neighbours = neighbours;
    this.initiates = initiates;
  }

  /**
   * Builds a graph.
   *
   * @param kind which
   * @param workers how many workers; bipartite graphs need an even number above one worker, a torus
   *     one that is not prime, unless it is 2 or 3
   * @return the graph; a single worker has no neighbours
   * @throws ConfigurationException when the kind does not exist for that many workers
   */
  public static Topology of(Kind kind, int workers) {
    requireWorkers(workers);
    boolean[] initiates = new boolean[workers];
    for (int rank = 0; rank < workers; rank++) {
      initiates[rank] = !kind.bipartite() || rank % 2 == 0;
    }
    return new Topology(
        kind.optionName(), NamedGraphs.edges(kind, workers).neighbours(), initiates);
  }

  /**
   * Builds a graph from its specification, the text that options take: the option name of a {@link
   * Kind}; {@code random-regular} or {@code random-regular:6}, a random graph whose workers all
   * have that many neighbours (4 when the number is left out); or {@code file:PATH}, a text file
   * with one edge {@code a b} per line, where {@code #} begins a comment. In a graph that is random
   * or from a file every worker initiates.
   *
   * @param specification which graph; {@link #specifications} lists the forms
   * @param workers how many workers
   * @param seed decides a random graph, the same on every machine; other graphs ignore it
   * @return the graph, connected, named by its specification; a single worker has no neighbours
   * @throws ConfigurationException when there is no such graph for that many workers, or a file
   *     does not describe one
   * @throws dev.starling.engine.StarlingException when a file cannot be read
   */
  public static Topology parse(String specification, int workers, long seed) {
    requireWorkers(workers);
    if (Specification.isKind(specification)) {
      return of(Kind.parse(specification), workers);
    }
    Specification.Graph graph = Specification.graph(specification, workers, seed);
    boolean[] initiates = new boolean[workers];
    Arrays.fill(initiates, true);
    return new Topology(graph.name(), graph.edges().neighbours(), initiates);
  }

  /**
   * Lists the forms of specifications that {@link #parse} takes.
   *
   * @return form, for instance {@code random-regular[:DEGREE]}, and what it joins; unmodifiable, in
   *     the order in which help shows them
   */
  public static Map<String, String> specifications() {
    return Specification.FORMS;
  }

  private static void requireWorkers(int workers) {
    ConfigurationException.requireRange("workers", workers, 1, LockWord.MAX_RANK);
  }

  /**
   * Returns the graph's name.
   *
   * @return as options use it
   */
  public String name() {
    return name;
  }

  /**
   * Returns the number of workers.
   *
   * @return workers
   */
  public int workers() {
    return neighbours.length;
  }

  /**
   * Returns a worker's neighbours.
   *
   * @param rank the worker
   * @return their ranks, rising; a copy
   */
  public int[] neighbours(int rank) {
    return neighbours[rank].clone();
  }

  /**
   * Tells whether a worker initiates exchanges.
   *
   * @param rank the worker
   * @return whether it picks partners itself
   */
  public boolean initiates(int rank) {
    return initiates[rank];
  }

  /**
   * Returns the number of edges.
   *
   * @return edges, each counted once
   */
  public int edges() {
    return Arrays.stream(neighbours).mapToInt(n -> n.length).sum() / 2;
  }

  /**
   * Describes how fast the graph mixes.
   *
   * @return gap and half-life, computed on each call in O(workers^3): about a second for 1024
   */
  public Mixing mixing() {
    return Mixing.of(this);
  }

  /**
   * Writes the graph in the language of Graphviz.
   *
   * @return the text; initiating workers are boxes
   */
  public String toDot() {
    StringBuilder dot = new StringBuilder("graph \"");
    dot.append(name.replace("\\", "\\\\").replace("\"", "\\\""));
    dot.append("\" {\n  layout=circo;\n");
    for (int rank = 0; rank < workers(); rank++) {
      dot.append("  ")
          .append(rank)
          .append(" [shape=")
          .append(initiates[rank] ? "box" : "ellipse")
          .append("];\n");
    }
    for (int rank = 0; rank < workers(); rank++) {
      for (int peer : neighbours[rank]) {
        if (rank < peer) {
          dot.append("  ").append(rank).append(" -- ").append(peer).append(";\n");
        }
      }
    }
    return dot.append("}\n").toString();
  }
}
