package dev.starling.engine.cluster;

import dev.starling.engine.metrics.Counter;

/** What ranks of other hosts say that they have counted. Thread-safe. */
public interface RemoteCounts {
  /** Nobody is on another host. */
  RemoteCounts NONE =
      new RemoteCounts() {
        @Override
        public long count(int rank, Counter counter) {
          return 0;
        }

        @Override
        public long published(int rank) {
          return 0;
        }
      };

  /**
   * Returns what all incarnations of a rank have counted.
   *
   * @param rank the rank
   * @param counter which counter
   * @return its value, at most a heartbeat old
   */
  long count(int rank, Counter counter);

  /**
   * Returns how many versions all incarnations of a rank have made, over all its stripes.
   *
   * @param rank the rank
   * @return the sum, at most a heartbeat old
   */
  long published(int rank);
}
