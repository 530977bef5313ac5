package dev.starling.engine.sim;

/** Between whom nothing passes, and until when. */
final class Partitions {
  private final long[][] untilNs;
  private final long[][] fromNs;

  Partitions(int workers) {
    untilNs = new long[workers][workers];
    fromNs = new long[workers][workers];
  }

  /** Nothing passes between two workers for a while; a later call replaces an earlier one. */
  void part(int a, int b, long startNs, long endNs) {
    fromNs[a][b] = startNs;
    fromNs[b][a] = startNs;
    untilNs[a][b] = endNs;
    untilNs[b][a] = endNs;
  }

  boolean isParted(int a, int b, long nowNs) {
    return nowNs >= fromNs[a][b] && nowNs < untilNs[a][b];
  }

  long endNs(int a, int b) {
    return untilNs[a][b];
  }
}
