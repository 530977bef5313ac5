package dev.starling.chronicle;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.log.LogRecord;

/**
 * The options of a log. Set what differs from the defaults, then {@link ChronicleLog#create} checks
 * it. {@link #toString()} prints every option with its value and unit.
 *
 * <p>Belongs to the thread that sets the log up.
 */
public final class ChronicleLogContext {
  /** Default of {@link #blockBytes()}. */
  public static final int BLOCK_BYTES_DEFAULT = 4 * LogRecord.MAX_LENGTH_BYTES;

  /** Default of {@link #segmentBytes()}. */
  public static final long SEGMENT_BYTES_DEFAULT = 256L << 20;

  /** Default of {@link #reserveBytes()}. */
  public static final int RESERVE_BYTES_DEFAULT = 4 << 20;

  private int blockBytes = BLOCK_BYTES_DEFAULT;
  private long segmentBytes = SEGMENT_BYTES_DEFAULT;
  private long budgetBytes;
  private int reserveBytes = RESERVE_BYTES_DEFAULT;
  private int forceIntervalMs;

  /** Creates a context with every option at its default. */
  public ChronicleLogContext() {}

  /**
   * Checks every option against its range.
   *
   * @return this
   * @throws ConfigurationException names the option, its value and its range
   */
  public ChronicleLogContext conclude() {
    ConfigurationException.requireRange("block of the log in bytes", blockBytes, 1 << 20, 1 << 28);
    if (Integer.bitCount(blockBytes) != 1) {
      throw new ConfigurationException(
          "block of the log in bytes=" + blockBytes + " must be a power of two");
    }
    ConfigurationException.requireRange(
        "segment of the log in bytes", segmentBytes, 1 << 16, 1L << 40);
    if (budgetBytes != 0) {
      ConfigurationException.requireRange(
          "budget of the log in bytes", budgetBytes, 1 << 20, 1L << 50);
    }
    ConfigurationException.requireRange(
        "reserve of the log in bytes", reserveBytes, 1 << 16, 1 << 30);
    ConfigurationException.requireRange("force interval in ms", forceIntervalMs, 0, 3_600_000);
    return this;
  }

  /**
   * Sets the unit in which files are mapped; a record has at most a quarter of it. Smaller blocks
   * suit small logs: a file being written looks at least a block and a quarter long.
   *
   * @param bytes a power of two from 1 MiB to 256 MiB; default 64 MiB
   * @return this
   */
  public ChronicleLogContext blockBytes(int bytes) {
    blockBytes = bytes;
    return this;
  }

  /**
   * Returns the unit in which files are mapped.
   *
   * @return in bytes
   */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Sets the length from which a segment counts as full.
   *
   * @param bytes from 64 KiB to 1 TiB; default 256 MiB
   * @return this
   */
  public ChronicleLogContext segmentBytes(long bytes) {
    segmentBytes = bytes;
    return this;
  }

  /**
   * Returns the length from which a segment counts as full.
   *
   * @return in bytes
   */
  public long segmentBytes() {
    return segmentBytes;
  }

  /**
   * Sets how much all segments of the log together may take.
   *
   * @param bytes from 1 MiB, or 0 for no limit, the default
   * @return this
   */
  public ChronicleLogContext budgetBytes(long bytes) {
    budgetBytes = bytes;
    return this;
  }

  /**
   * Returns how much all segments of the log together may take.
   *
   * @return in bytes, 0 for no limit
   */
  public long budgetBytes() {
    return budgetBytes;
  }

  /**
   * Sets how much of the disk is kept reserved ahead of the records, or as much as the last record
   * has where that is more; twice that after it was renewed.
   *
   * @param bytes from 64 KiB to 1 GiB; default 4 MiB
   * @return this
   */
  public ChronicleLogContext reserveBytes(int bytes) {
    reserveBytes = bytes;
    return this;
  }

  /**
   * Returns how much of the disk is kept reserved ahead.
   *
   * @return in bytes
   */
  public int reserveBytes() {
    return reserveBytes;
  }

  /**
   * Sets how often records are forced to the disk. Without it they survive the death of the
   * process, but the last ones not that of the machine.
   *
   * @param intervalMs from 1 ms to 1 h, or 0 for never, the default
   * @return this
   */
  public ChronicleLogContext forceIntervalMs(int intervalMs) {
    forceIntervalMs = intervalMs;
    return this;
  }

  /**
   * Returns how often records are forced to the disk.
   *
   * @return in ms, 0 for never
   */
  public int forceIntervalMs() {
    return forceIntervalMs;
  }

  @Override
  public String toString() {
    return "ChronicleLogContext:\n  blockBytes="
        + blockBytes
        + "\n  segmentBytes="
        + segmentBytes
        + "\n  budgetBytes="
        + budgetBytes
        + "\n  reserveBytes="
        + reserveBytes
        + "\n  forceIntervalMs="
        + forceIntervalMs;
  }
}
