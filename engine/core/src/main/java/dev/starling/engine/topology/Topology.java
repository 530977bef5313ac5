package dev.starling.engine.topology;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.LockWord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** An undirected graph of workers, with the workers that initiate exchanges. Immutable. */
public final class Topology {
  /** The kinds of graph that can be built by name. */
  public enum Kind {
    /** Every worker with the next and the previous one. */
    RING("each worker with the next and the previous one"),
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
      throw new ConfigurationException(
          "topology=" + name + " is unknown: choose one of " + String.join(", ", optionNames()));
    }

    private static List<String> optionNames() {
      return Arrays.stream(values()).map(Kind::optionName).toList();
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
   * @param workers how many workers; bipartite graphs need an even number above one worker
   * @return the graph; a single worker has no neighbours
   * @throws ConfigurationException when the kind does not exist for that many workers
   */
  public static Topology of(Kind kind, int workers) {
    ConfigurationException.requireRange("workers", workers, 1, LockWord.MAX_RANK);
    boolean bipartite = kind == Kind.COMPLETE_BIPARTITE || kind == Kind.BIPARTITE_EXPONENTIAL;
    if (bipartite && workers > 1 && workers % 2 != 0) {
      throw new ConfigurationException(
          "topology="
              + kind.optionName()
              + " needs an even number of workers, not "
              + workers
              + ": add or remove one, or choose ring or complete");
    }
    List<TreeSet<Integer>> edges = new ArrayList<>();
    boolean[] initiates = new boolean[workers];
    for (int rank = 0; rank < workers; rank++) {
      edges.add(new TreeSet<>());
      initiates[rank] = !bipartite || rank % 2 == 0;
    }
    for (int rank = 0; rank < workers && workers > 1; rank++) {
      if (initiates[rank]) {
        for (int hop : hops(kind, workers)) {
          join(edges, rank, Math.floorMod(rank + hop, workers));
          join(edges, rank, Math.floorMod(rank - hop, workers));
        }
      }
    }
    int[][] neighbours = new int[workers][];
    for (int rank = 0; rank < workers; rank++) {
      neighbours[rank] = edges.get(rank).stream().mapToInt(Integer::intValue).toArray();
    }
    return new Topology(kind.optionName(), neighbours, initiates);
  }

  private static int[] hops(Kind kind, int workers) {
    TreeSet<Integer> hops = new TreeSet<>();
    hops.add(1);
    switch (kind) {
      case RING -> {}
      case COMPLETE -> {
        for (int hop = 2; hop <= workers / 2; hop++) {
          hops.add(hop);
        }
      }
      case COMPLETE_BIPARTITE -> {
        for (int hop = 3; hop < workers; hop += 2) {
          hops.add(hop);
        }
      }
      case BIPARTITE_EXPONENTIAL -> {
        // 2^0 + 1 hops join equal parities, so the shortest hop is 1 (SGP does the same).
        for (int power = 2; power + 1 < workers; power *= 2) {
          hops.add(power + 1);
        }
      }
    }
    return hops.stream().mapToInt(Integer::intValue).toArray();
  }

  private static void join(List<TreeSet<Integer>> edges, int a, int b) {
    if (a != b) {
      edges.get(a).add(b);
      edges.get(b).add(a);
    }
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
   * @return gap and half-life, computed on each call in O(n^3)
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
    StringBuilder dot = new StringBuilder("graph \"" + name + "\" {\n  layout=circo;\n");
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
