package dev.starling.engine.replica;

import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.memory.Region;
import dev.starling.engine.memory.SharedFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The home's view of its replica: it owns the region, publishes the first state, pins for its
 * compute thread and quarantines planes.
 *
 * <p>Threads: creation, {@link #initialise} and {@link #close()} by the thread that sets the worker
 * up; {@link #pin} and {@link #unpin} by the compute thread; {@link #heartbeat}, {@link
 * #quarantine} by the communication agent.
 */
public final class Replica implements AutoCloseable {
  private static final int MAX_PIN_ATTEMPTS = 1_000_000;

  private final ReplicaLayout layout;
  private final Region region;
  private final MemorySegment segment;
  private final long jobId;
  private final int rank;
  private final int incarnation;
  private final Runnable whilePinning;
  private long pinRepeats;
  private boolean closed;

  private Replica(
      ReplicaLayout layout,
      Region region,
      long jobId,
      int rank,
      int incarnation,
      Runnable whilePinning) {
    this.whilePinning = whilePinning;
    this.layout = layout;
    this.region = region;
    this.segment = region.segment();
    this.jobId = jobId;
    this.rank = rank;
    this.incarnation = incarnation;
    RegionHeader.write(segment, layout, jobId, rank, incarnation);
  }

  /**
   * Creates a replica in a new shared file; all its parameters are zero until {@link #initialise}.
   *
   * @param path the file, usually in {@code /dev/shm}
   * @param layout its layout
   * @param jobId the job
   * @param rank the worker
   * @param incarnation how many times the rank has joined, from 0
   * @return the replica, owned by the caller
   */
  public static Replica createShared(
      Path path, ReplicaLayout layout, long jobId, int rank, int incarnation) {
    return new Replica(
        layout,
        SharedFile.create(path, layout.lengthBytes(), layout.reservedBytes()),
        jobId,
        rank,
        incarnation,
        null);
  }

  /**
   * Creates a replica in private memory, for simulations.
   *
   * @param layout its layout
   * @param jobId the job
   * @param rank the worker
   * @return the replica of the rank's first incarnation, owned by the caller
   */
  public static Replica createPrivate(ReplicaLayout layout, long jobId, int rank) {
    return createPrivate(layout, jobId, rank, 0);
  }

  /**
   * Creates a replica in private memory, for simulations.
   *
   * @param layout its layout
   * @param jobId the job
   * @param rank the worker
   * @param incarnation how many times the rank has joined, from 0
   * @return the replica, owned by the caller
   */
  public static Replica createPrivate(ReplicaLayout layout, long jobId, int rank, int incarnation) {
    return createPrivate(layout, jobId, rank, incarnation, null);
  }

  /**
   * Creates a replica in private memory, for simulations that let others act inside {@link #pin}.
   *
   * @param layout its layout
   * @param jobId the job
   * @param rank the worker
   * @param incarnation how many times the rank has joined, from 0
   * @param whilePinning runs before a pin is stored and before it is confirmed; null for nothing
   * @return the replica, owned by the caller
   */
  public static Replica createPrivate(
      ReplicaLayout layout, long jobId, int rank, int incarnation, Runnable whilePinning) {
    Region region = PrivateMemory.allocate("replica " + rank, layout.lengthBytes());
    return createIn(region, layout, jobId, rank, incarnation, whilePinning);
  }

  /**
   * Creates a replica in a region that has none yet, for simulations of its failures.
   *
   * @param region zeroed memory of the layout's length; belongs to the replica from now on
   * @param layout its layout
   * @param jobId the job
   * @param rank the worker
   * @param incarnation how many times the rank has joined, from 0
   * @param whilePinning runs before a pin is stored and before it is confirmed; null for nothing
   * @return the replica, owned by the caller
   */
  public static Replica createIn(
      Region region,
      ReplicaLayout layout,
      long jobId,
      int rank,
      int incarnation,
      Runnable whilePinning) {
    return new Replica(layout, region, jobId, rank, incarnation, whilePinning);
  }

  /**
   * Writes the first state of every stripe into plane 0; no peer may have connected yet.
   *
   * @param parameters the model, {@code parameterCount} float32
   */
  public void initialise(MemorySegment parameters) {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      MemorySegment.copy(
          parameters,
          layout.stripeStart(stripe) * Float.BYTES,
          segment,
          layout.planeOffset(stripe, 0),
          layout.stripeLengthBytes(stripe));
    }
  }

  /**
   * Pins the current plane of a stripe, so that no publisher reuses it before {@link #unpin}.
   * Lock-free: it repeats only when a publish came between its two reads of the lock word.
   *
   * @param stripe the stripe
   * @return the lock word that the pin was confirmed on: its current plane is pinned, its version
   *     is the snapshot's
   */
  public long pin(int stripe) {
    long line = layout.lineOffset(stripe);
    long word = ControlLine.readWord(segment, line + ControlLine.LOCK_OFFSET);
    for (int attempt = 0; attempt < MAX_PIN_ATTEMPTS; attempt++) {
      int plane = LockWord.current(word);
      letOthersAct();
      ControlLine.pin(segment, line, plane);
      letOthersAct();
      word = ControlLine.readWord(segment, line + ControlLine.LOCK_OFFSET);
      if (LockWord.current(word) == plane) {
        return word;
      }
      pinRepeats++;
    }
    ControlLine.unpin(segment, line);
    throw new dev.starling.engine.StarlingException(
        "rank "
            + rank
            + " could not pin stripe "
            + stripe
            + " in "
            + MAX_PIN_ATTEMPTS
            + " attempts, its lock word is "
            + LockWord.describe(word)
            + ": the region is damaged, restart the worker");
  }

  private void letOthersAct() {
    if (whilePinning != null) {
      whilePinning.run();
    }
  }

  /**
   * Returns how often a pin had to be repeated because a publish came in between. For the compute
   * thread.
   *
   * @return repeats since the replica was made
   */
  public long pinRepeats() {
    return pinRepeats;
  }

  /**
   * Releases the pin of a stripe; the pinned plane must not be read any more.
   *
   * @param stripe the stripe
   */
  public void unpin(int stripe) {
    ControlLine.unpin(segment, layout.lineOffset(stripe));
  }

  /**
   * Takes a plane out of use until {@link #liftQuarantine}, because a holder that lost its lock may
   * still write it. The stripe's fourth plane gets its memory before the mask is published.
   *
   * @param stripe the stripe
   * @param plane the plane
   * @return false when the file system of the replica has no space for the fourth plane: then
   *     nothing has happened
   */
  public boolean quarantine(int stripe, int plane) {
    if (!region.tryReserve(
        layout.planeOffset(stripe, ReplicaLayout.PLANES), layout.planeStride(stripe))) {
      return false;
    }
    int mask = ControlLine.quarantined(guardWord(stripe));
    ControlLine.quarantine(segment, layout.lineOffset(stripe), mask | 1 << plane);
    return true;
  }

  /** Gives the fourth planes memory now, for fabrics that register all of it at once. */
  public void reserveFourthPlanes() {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      region.reserve(layout.planeOffset(stripe, ReplicaLayout.PLANES), layout.planeStride(stripe));
    }
  }

  /**
   * Takes a plane back into use.
   *
   * @param stripe the stripe
   * @param plane the plane
   */
  public void liftQuarantine(int stripe, int plane) {
    int mask = ControlLine.quarantined(guardWord(stripe)) & ~(1 << plane);
    // While the fourth plane is current or a target, it must stay nameable: its bit in the mask
    // does not matter, since
    // a word that names it keeps it out of freePlane, and later targets come from planes 0 to 2
    // again.
    ControlLine.quarantine(segment, layout.lineOffset(stripe), mask);
  }

  /**
   * Counts a lock of a peer that is about to be broken.
   *
   * @param peer the peer
   * @return the count with this one; the peer acknowledges it in {@link AttachmentTable}
   */
  public long countFence(int peer) {
    return AttachmentTable.countFence(segment, peer);
  }

  /**
   * Reads a stripe's lock word; where atomics are the NIC's, the value is a hint.
   *
   * @param stripe the stripe
   * @return the word
   */
  public long lockWord(int stripe) {
    return ControlLine.readWord(segment, layout.lineOffset(stripe) + ControlLine.LOCK_OFFSET);
  }

  /**
   * Reads a stripe's lock word in a peer's region of the same layout.
   *
   * @param peerRegion the peer's region, addressable here
   * @param stripe the stripe
   * @return the word
   */
  public long lockWordOf(MemorySegment peerRegion, int stripe) {
    return ControlLine.readWord(peerRegion, layout.lineOffset(stripe) + ControlLine.LOCK_OFFSET);
  }

  /**
   * Reads a stripe's guard word.
   *
   * @param stripe the stripe
   * @return pin and quarantine mask
   */
  public long guardWord(int stripe) {
    return ControlLine.readWord(segment, layout.lineOffset(stripe) + ControlLine.GUARD_OFFSET);
  }

  /**
   * Returns the newest checkpoint set that a stripe was copied for.
   *
   * @param stripe the stripe
   * @return the set's number
   */
  public long cut(int stripe) {
    return ControlLine.readWord(segment, layout.lineOffset(stripe) + ControlLine.CUT_OFFSET);
  }

  /**
   * Marks a stripe as copied for a checkpoint set; the home must hold its lock, or nobody may have
   * connected yet.
   *
   * @param stripe the stripe
   * @param set the set's number
   */
  public void cut(int stripe, long set) {
    ControlLine.writeWord(segment, layout.lineOffset(stripe) + ControlLine.CUT_OFFSET, set);
  }

  /**
   * Returns the full version that the home published last.
   *
   * @param stripe the stripe
   * @return the version, at most the stripe's
   */
  public long version(int stripe) {
    return ControlLine.readWord(segment, layout.lineOffset(stripe) + ControlLine.VERSION_OFFSET);
  }

  /**
   * Tells peers the full version that the home published last.
   *
   * @param stripe the stripe
   * @param version the version
   */
  public void version(int stripe, long version) {
    ControlLine.writeWord(segment, layout.lineOffset(stripe) + ControlLine.VERSION_OFFSET, version);
  }

  /**
   * Stores the heartbeat.
   *
   * @param nowNs the time by the worker's clock
   */
  public void heartbeat(long nowNs) {
    RegionHeader.heartbeat(segment, nowNs);
  }

  /**
   * Returns the region's bytes.
   *
   * @return valid until {@link #close()}
   */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Returns the layout.
   *
   * @return the layout
   */
  public ReplicaLayout layout() {
    return layout;
  }

  /**
   * Returns the worker that owns the replica.
   *
   * @return its rank
   */
  public int rank() {
    return rank;
  }

  /**
   * Returns how many times its worker had joined before.
   *
   * @return from 0
   */
  public int incarnation() {
    return incarnation;
  }

  /**
   * Returns the job that the replica belongs to.
   *
   * @return the job's id
   */
  public long jobId() {
    return jobId;
  }

  /** Marks the replica closed, so that peers stop pairing with it, and gives its memory back. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      RegionHeader.close(segment);
      region.close();
    }
  }
}
