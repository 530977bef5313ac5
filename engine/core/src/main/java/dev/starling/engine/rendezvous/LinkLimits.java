package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;

/** The times and sizes of a {@link ControlLink}; set and read as the other {@link LinkOptions}. */
public abstract sealed class LinkLimits permits LinkOptions {
  /** Default of {@link #joinTimeoutNs()}. */
  public static final long JOIN_TIMEOUT_NS_DEFAULT = 60_000_000_000L;

  /** Default of {@link #foundAfterNs()}. */
  public static final long FOUND_AFTER_NS_DEFAULT = 2_000_000_000L;

  /** Default of {@link #heartbeatNs()}. */
  public static final long HEARTBEAT_NS_DEFAULT = 200_000_000L;

  /** Default of {@link #deadAfterNs()}. */
  public static final long DEAD_AFTER_NS_DEFAULT = 3_000_000_000L;

  /** Default of {@link #reconnectNs()}. */
  public static final long RECONNECT_NS_DEFAULT = 1_000_000_000L;

  /** Default of {@link #requestTimeoutNs()}. */
  public static final long REQUEST_TIMEOUT_NS_DEFAULT = 5_000_000_000L;

  /** Default of {@link #maxFrameBytes()}. */
  public static final int MAX_FRAME_BYTES_DEFAULT = 1 << 20;

  /** Default of {@link #maxBacklogBytes()}. */
  public static final long MAX_BACKLOG_BYTES_DEFAULT = 4L << 20;

  /** Default of {@link #progressLongs()}. */
  public static final int PROGRESS_LONGS_DEFAULT = 16;

  private long joinTimeoutNs = JOIN_TIMEOUT_NS_DEFAULT;
  private long foundAfterNs = FOUND_AFTER_NS_DEFAULT;
  private long heartbeatNs = HEARTBEAT_NS_DEFAULT;
  private long deadAfterNs = DEAD_AFTER_NS_DEFAULT;
  private long reconnectNs = RECONNECT_NS_DEFAULT;
  private long requestTimeoutNs = REQUEST_TIMEOUT_NS_DEFAULT;
  private int maxFrameBytes = MAX_FRAME_BYTES_DEFAULT;
  private long maxBacklogBytes = MAX_BACKLOG_BYTES_DEFAULT;
  private int progressLongs = PROGRESS_LONGS_DEFAULT;

  LinkLimits() {}

  /** {@return the whole context, so that options can be set one after the other} */
  abstract ControlLink.Context self();

  /** Fails when the options are fixed already. */
  abstract void requireOpen();

  /** Checks every time and size against its range. */
  final void requireLimits() {
    ConfigurationException.requireRange(
        "join timeout in ns", joinTimeoutNs, 10_000_000L, 86_400_000_000_000L);
    ConfigurationException.requireRange(
        "wait before founding in ns", foundAfterNs, 0, 3_600_000_000_000L);
    ConfigurationException.requireRange(
        "heartbeat in ns", heartbeatNs, 1_000_000L, 60_000_000_000L);
    ConfigurationException.requireRange(
        "silence of the dead in ns", deadAfterNs, 3 * heartbeatNs, 3_600_000_000_000L);
    ConfigurationException.requireRange(
        "reconnect time in ns", reconnectNs, 10_000_000L, 3_600_000_000_000L);
    ConfigurationException.requireRange(
        "request timeout in ns", requestTimeoutNs, 1_000_000L, 3_600_000_000_000L);
    ConfigurationException.requireRange(
        "largest message in bytes", maxFrameBytes, 4 << 10, 64 << 20);
    ConfigurationException.requireRange(
        "backlog in bytes", maxBacklogBytes, maxFrameBytes, 1L << 30);
    ConfigurationException.requireRange("numbers of progress", progressLongs, 0, 256);
  }

  /** {@return every option of this part with its value and unit} */
  final String describeLimits() {
    return "join timeout="
        + joinTimeoutNs
        + " ns"
        + ", founds after="
        + foundAfterNs
        + " ns"
        + ", heartbeat="
        + heartbeatNs
        + " ns"
        + ", dead after="
        + deadAfterNs
        + " ns"
        + ", reconnect="
        + reconnectNs
        + " ns"
        + ", request timeout="
        + requestTimeoutNs
        + " ns"
        + ", largest message="
        + maxFrameBytes
        + " bytes"
        + ", backlog="
        + maxBacklogBytes
        + " bytes"
        + ", numbers of progress="
        + progressLongs;
  }

  /**
   * Sets how long {@link ControlLink#open} tries. Default {@link #JOIN_TIMEOUT_NS_DEFAULT}.
   *
   * @param value nanoseconds, 10 ms to 1 day
   * @return this
   */
  public ControlLink.Context joinTimeoutNs(long value) {
    requireOpen();
    joinTimeoutNs = value;
    return self();
  }

