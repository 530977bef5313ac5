package dev.starling.engine.fabric;

import java.util.List;

/**
 * Who has joined the job, and where their regions are. Ranks may join late, die and join again; a
 * worker asks now and then and connects to whom it does not know yet. Thread-safe.
 */
public interface Membership {
  /** The incarnation of a rank that has not joined. */
  int ABSENT = -1;

  /**
   * Returns the newest incarnation of a rank whose region can be connected to. Does not allocate.
   *
   * @param rank the rank
   * @return from 0, or {@link #ABSENT}
   */
  int incarnation(int rank);

  /**
   * Describes the region of a rank.
   *
   * @param rank the rank
   * @param incarnation what {@link #incarnation} returned
   * @return what {@link Fabric#connect} takes
   */
  RegionDescriptor region(int rank, int incarnation);

  /**
   * The membership of a job whose workers have all joined and stay.
   *
   * @param regions every worker's region, by rank
   * @return the membership
   */
  static Membership of(List<RegionDescriptor> regions) {
    return new Membership() {
      @Override
      public int incarnation(int rank) {
        return regions.get(rank).incarnation();
      }

      @Override
      public RegionDescriptor region(int rank, int incarnation) {
        return regions.get(rank);
      }
    };
  }
}
