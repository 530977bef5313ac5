package dev.starling.engine.fabric;

import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;

/** A way to reach peers' memory. Thread-safe; what it returns belongs to one thread each. */
public interface Fabric extends AutoCloseable {
  /**
   * Returns the fabric's name as options and logs use it.
   *
   * @return for instance {@code shm}
   */
  String name();

  /**
   * Makes a replica reachable.
   *
   * @param replica the replica, which stays its owner's and outlives every connection
   * @return what peers need
   */
  RegionDescriptor expose(Replica replica);

  /**
   * Connects to a region, the worker's own included, and checks that it has the expected shape.
   *
   * @param descriptor the region
   * @param layout the layout that it must have
   * @param localRank the rank that connects
   * @return the connection, owned by the caller
   */
  Remote connect(RegionDescriptor descriptor, ReplicaLayout layout, int localRank);

  /** Releases what the fabric itself holds, after every connection was closed. */
  @Override
  void close();
}
