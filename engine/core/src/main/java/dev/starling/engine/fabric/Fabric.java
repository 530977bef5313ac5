package dev.starling.engine.fabric;

import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/** A way to reach peers' memory. Thread-safe; what it returns belongs to one thread each. */
public interface Fabric extends AutoCloseable {
  /**
   * Returns the fabric's name as options and logs use it.
   *
   * @return for instance {@code shm}
   */
  String name();

  /**
   * Tells whether peers' memory is addressable here, so that {@link Remote#direct()} is never null.
   *
   * @return whether every connection offers direct access
   */
  boolean isAddressable();

  /**
   * Makes a replica reachable.
   *
   * @param replica the replica, which stays its owner's and outlives every connection
   * @return what peers need
   */
  RegionDescriptor expose(Replica replica);

  /**
   * Describes the region of a worker that this process does not own.
   *
   * @param jobId the job
   * @param rank the worker
   * @param incarnation its incarnation
   * @return what {@link #connect} takes
   */
  RegionDescriptor describe(long jobId, int rank, int incarnation);

  /**
   * Ends what {@link #expose} began: nobody reaches the replica any more. To be called before its
   * memory is given back; does nothing for a replica that is not exposed.
   *
   * @param descriptor what {@link #expose} returned
   */
  default void withdraw(RegionDescriptor descriptor) {}

  /**
   * Makes local memory known, so that connections read into it and write from it; an exposed
   * replica is known already.
   *
   * @param what names the memory in messages
   * @param memory off-heap memory, which outlives the registration
   * @return closing it makes the memory unknown again; every connection that uses it is closed
   *     before
   */
  default Registration register(String what, MemorySegment memory) {
    return () -> {};
  }

  /** Memory that a fabric knows. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Begins to connect, where that takes a while, without waiting: for threads that must not wait in
   * {@link #connect}.
   *
   * @param descriptor the region
   * @param layout the layout that it must have
   * @param localRank the rank that connects
   * @param localIncarnation its incarnation
   * @return whether {@link #connect} with the same arguments will not wait now; also true when it
   *     will fail
   */
  default boolean prepare(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation) {
    return true;
  }

  /**
   * Cuts a peer off from an exposed replica: nothing that it posted through the connection with
   * this epoch, or an earlier one, reaches the replica once this has returned.
   *
   * @param home the exposed replica
   * @param rank the peer
   * @param epoch the epoch of its connection
   * @return whether it is cut off; false when the fabric cannot do that to this peer, which may
   *     then still write
   */
  default boolean fence(RegionDescriptor home, int rank, int epoch) {
    return false;
  }

  /**
   * Says that a lock of a peer was broken, so that the peer can be told when it connects again:
   * what it was about to publish did not become the stripe's state.
   *
   * @param home the exposed replica
   * @param rank the peer
   * @param stripe the stripe
   * @param version the version that the break made, 28 bits
   */
  default void fenced(RegionDescriptor home, int rank, int stripe, long version) {}

  /**
   * Connects to a region, the worker's own included, and checks that it has the expected shape. The
   * home issues a new epoch for the connection; locks that the same rank took through older ones
   * count as a dead worker's, so whoever connects anew has released them.
   *
   * @param descriptor the region
   * @param layout the layout that it must have
   * @param localRank the rank that connects
   * @param localIncarnation its incarnation
   * @return the connection, owned by the caller
   */
  Remote connect(
      RegionDescriptor descriptor, ReplicaLayout layout, int localRank, int localIncarnation);

  /**
   * Removes what a dead owner left behind, so that nobody connects to it again; connections that
   * exist stay usable. Does nothing when its owner lives or nothing is left.
   *
   * @param descriptor the dead worker's region
   */
  default void removeDead(RegionDescriptor descriptor) {}

  /**
   * Tells whether the owner of a region is known to be dead or gone, for instance because its file
   * does not exist any more.
   *
   * @param descriptor the region
   * @return whether nobody owns it
   */
  default boolean isDead(RegionDescriptor descriptor) {
    return false;
  }

  /**
   * Tells what is known of the owner of a region, also without a connection to it.
   *
   * @param descriptor the region
   * @return alive unless it is known to be dead or, where the fabric can tell, to have left
   */
  default PeerState state(RegionDescriptor descriptor) {
    return isDead(descriptor) ? PeerState.DEAD : PeerState.ALIVE;
  }

  /** Releases what the fabric itself holds, after every connection was closed. */
  @Override
  void close();
}
