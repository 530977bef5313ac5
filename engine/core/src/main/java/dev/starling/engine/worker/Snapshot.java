package dev.starling.engine.worker;

import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;

/**
 * A pinned, read-only view of the replica's published state, without a copy. It stays as it is
 * until {@link #close()}, however many updates are published meanwhile.
 *
 * <p>A worker has one snapshot object and at most one of it is open; it belongs to the compute
 * thread.
 */
public final class Snapshot implements AutoCloseable {
  private final Replica replica;
  private final ReplicaLayout layout;
  private final MemorySegment[][] planes;
  private final MemorySegment[] pinned;
  private final long[] versions;
  private boolean open;

  Snapshot(Replica replica) {
    this.replica = replica;
    layout = replica.layout();
    planes = new MemorySegment[layout.stripes()][LockWord.MAX_PLANES];
    pinned = new MemorySegment[layout.stripes()];
    versions = new long[layout.stripes()];
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      for (int plane = 0; plane < LockWord.MAX_PLANES; plane++) {
        planes[stripe][plane] =
            replica
                .segment()
                .asSlice(layout.planeOffset(stripe, plane), layout.stripeLengthBytes(stripe))
                .asReadOnly();
      }
    }
  }

  /**
   * Pins every stripe.
   *
   * @return whether a publish came in between, so that a pin had to be repeated
   */
  boolean open() {
    if (open) {
      throw new IllegalStateException(
          "rank "
              + replica.rank()
              + " has a snapshot open: close it before the next one (one per worker)");
    }
    long repeatsBefore = replica.pinRepeats();
    for (int stripe = 0; stripe < pinned.length; stripe++) {
      long word = replica.pin(stripe);
      pinned[stripe] = planes[stripe][LockWord.current(word)];
      versions[stripe] = LockWord.fullVersion(word, versions[stripe]);
    }
    open = true;
    return replica.pinRepeats() != repeatsBefore;
  }

  boolean isOpen() {
    return open;
  }

  /**
   * Returns all parameters of a model with one stripe.
   *
   * @return float32, read-only, not to be used after {@link #close()}
   * @throws IllegalStateException when the model has several stripes: use {@link #stripe} or {@link
   *     #copyTo}
   */
  public MemorySegment parameters() {
    if (pinned.length != 1) {
      throw new IllegalStateException(
          "the model has "
              + pinned.length
              + " stripes that lie apart: use stripe(i) or copyTo(segment)");
    }
    return stripe(0);
  }

  /**
   * Returns the parameters of one stripe.
   *
   * @param stripe the stripe
   * @return float32, read-only, not to be used after {@link #close()}
   */
  public MemorySegment stripe(int stripe) {
    requireOpen();
    return pinned[stripe];
  }

  /**
   * Copies all parameters.
   *
   * @param target at least as long as the model, float32
   */
  public void copyTo(MemorySegment target) {
    requireOpen();
    for (int stripe = 0; stripe < pinned.length; stripe++) {
      MemorySegment.copy(
          pinned[stripe],
          0,
          target,
          layout.stripeStart(stripe) * Float.BYTES,
          layout.stripeLengthBytes(stripe));
    }
  }

  /**
   * Returns the version of a stripe.
   *
   * @param stripe the stripe
   * @return how often it had been published
   */
  public long version(int stripe) {
    requireOpen();
    return versions[stripe];
  }

  private void requireOpen() {
    if (!open) {
      throw new IllegalStateException(
          "the snapshot of rank " + replica.rank() + " is closed: call snapshot() first");
    }
  }

  /** Unpins; the segments must not be read any more. Closing twice does nothing. */
  @Override
  public void close() {
    if (open) {
      open = false;
      for (int stripe = 0; stripe < pinned.length; stripe++) {
        replica.unpin(stripe);
      }
    }
  }
}
