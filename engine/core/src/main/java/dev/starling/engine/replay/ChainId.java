package dev.starling.engine.replay;

/**
 * A chain of versions: one incarnation of a rank, which has a log of its own.
 *
 * @param rank the rank
 * @param incarnation how many times it had joined before
 */
public record ChainId(int rank, int incarnation) implements Comparable<ChainId> {
  @Override
  public int compareTo(ChainId other) {
    return rank != other.rank
        ? Integer.compare(rank, other.rank)
        : Integer.compare(incarnation, other.incarnation);
  }

  /** {@return for instance {@code rank 2} or {@code rank 2 (returned 1 time)}} */
  @Override
  public String toString() {
    return switch (incarnation) {
      case 0 -> "rank " + rank;
      case 1 -> "rank " + rank + " (returned once)";
      default -> "rank " + rank + " (returned " + incarnation + " times)";
    };
  }
}
