package dev.starling.engine.replica;

import dev.starling.engine.StarlingException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The header of a region.
 *
 * <pre>
 *  +0   magic (8)            +8   layout version (4, written last)   +12  state (4)
 *  +16  job id (8)           +24  rank (4)                           +28  incarnation (4)
 *  +32  parameters (8)       +40  stripes (4)                        +44  workers (4)
 *  +48  shape hash (8)       +56  reserved (8)
 *  +128 heartbeat, ns (8)    alone on its cache lines
 * </pre>
 *
 * <p>The layout version is stored last with release order: a reader that sees it sees a complete
 * header.
 */
public final class RegionHeader {
  /** Length of the header section. */
  public static final long LENGTH_BYTES = 4096;

  /** "STARLING" in ASCII, little endian. */
  public static final long MAGIC = 0x474e494c52415453L;

  /** The version of the layout that this engine writes and reads. */
  public static final int LAYOUT_VERSION = 3;

  /** State: the worker takes part. */
  public static final int STATE_OPEN = 1;

  /** State: the worker left in good order. */
  public static final int STATE_CLOSED = 2;

  /** State: the worker died, and whoever noticed wrote this. */
  public static final int STATE_POISONED = 3;

  private static final int MAGIC_OFFSET = 0;
  private static final int VERSION_OFFSET = 8;
  private static final int STATE_OFFSET = 12;
  private static final int JOB_OFFSET = 16;
  private static final int RANK_OFFSET = 24;
  private static final int INCARNATION_OFFSET = 28;
  private static final int PARAMETERS_OFFSET = 32;
  private static final int STRIPES_OFFSET = 40;
  private static final int WORKERS_OFFSET = 44;
  private static final int SHAPE_OFFSET = 48;
  private static final int HEARTBEAT_OFFSET = 128;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private RegionHeader() {}

  /**
   * Writes the header of a new region, its version last.
   *
   * @param region the region
   * @param layout its layout
   * @param jobId the job
   * @param rank the worker
   * @param incarnation how many times the rank has joined, from 0
   */
  static void write(
      MemorySegment region, ReplicaLayout layout, long jobId, int rank, int incarnation) {
    LONG.set(region, (long) MAGIC_OFFSET, MAGIC);
    INT.set(region, (long) STATE_OFFSET, STATE_OPEN);
    LONG.set(region, (long) JOB_OFFSET, jobId);
    INT.set(region, (long) RANK_OFFSET, rank);
    INT.set(region, (long) INCARNATION_OFFSET, incarnation);
    LONG.set(region, (long) PARAMETERS_OFFSET, layout.parameterCount());
    INT.set(region, (long) STRIPES_OFFSET, layout.stripes());
    INT.set(region, (long) WORKERS_OFFSET, layout.workers());
    LONG.set(region, (long) SHAPE_OFFSET, layout.shapeHash());
    INT.setRelease(region, (long) VERSION_OFFSET, LAYOUT_VERSION);
  }

  /**
   * Checks that a peer's region belongs to the same job and has the same shape.
   *
   * @param where how a failure names the region
   * @param region the peer's region
   * @param layout our layout
   * @param jobId our job
   * @param rank the rank that the peer should have
   * @throws StarlingException when it differs; the message names the field and both values
   */
  public static void requireMatch(
      String where, MemorySegment region, ReplicaLayout layout, long jobId, int rank) {
    requireVersion(where, region);
    require(
        where,
        "job id",
        (long) LONG.get(region, (long) JOB_OFFSET),
        jobId,
        "connect only workers of one job");
    require(
        where,
        "rank",
        (int) INT.get(region, (long) RANK_OFFSET),
        rank,
        "give every worker its own rank");
    require(
        where,
        "workers",
        (int) INT.get(region, (long) WORKERS_OFFSET),
        layout.workers(),
        "start all with the same number");
    require(
        where,
        "parameters",
        (long) LONG.get(region, (long) PARAMETERS_OFFSET),
        layout.parameterCount(),
        "train the same model everywhere");
    require(
        where,
        "stripes",
        (int) INT.get(region, (long) STRIPES_OFFSET),
        layout.stripes(),
        "use the same stripe length everywhere");
    require(
        where,
        "shape hash",
        (long) LONG.get(region, (long) SHAPE_OFFSET),
        layout.shapeHash(),
        "use the same stripes everywhere");
  }

  private static void requireVersion(String where, MemorySegment region) {
    int version =
        region.byteSize() < LENGTH_BYTES ? 0 : (int) INT.getAcquire(region, (long) VERSION_OFFSET);
    if (version == 0 || (long) LONG.get(region, (long) MAGIC_OFFSET) != MAGIC) {
      throw new StarlingException(
          where + " is not a Starling region, or its owner has not finished writing its header");
    }
    require(
        where,
        "layout version",
        version,
        LAYOUT_VERSION,
        "run the same version of Starling everywhere");
  }

  /**
   * Returns how many workers the region's job has.
   *
   * @param where how a failure names the region
   * @param region the region, of any shape
   * @return workers
   * @throws StarlingException when it is no region, or of another version
   */
  public static int workers(String where, MemorySegment region) {
    requireVersion(where, region);
    return (int) INT.get(region, (long) WORKERS_OFFSET);
  }

  private static void require(String where, String field, long theirs, long ours, String cure) {
    if (theirs != ours) {
      throw new StarlingException(
          where + " has " + field + " " + theirs + " but this worker has " + ours + ": " + cure);
    }
  }

  /**
   * Returns the worker's state.
   *
   * @param region the region
   * @return {@link #STATE_OPEN}, {@link #STATE_CLOSED} or {@link #STATE_POISONED}
   */
  public static int state(MemorySegment region) {
    return (int) INT.getAcquire(region, (long) STATE_OFFSET);
  }

  /**
   * Marks the worker as gone in good order.
   *
   * @param region the region
   */
  static void close(MemorySegment region) {
    INT.setRelease(region, (long) STATE_OFFSET, STATE_CLOSED);
  }

  /**
   * Marks the worker as dead, unless it left in good order or never finished its header.
   *
   * @param region the region of a worker that is known to be dead
   */
  public static void poison(MemorySegment region) {
    if (region.byteSize() >= LENGTH_BYTES) {
      INT.compareAndSet(region, (long) STATE_OFFSET, STATE_OPEN, STATE_POISONED);
    }
  }

  /**
   * Returns how many times the rank had joined before.
   *
   * @param region the region
   * @return from 0
   */
  public static int incarnation(MemorySegment region) {
    return (int) INT.get(region, (long) INCARNATION_OFFSET);
  }

  /**
   * Stores the heartbeat; the home's agent calls it.
   *
   * @param region the region
   * @param nowNs the time by the worker's clock
   */
  static void heartbeat(MemorySegment region, long nowNs) {
    LONG.setRelease(region, (long) HEARTBEAT_OFFSET, nowNs);
  }

  /**
   * Returns the last heartbeat.
   *
   * @param region the region
   * @return nanoseconds by the worker's clock
   */
  public static long heartbeat(MemorySegment region) {
    return (long) LONG.getAcquire(region, (long) HEARTBEAT_OFFSET);
  }
}
