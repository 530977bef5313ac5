package dev.starling.engine.topology;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;

/**
 * A random graph without loops and double edges whose workers all have the same number of
 * neighbours.
 *
 * <p>It begins as a circulant graph, which has these properties, and switches pairs of edges, which
 * keeps them:
 *
 * <pre>
 *   a --- b          a     b
 *                    |     |
 *   c --- d          c     d
 * </pre>
 *
 * <p>Then parts that hang apart are joined by the same switch on an edge of either. {@link Random}
 * is specified to the bit, so a seed gives the same graph on every machine.
 */
final class RandomRegular {
  private static final int SWITCHES_PER_EDGE = 16;
  private static final int JOINS_PER_WORKER = 64;

  private final int workers;
  private final Random random;
  private final int[] from;
  private final int[] to;
  private final Set<Long> present = new HashSet<>();

  private RandomRegular(int workers, int degree, long seed) {
    this.workers = workers;
    random = new Random(seed);
    int edges = (int) ((long) workers * degree / 2);
    from = new int[edges];
    to = new int[edges];
    int edge = 0;
    for (int hop = 1; hop <= degree / 2; hop++) {
      for (int rank = 0; rank < workers; rank++) {
        put(edge++, rank, (rank + hop) % workers);
      }
    }
    // An odd degree needs an even number of workers: the last neighbour is the one opposite.
    for (int rank = 0; edge < edges; rank++) {
      put(edge++, rank, rank + workers / 2);
    }
  }

  static Edges edges(int workers, int degree, long seed) {
    check(workers, degree);
    RandomRegular graph = new RandomRegular(workers, degree, seed);
    for (long i = 0; i < (long) SWITCHES_PER_EDGE * graph.from.length; i++) {
      graph.switchAtRandom();
    }
    return graph.joined(seed);
  }

  private static void check(int workers, int degree) {
    String what = "topology=random-regular:" + degree;
    if (degree >= workers) {
      throw new ConfigurationException(
          what
              + " needs more than "
              + degree
              + " workers, not "
              + workers
              + ": add workers, lower the degree, or choose complete");
    }
    if (degree < 2 && workers > 2 || degree < 1) {
      throw new ConfigurationException(
          what
              + " cannot join "
              + workers
              + " workers into one graph: choose a degree of at least "
              + (workers > 2 ? 2 : 1));
    }
    if ((long) degree * workers % 2 != 0) {
      throw new ConfigurationException(
          what
              + " does not exist for "
              + workers
              + " workers, because the degree times the workers must be even: choose degree "
              + (degree - 1)
              + " or add a worker");
    }
    if ((long) degree * workers / 2 > Integer.MAX_VALUE / 4) {
      throw new ConfigurationException(
          what + " of " + workers + " workers has too many edges: lower the degree");
    }
  }

  private void switchAtRandom() {
    int e = random.nextInt(from.length);
    int f = random.nextInt(from.length);
    turnAtRandom(f);
    int a = from[e];
    int b = to[e];
    int c = from[f];
    int d = to[f];
    if (e != f
        && a != c
        && b != d
        && !present.contains(key(a, c))
        && !present.contains(key(b, d))) {
      replace(e, a, c, f, b, d);
    }
  }

  private void turnAtRandom(int edge) {
    if (random.nextBoolean()) {
      int swap = from[edge];
      from[edge] = to[edge];
      to[edge] = swap;
    }
  }

  /** Joins the parts; a switch that splits one part more than it joins is taken back. */
  private Edges joined(long seed) {
    Edges edges = collect();
    int apart = apart(edges);
    for (long tries = (long) JOINS_PER_WORKER * workers; apart > 0 && tries > 0; tries--) {
      boolean[] reached = edges.reachedFromFirst();
      int e = edgeWhere(reached, true);
      int f = edgeWhere(reached, false);
      turnAtRandom(f);
      int a = from[e];
      int b = to[e];
      int c = from[f];
      int d = to[f];
      replace(e, a, c, f, b, d);
      Edges candidate = collect();
      int left = apart(candidate);
      if (left < apart) {
        edges = candidate;
        apart = left;
      } else {
        replace(e, a, b, f, c, d);
      }
    }
    if (apart > 0) {
      throw new StarlingException(
          "a random graph of " + workers + " workers fell apart: choose another seed than " + seed);
    }
    return edges;
  }

  private static int apart(Edges edges) {
    int apart = 0;
    for (boolean reached : edges.reachedFromFirst()) {
      apart += reached ? 0 : 1;
    }
    return apart;
  }

  /** Finds an edge inside or outside the part of worker 0; there is one. */
  private int edgeWhere(boolean[] reached, boolean inside) {
    int start = random.nextInt(from.length);
    for (int i = 0; i < from.length; i++) {
      int edge = (start + i) % from.length;
      if (reached[from[edge]] == inside) {
        return edge;
      }
    }
    throw new IllegalStateException("no edge on either side of a graph in parts");
  }

  private Edges collect() {
    Edges edges = new Edges(workers);
    for (int edge = 0; edge < from.length; edge++) {
      edges.join(from[edge], to[edge]);
    }
    return edges;
  }

  private void replace(int e, int a, int b, int f, int c, int d) {
    present.remove(key(from[e], to[e]));
    present.remove(key(from[f], to[f]));
    put(e, a, b);
    put(f, c, d);
  }

  private void put(int edge, int a, int b) {
    from[edge] = a;
    to[edge] = b;
    present.add(key(a, b));
  }

  private long key(int a, int b) {
    return (long) Math.min(a, b) * workers + Math.max(a, b);
  }
}
