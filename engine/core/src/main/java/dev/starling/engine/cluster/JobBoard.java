package dev.starling.engine.cluster;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.memory.Region;
import dev.starling.engine.memory.SharedFile;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The board of one job on one host; see the package for what is on it. */
public final class JobBoard implements Membership, AutoCloseable {
  /** What the coordinator wants. */
  public enum Phase {
    /** Ranks join; nobody computes yet. */
    GATHERING,
    /** Everybody computes. */
    RUNNING,
    /** Everybody finishes the step in hand. */
    STOPPING,
    /** The coordinator has read what it needs: everybody may leave. */
    RELEASED
  }

  private static final long MAGIC = 0x4452414f42525453L; // "STRBOARD", little endian
  private static final int VERSION = 2;
  private static final int MAGIC_OFFSET = 0;
  private static final int VERSION_OFFSET = 8;
  private static final int WORKERS_OFFSET = 12;
  private static final int JOB_OFFSET = 16;
  private static final int CUT_WANTED_OFFSET = 32;
  private static final int CUT_COMPLETE_OFFSET = 40;
  private static final int CUTS_ASKED_OFFSET = 48;
  private static final int PHASE_OFFSET = 128;
  private static final int WORK_OFFSET = 256;
  private static final int RECORDS_OFFSET = 384;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final Phase[] PHASES = Phase.values();

  private final ShmFabric fabric;
  private final Fabric reach;
  private final Region memory;
  private final SharedFile file;
  private final MemorySegment segment;
  private final long jobId;
  private final List<RankRecord> records = new ArrayList<>();

  private JobBoard(ShmFabric fabric, SharedFile file, int workers) {
    this(fabric, fabric, file, file, workers);
  }

  private JobBoard(ShmFabric fabric, Fabric reach, Region memory, SharedFile file, int workers) {
    this.fabric = fabric;
    this.reach = reach;
    this.memory = memory;
    this.file = file;
    segment = memory.segment();
    jobId = (long) LONG.get(segment, (long) JOB_OFFSET);
    for (int rank = 0; rank < workers; rank++) {
      records.add(new RankRecord(segment, recordOffset(rank)));
    }
  }

  private static long recordOffset(int rank) {
    return RECORDS_OFFSET + (long) rank * RankRecord.LENGTH_BYTES;
  }

  /**
   * Creates the board of a new job; whoever does is its coordinator until it closes the board.
   *
   * @param fabric where it lies
   * @param jobId the job
   * @param workers how many ranks it has
   * @param work how much there is to do, in units of the caller's
   * @return the board, owned by the caller
   */
  public static JobBoard create(ShmFabric fabric, long jobId, int workers, long work) {
    ConfigurationException.requireRange("workers", workers, 1, LockWord.MAX_RANK);
    long lengthBytes = recordOffset(workers);
    SharedFile file = SharedFile.create(fabric.boardPath(jobId), lengthBytes, lengthBytes);
    write(file.segment(), jobId, workers, work);
    return new JobBoard(fabric, file, workers);
  }

  /**
   * Creates a board that only this process sees: its own view of a job on several hosts, which
   * {@code ClusterBoard} keeps up to date.
   *
   * @param fabric where the regions of this host lie
   * @param reach how ranks reach each other's regions
   * @param jobId the job
   * @param workers how many ranks it has
   * @param work how much there is to do, in units of the caller's
   * @return the board, owned by the caller
   */
  static JobBoard createPrivate(
      ShmFabric fabric, Fabric reach, long jobId, int workers, long work) {
    ConfigurationException.requireRange("workers", workers, 1, LockWord.MAX_RANK);
    PrivateMemory memory = PrivateMemory.allocate("the job's board", recordOffset(workers));
    write(memory.segment(), jobId, workers, work);
    return new JobBoard(fabric, reach, memory, null, workers);
  }

  private static void write(MemorySegment segment, long jobId, int workers, long work) {
    LONG.set(segment, (long) MAGIC_OFFSET, MAGIC);
    INT.set(segment, (long) WORKERS_OFFSET, workers);
    LONG.set(segment, (long) JOB_OFFSET, jobId);
    LONG.set(segment, (long) WORK_OFFSET, work);
    for (int rank = 0; rank < workers; rank++) {
      new RankRecord(segment, recordOffset(rank)).lost();
    }
    INT.setRelease(segment, (long) VERSION_OFFSET, VERSION);
  }

  /**
   * Opens the board of a job that another process coordinates.
   *
   * @param fabric where the regions lie
   * @param path the board
   * @return the board; closing it leaves the file in place
   * @throws StarlingException when it is no board, or of another version
   */
  public static JobBoard open(ShmFabric fabric, Path path) {
    SharedFile file = SharedFile.open(path);
    try {
      MemorySegment segment = file.segment();
      boolean whole = segment.byteSize() >= RECORDS_OFFSET;
      int version = whole ? (int) INT.getAcquire(segment, (long) VERSION_OFFSET) : 0;
      if (version != VERSION || (long) LONG.get(segment, (long) MAGIC_OFFSET) != MAGIC) {
        throw new StarlingException(
            path
                + " is no job board of version "
                + VERSION
                + " (it says "
                + version
                + "): run the same version of Starling everywhere");
      }
      return new JobBoard(fabric, file, (int) INT.get(segment, (long) WORKERS_OFFSET));
    } catch (Throwable failure) {
      file.close();
      throw failure;
    }
  }

