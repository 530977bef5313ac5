package dev.starling.engine.topology;

import java.util.ArrayDeque;
import java.util.Arrays;

/** Collects the edges of a graph: loops are dropped, double edges merged. Confined to a thread. */
final class Edges {
  private static final int NO_ONE = -1;

  private final int[][] ends;
  private final int[] counts;

  Edges(int workers) {
    ends = new int[workers][2];
    counts = new int[workers];
  }

  int workers() {
    return ends.length;
  }

  void join(int a, int b) {
    if (a != b) {
      append(a, b);
      append(b, a);
    }
  }

  private void append(int from, int to) {
    if (counts[from] == ends[from].length) {
      ends[from] = Arrays.copyOf(ends[from], 2 * counts[from]);
    }
    ends[from][counts[from]++] = to;
  }

  /** Returns the neighbours of each worker, rising. */
  int[][] neighbours() {
    int[][] neighbours = new int[workers()][];
    for (int rank = 0; rank < neighbours.length; rank++) {
      neighbours[rank] = Arrays.stream(ends[rank], 0, counts[rank]).sorted().distinct().toArray();
    }
    return neighbours;
  }

  /** Tells for each worker whether a path leads there from worker 0. */
  boolean[] reachedFromFirst() {
    boolean[] reached = new boolean[workers()];
    ArrayDeque<Integer> next = new ArrayDeque<>();
    reached[0] = true;
    next.add(0);
    while (!next.isEmpty()) {
      int rank = next.remove();
      for (int i = 0; i < counts[rank]; i++) {
        int peer = ends[rank][i];
        if (!reached[peer]) {
          reached[peer] = true;
          next.add(peer);
        }
      }
    }
    return reached;
  }

  /** Returns the lowest worker without an edge, or -1. */
  int firstAlone() {
    for (int rank = 0; rank < workers(); rank++) {
      if (counts[rank] == 0) {
        return rank;
      }
    }
    return NO_ONE;
  }

  /** Returns the lowest worker that no path joins with worker 0, or -1. */
  int firstUnreached() {
    boolean[] reached = reachedFromFirst();
    for (int rank = 0; rank < workers(); rank++) {
      if (!reached[rank]) {
        return rank;
      }
    }
    return NO_ONE;
  }
}
