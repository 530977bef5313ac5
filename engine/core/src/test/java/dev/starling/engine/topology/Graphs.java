package dev.starling.engine.topology;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Arrays;

/** What every graph must be. */
final class Graphs {
  private Graphs() {}

  /** Symmetric, connected, without loops and double edges, every edge usable from one side. */
  static void assertSound(Topology topology) {
    String what = topology.name() + " of " + topology.workers();
    boolean[] reached = reached(topology);
    for (int rank = 0; rank < topology.workers(); rank++) {
      assertTrue(reached[rank], what + " does not reach " + rank);
      int previous = -1;
      for (int peer : topology.neighbours(rank)) {
        assertTrue(peer > previous && peer < topology.workers(), what + ": neighbour " + peer);
        assertTrue(peer != rank, what + " joins " + rank + " with itself");
        assertTrue(
            Arrays.binarySearch(topology.neighbours(peer), rank) >= 0,
            what + ": " + peer + " does not know " + rank);
        assertTrue(
            topology.initiates(rank) || topology.initiates(peer),
            what + ": nobody uses " + rank + " " + peer);
        previous = peer;
      }
    }
  }

  private static boolean[] reached(Topology topology) {
    boolean[] reached = new boolean[topology.workers()];
    ArrayDeque<Integer> next = new ArrayDeque<>();
    next.add(0);
    while (!next.isEmpty()) {
      int rank = next.remove();
      if (!reached[rank]) {
        reached[rank] = true;
        Arrays.stream(topology.neighbours(rank)).forEach(next::add);
      }
    }
    return reached;
  }
}