  /**
   * Returns how long opening may take, in nanoseconds.
   *
   * @return see {@link #joinTimeoutNs(long)}
   */
  public long joinTimeoutNs() {
    return joinTimeoutNs;
  }

  /**
   * Sets how long rank 0 looks for members of a running job before it founds one. It does not wait
   * when its incarnation is given as 0, or when all other ranks ask to be admitted. Default {@link
   * #FOUND_AFTER_NS_DEFAULT}.
   *
   * @param value nanoseconds, 0 to 1 h
   * @return this
   */
  public ControlLink.Context foundAfterNs(long value) {
    requireOpen();
    foundAfterNs = value;
    return self();
  }

  /**
   * Returns how long rank 0 looks for a running job, in nanoseconds.
   *
   * @return see {@link #foundAfterNs(long)}
   */
  public long foundAfterNs() {
    return foundAfterNs;
  }

  /**
   * Sets how often signs of life, with the progress, are sent. Default {@link
   * #HEARTBEAT_NS_DEFAULT}.
   *
   * @param value nanoseconds, 1 ms to 1 min
   * @return this
   */
  public ControlLink.Context heartbeatNs(long value) {
    requireOpen();
    heartbeatNs = value;
    return self();
  }

  /**
   * Returns the interval of signs of life in nanoseconds.
   *
   * @return see {@link #heartbeatNs(long)}
   */
  public long heartbeatNs() {
    return heartbeatNs;
  }

  /**
   * Sets after how long a silence a rank is dead; a process that ends is noticed at once. Default
   * {@link #DEAD_AFTER_NS_DEFAULT}.
   *
   * @param value nanoseconds, 3 heartbeats to 1 h
   * @return this
   */
  public ControlLink.Context deadAfterNs(long value) {
    requireOpen();
    deadAfterNs = value;
    return self();
  }

  /**
   * Returns the silence after which a rank is dead, in nanoseconds.
   *
   * @return see {@link #deadAfterNs(long)}
   */
  public long deadAfterNs() {
    return deadAfterNs;
  }

  /**
   * Sets how long a broken connection may take to be made again while the peer's address answers.
   * Default {@link #RECONNECT_NS_DEFAULT}.
   *
   * @param value nanoseconds, 10 ms to 1 h
   * @return this
   */
  public ControlLink.Context reconnectNs(long value) {
    requireOpen();
    reconnectNs = value;
    return self();
  }

  /**
   * Returns how long making a connection again may take, in nanoseconds.
   *
   * @return see {@link #reconnectNs(long)}
   */
  public long reconnectNs() {
    return reconnectNs;
  }

  /**
   * Sets how long a request may take. Default {@link #REQUEST_TIMEOUT_NS_DEFAULT}.
   *
   * @param value nanoseconds, 1 ms to 1 h
   * @return this
   */
  public ControlLink.Context requestTimeoutNs(long value) {
    requireOpen();
    requestTimeoutNs = value;
    return self();
  }

  /**
   * Returns how long a request may take, in nanoseconds.
   *
   * @return see {@link #requestTimeoutNs(long)}
   */
  public long requestTimeoutNs() {
    return requestTimeoutNs;
  }

  /**
   * Sets the largest message, the same on every rank. Default {@link #MAX_FRAME_BYTES_DEFAULT}.
   *
   * @param value bytes, 4 KiB to 64 MiB
   * @return this
   */
  public ControlLink.Context maxFrameBytes(int value) {
    requireOpen();
    maxFrameBytes = value;
    return self();
  }

  /**
   * Returns the largest message in bytes.
   *
   * @return see {@link #maxFrameBytes(int)}
   */
  public int maxFrameBytes() {
    return maxFrameBytes;
  }

  /**
   * Sets how much may wait to be sent to one rank before its connection is cut. Default {@link
   * #MAX_BACKLOG_BYTES_DEFAULT}.
   *
   * @param value bytes, from the largest message to 1 GiB
   * @return this
   */
  public ControlLink.Context maxBacklogBytes(long value) {
    requireOpen();
    maxBacklogBytes = value;
    return self();
  }

  /**
   * Returns how much may wait for one rank, in bytes.
   *
   * @return see {@link #maxBacklogBytes(long)}
   */
  public long maxBacklogBytes() {
    return maxBacklogBytes;
  }

  /**
   * Sets how many numbers of progress travel with each sign of life, the same on every rank.
   * Default {@link #PROGRESS_LONGS_DEFAULT}.
   *
   * @param value numbers, 0 to 256
   * @return this
   */
  public ControlLink.Context progressLongs(int value) {
    requireOpen();
    progressLongs = value;
    return self();
  }

  /**
   * Returns numbers of progress.
   *
   * @return see {@link #progressLongs(int)}
   */
  public int progressLongs() {
    return progressLongs;
  }
}
