package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.LockWord;
import java.net.InetAddress;
import java.util.List;

/**
 * The options of a {@link ControlLink}. Set what differs from the defaults; {@link
 * ControlLink#open} checks and fixes them. {@link #toString()} prints every option with its unit.
 */
public abstract sealed class LinkOptions permits ControlLink.Context {
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

  private final int rank;
  private final int worldSize;
  private final Endpoint master;
  private List<Endpoint> seeds = List.of();
  private ControlLink.Listener listener = ControlLink.Listener.NONE;
  private boolean concluded;
  private int incarnation = ControlLink.NEXT;
  private long joinTimeoutNs = JOIN_TIMEOUT_NS_DEFAULT;
  private long foundAfterNs = FOUND_AFTER_NS_DEFAULT;
  private long heartbeatNs = HEARTBEAT_NS_DEFAULT;
  private long deadAfterNs = DEAD_AFTER_NS_DEFAULT;
  private long reconnectNs = RECONNECT_NS_DEFAULT;
  private long requestTimeoutNs = REQUEST_TIMEOUT_NS_DEFAULT;
  private int maxFrameBytes = MAX_FRAME_BYTES_DEFAULT;
  private long maxBacklogBytes = MAX_BACKLOG_BYTES_DEFAULT;
  private int progressLongs = PROGRESS_LONGS_DEFAULT;
  private JobToken token = JobToken.NONE;
  private long jobId = 0;
  private String shape = "";
  private String hostId = HostIdentity.local();
  private String advertise = "";
  private String bindAddress = "";
  private int bindPort = -1;

