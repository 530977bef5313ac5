package dev.starling.engine.cluster;

import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.metrics.PairingTable;
import dev.starling.engine.replica.RegionHeader;
import dev.starling.engine.replica.ReplicaLayout;
import java.nio.file.Path;

/**
 * What one worker's region tells whoever only looks: counters, pairings, heartbeat. Looking changes
 * nothing in the region, and works on a region whose owner is dead.
 */
public final class RegionView implements AutoCloseable {
  private final SharedFile file;
  private final Counters counters;
  private final PairingTable pairings;

  private RegionView(SharedFile file, int workers) {
    this.file = file;
    counters = new Counters(file.segment(), ReplicaLayout.COUNTERS_OFFSET);
    pairings = new PairingTable(file.segment(), ReplicaLayout.pairingsOffset(workers));
  }

  /**
   * Opens a region.
   *
   * @param path the region's file
   * @return the view, owned by the caller
   * @throws StarlingException when there is no such file, or it is no region of this version
   */
  public static RegionView open(Path path) {
    SharedFile file = SharedFile.open(path);
    try {
      return new RegionView(file, RegionHeader.workers(path.toString(), file.segment()));
    } catch (Throwable failure) {
      file.close();
      throw failure;
    }
  }

  /**
   * Returns the worker's counters.
   *
   * @return readable until the view is closed
   */
  public Counters counters() {
    return counters;
  }

  /**
   * Returns how often the worker paired with each peer.
   *
   * @return readable until the view is closed
   */
  public PairingTable pairings() {
    return pairings;
  }

  /**
   * Returns the last sign of life of the worker's agent.
   *
   * @return nanoseconds of the monotonic clock, 0 before the first
   */
  public long heartbeatNs() {
    return RegionHeader.heartbeat(file.segment());
  }

  /**
   * Tells whether the worker lives; one thread at a time may ask.
   *
   * @return whether the owner's lock on the file is held
   */
  public boolean isOwnerAlive() {
    return file.isOwnerAlive();
  }

  @Override
  public void close() {
    file.close();
  }
}
