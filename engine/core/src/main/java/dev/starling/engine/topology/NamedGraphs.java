package dev.starling.engine.topology;

import dev.starling.engine.ConfigurationException;

/** The edges of the graphs that the number of workers alone determines. */
final class NamedGraphs {
  private NamedGraphs() {}

  static Edges edges(Topology.Kind kind, int workers) {
    if (kind.bipartite() && workers > 1 && workers % 2 != 0) {
      throw new ConfigurationException(
          "topology="
              + kind.optionName()
              + " needs an even number of workers, not "
              + workers
              + ": add or remove one, or choose ring or complete");
    }
    Edges edges = new Edges(workers);
    switch (kind) {
      case RING -> joinAround(edges, 1);
      case TORUS -> torus(edges);
      case EXPONENTIAL -> {
        for (int hop = 1; hop < workers; hop *= 2) {
          joinAround(edges, hop);
        }
      }
      case STAR -> {
        for (int rank = 1; rank < workers; rank++) {
          edges.join(0, rank);
        }
      }
      case COMPLETE -> joinEvery(edges, 1);
      case COMPLETE_BIPARTITE -> joinEvery(edges, 2);
      case BIPARTITE_EXPONENTIAL -> {
        // 2^0 + 1 hops join equal parities, so the shortest hop is 1 (SGP does the same).
        joinAround(edges, 1);
        for (int power = 2; power + 1 < workers; power *= 2) {
          joinAround(edges, power + 1);
        }
      }
    }
    return edges;
  }

  /** Joins every worker with the ones {@code hop} away in both directions. */
  private static void joinAround(Edges edges, int hop) {
    int workers = edges.workers();
    for (int rank = 0; rank < workers; rank++) {
      edges.join(rank, (rank + hop) % workers);
    }
  }

  /** Joins every two workers whose distance is odd when {@code step} is 2, any when it is 1. */
  private static void joinEvery(Edges edges, int step) {
    for (int rank = 0; rank < edges.workers(); rank++) {
      for (int peer = rank + 1; peer < edges.workers(); peer += step) {
        edges.join(rank, peer);
      }
    }
  }

  private static void torus(Edges edges) {
    int workers = edges.workers();
    int rows = (int) Math.sqrt(workers);
    while (workers % rows != 0) {
      rows--;
    }
    // Of 2 or 3 workers every connected graph without ends is the same.
    if (rows == 1 && workers > 3) {
      throw new ConfigurationException(
          "topology=torus needs a number of workers with two factors above 1, and "
              + workers
              + " is prime: use "
              + (workers - 1)
              + " or "
              + (workers + 1)
              + " workers, or choose ring or exponential");
    }
    int columns = workers / rows;
    for (int rank = 0; rank < workers; rank++) {
      int rowStart = rank - rank % columns;
      edges.join(rank, rowStart + (rank + 1 - rowStart) % columns);
      edges.join(rank, (rank + columns) % workers);
    }
  }
}