  /**
   * Returns the job.
   *
   * @return its id
   */
  public long jobId() {
    return jobId;
  }

  /**
   * Returns where the regions of this host lie.
   *
   * @return the fabric that the board was opened with
   */
  public ShmFabric fabric() {
    return fabric;
  }

  /**
   * Returns how the job's ranks reach each other.
   *
   * @return {@link #fabric()}, or another fabric in a job on several hosts
   */
  public Fabric reach() {
    return reach;
  }

  /**
   * Tells whether only this process sees the board.
   *
   * @return whether it has no file
   */
  public boolean isPrivate() {
    return file == null;
  }

  /**
   * Returns where the board lies.
   *
   * @return the file
   * @throws IllegalStateException when only this process sees it
   */
  public Path path() {
    if (file == null) {
      throw new IllegalStateException("the board is private to this process");
    }
    return file.path();
  }

  /**
   * Returns the number of ranks.
   *
   * @return workers
   */
  public int workers() {
    return records.size();
  }

  /**
   * Returns what a rank says of itself.
   *
   * @param rank the rank
   * @return its record
   */
  public RankRecord rank(int rank) {
    return records.get(rank);
  }

  /**
   * Returns what the coordinator wants.
   *
   * @return the phase
   */
  public Phase phase() {
    return PHASES[(int) INT.getAcquire(segment, (long) PHASE_OFFSET)];
  }

  /**
   * Changes what is wanted; only the coordinator does, and only forwards.
   *
   * @param phase the new phase
   */
  public void phase(Phase phase) {
    INT.setRelease(segment, (long) PHASE_OFFSET, phase.ordinal());
  }

  /**
   * Tells whether the coordinator lives: whether its lock on the board is held. A process that has
   * a board of its own coordinates itself.
   *
   * @return whether it lives
   */
  public boolean isCoordinatorAlive() {
    return file == null || file.isOwnerAlive();
  }

  /**
   * Sets how much work there is; the coordinator does, before anybody takes of it.
   *
   * @param work in units of the caller's
   */
  public void work(long work) {
    LONG.setVolatile(segment, (long) WORK_OFFSET, work);
  }

  /**
   * Takes a share of the work, which all ranks draw from.
   *
   * @param share how much
   * @return whether there was something left; the last share may exceed it
   */
  public boolean takeWork(long share) {
    // Asked first, so that latecomers do not drive the count far below zero.
    return workLeft() > 0 && (long) LONG.getAndAdd(segment, (long) WORK_OFFSET, -share) > 0;
  }

  /** Takes off what ranks with boards of their own have taken. */
  void takenElsewhere(long work) {
    LONG.getAndAdd(segment, (long) WORK_OFFSET, -work);
  }

  /**
   * Returns the work that nobody has taken.
   *
   * @return what is left, not above what there was; 0 or less when all is taken
   */
  public long workLeft() {
    return (long) LONG.getVolatile(segment, (long) WORK_OFFSET);
  }

  /**
   * Asks every rank for a copy of its state; the coordinator does.
   *
   * @param set the number of the checkpoint set, larger than all before
   */
  public void wantCut(long set) {
    LONG.setRelease(segment, (long) CUT_WANTED_OFFSET, set);
  }

  /**
   * Returns the checkpoint set that every rank is to be copied for.
   *
   * @return the set's number
   */
  public long cutWanted() {
    return (long) LONG.getAcquire(segment, (long) CUT_WANTED_OFFSET);
  }

  /**
   * Says that a checkpoint set is complete; the coordinator does.
   *
   * @param set the set's number
   */
  public void completeCut(long set) {
    LONG.setRelease(segment, (long) CUT_COMPLETE_OFFSET, set);
  }

  /**
   * Returns the newest complete checkpoint set.
   *
   * @return the set's number
   */
  public long cutComplete() {
    return (long) LONG.getAcquire(segment, (long) CUT_COMPLETE_OFFSET);
  }

  /** Asks the coordinator for a checkpoint set soon; any process that has the board open may. */
  public void askForCut() {
    LONG.getAndAdd(segment, (long) CUTS_ASKED_OFFSET, 1L);
  }

  /**
   * Returns how often {@link #askForCut} was called.
   *
   * @return since the board was made
   */
  public long cutsAskedFor() {
    return (long) LONG.getAcquire(segment, (long) CUTS_ASKED_OFFSET);
  }

  /**
   * Returns how far the job is, for learning-rate schedules.
   *
   * @return gradients that all ranks together have submitted, divided by the number of ranks
   */
  public double meanSteps() {
    long submitted = 0;
    for (int rank = 0; rank < records.size(); rank++) {
      submitted += records.get(rank).submitted();
    }
    return (double) submitted / records.size();
  }

  @Override
  public int incarnation(int rank) {
    return records.get(rank).incarnation();
  }

  @Override
  public RegionDescriptor region(int rank, int incarnation) {
    return reach.describe(jobId, rank, incarnation);
  }

  /** Unmaps the board; its creator also removes it. */
  @Override
  public void close() {
    memory.close();
  }
}