  LinkOptions(int rank, int worldSize, Endpoint master) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.master = master;
  }

  /** {@return the whole context, so that options can be set one after the other} */
  abstract ControlLink.Context self();

  private void requireOpen() {
    if (concluded) {
      throw new ConfigurationException(
          "the options of a control link were changed after it was opened: make another context");
    }
  }

  /** Checks every option against its range and fixes them. */
  final void conclude() {
    requireOpen();
    ConfigurationException.requireRange("world size", worldSize, 1, LockWord.MAX_RANK);
    ConfigurationException.requireRange("rank", rank, 0, worldSize - 1);
    ConfigurationException.requireRange("incarnation", incarnation, -1, Integer.MAX_VALUE - 1);
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
    ConfigurationException.requireRange("length of the shape", shape.length(), 0, 16 << 10);
    ConfigurationException.requireRange("length of the host id", hostId.length(), 0, 256);
    ConfigurationException.requireRange("port to listen at", bindPort, -1, 65535);
    concludeAddresses();
    concluded = true;
  }

  private void concludeAddresses() {
    if (bindAddress.isEmpty()) {
      bindAddress = master.isLoopback() ? "127.0.0.1" : "0.0.0.0";
    }
    requireLiteral("address to listen at", bindAddress);
    if (!advertise.isEmpty()) {
      requireLiteral("address that others are told", advertise);
    }
    if (!new Endpoint(bindAddress, 0).isLoopback() || !master.isLoopback()) {
      token.requireFor(master.isLoopback() ? new Endpoint(bindAddress, 0) : master);
    }
    if (bindPort < 0) {
      bindPort = rank == 0 ? master.port() : 0;
    }
    if (seeds.isEmpty()) {
      seeds = List.of(master);
    }
  }

  private static void requireLiteral(String option, String address) {
    try {
      InetAddress.ofLiteral(address);
    } catch (IllegalArgumentException name) {
      throw new ConfigurationException(
          option + "=" + address + " is no address: write it in numbers, as 10.0.0.1");
    }
  }

  Handshake handshake(boolean initiator) {
    return new Handshake(token, initiator);
  }

  /**
   * Returns the rank.
   *
   * @return from 0
   */
  public int rank() {
    return rank;
  }

  /**
   * Returns the number of ranks.
   *
   * @return from 1
   */
  public int worldSize() {
    return worldSize;
  }

  /**
   * Returns where rank 0 listens.
   *
   * @return the master's address
   */
  public Endpoint master() {
    return master;
  }

  /**
   * Sets whom to ask for admission, one after the other; any member will do. Default: the master's
   * address. Members also look there for ranks that died and are about to return.
   *
   * @param value addresses
   * @return this
   */
  public ControlLink.Context seeds(List<Endpoint> value) {
    requireOpen();
    seeds = List.copyOf(value);
    return self();
  }

  /**
   * Returns whom to ask for admission.
   *
   * @return addresses
   */
  public List<Endpoint> seeds() {
    return seeds;
  }

  /**
   * Sets who is told what happens. Default nobody.
   *
   * @param value called on the link's thread
   * @return this
   */
  public ControlLink.Context listener(ControlLink.Listener value) {
    requireOpen();
    listener = value;
    return self();
  }

  /**
   * Returns who is told what happens.
   *
   * @return the listener
   */
  public ControlLink.Listener listener() {
    return listener;
  }

  /**
   * Sets how many times the rank had joined before. Default {@link ControlLink#NEXT}: whoever
   * admits the rank knows the last one and hands out the next.
   *
   * @param value from 0, or {@link ControlLink#NEXT}
   * @return this
   */
  public ControlLink.Context incarnation(int value) {
    requireOpen();
    incarnation = value;
    return self();
  }

  /**
   * Returns the incarnation asked for.
   *
   * @return see {@link #incarnation(int)}
   */
  public int incarnation() {
    return incarnation;
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

  /**
   * Sets the secret of the job. Default {@link JobToken#NONE}, which only a job with a loopback
   * address may have.
   *
   * @param value the same for every rank
   * @return this
   */
  public ControlLink.Context token(JobToken value) {
    requireOpen();
    token = value;
    return self();
  }

  /**
   * Returns the secret of the job.
   *
   * @return see {@link #token(JobToken)}
   */
  public JobToken token() {
    return token;
  }

  /**
   * Sets the job's id. Default 0: the rank that founds the job makes one from token, master address
   * and chance, and the others learn it.
   *
   * @param value the same for every rank that sets it
   * @return this
   */
  public ControlLink.Context jobId(long value) {
    requireOpen();
    jobId = value;
    return self();
  }

  /**
   * Returns the id asked for, 0 for any.
   *
   * @return see {@link #jobId(long)}
   */
  public long jobId() {
    return jobId;
  }

  /**
   * Sets what must be equal on all ranks: model shape, layout, configuration. Default empty.
   *
   * @param value text that a person can compare, at most 16 KiB
   * @return this
   */
  public ControlLink.Context shape(String value) {
    requireOpen();
    shape = value;
    return self();
  }

  /**
   * Returns what must be equal on all ranks.
   *
   * @return see {@link #shape(String)}
   */
  public String shape() {
    return shape;
  }

  /**
   * Sets the text that is equal for ranks that can share memory. Default: boot id, device number of
   * /dev/shm and user id.
   *
   * @param value at most 256 characters
   * @return this
   */
  public ControlLink.Context hostId(String value) {
    requireOpen();
    hostId = value;
    return self();
  }

  /**
   * Returns the text that is equal for ranks that can share memory.
   *
   * @return see {@link #hostId(String)}
   */
  public String hostId() {
    return hostId;
  }

  /**
   * Sets the address literal that others reach this rank at. Default empty: the address that its
   * connections come from.
   *
   * @param value an address without port, or empty
   * @return this
   */
  public ControlLink.Context advertise(String value) {
    requireOpen();
    advertise = value;
    return self();
  }

  /**
   * Returns the address that others are told, empty for the one that they see.
   *
   * @return see {@link #advertise(String)}
   */
  public String advertise() {
    return advertise;
  }

  /**
   * Sets the local address literal to listen at. Default empty: every address, or only 127.0.0.1
   * when the master's address is loopback.
   *
   * @param value an address without port, or empty
   * @return this
   */
  public ControlLink.Context bindAddress(String value) {
    requireOpen();
    bindAddress = value;
    return self();
  }

  /**
   * Returns the local address.
   *
   * @return see {@link #bindAddress(String)}
   */
  public String bindAddress() {
    return bindAddress;
  }

  /**
   * Sets the port to listen at. Default -1: the master's port for rank 0, any free port for others.
   *
   * @param value from 0 (any) to 65535, or -1
   * @return this
   */
  public ControlLink.Context bindPort(int value) {
    requireOpen();
    bindPort = value;
    return self();
  }

  /**
   * Returns the port.
   *
   * @return see {@link #bindPort(int)}
   */
  public int bindPort() {
    return bindPort;
  }

  @Override
  public String toString() {
    return "rank="
        + rank
        + ", world size="
        + worldSize
        + ", master="
        + master
        + ", seeds="
        + seeds
        + ", listens at="
        + bindAddress
        + ", port="
        + bindPort
        + ", incarnation="
        + incarnation
        + ", token="
        + token
        + ", join timeout="
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
}
