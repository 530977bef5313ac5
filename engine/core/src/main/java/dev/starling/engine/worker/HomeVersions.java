package dev.starling.engine.worker;

import dev.starling.engine.replica.LockWord;

/**
 * Which version of the home's first shard each version of a worker's own copy was taken from, so
 * that staleness counts the updates of all workers and not this one's alone. Belongs to the
 * communication agent.
 */
final class HomeVersions {
  private static final int REMEMBERED = 1024;

  private final long[] home = new long[REMEMBERED];
  private long newest;

  /** The home's version became a version of the own copy. */
  void taken(long own, long homeVersion) {
    home[(int) (own % REMEMBERED)] = homeVersion;
    newest = own;
  }

  /**
   * How many updates the home had published after one that a snapshot saw.
   *
   * @param own the snapshot's version; one that is forgotten counts as the oldest that is not
   * @return publishes between that one and the newest that was taken, without the newest itself
   */
  long staleness(long own) {
    long remembered = Math.max(own, newest - REMEMBERED + 1);
    long seen = home[(int) (remembered % REMEMBERED)];
    long now = home[(int) (newest % REMEMBERED)];
    return LockWord.version(now - seen) - 1;
  }
}
