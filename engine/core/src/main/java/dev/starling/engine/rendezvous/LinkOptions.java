package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.LockWord;
import java.net.InetAddress;
import java.util.List;

/**
 * The options of a {@link ControlLink}. Set what differs from the defaults; {@link
 * ControlLink#open} checks and fixes them. {@link #toString()} prints every option with its unit.
 */
public abstract sealed class LinkOptions extends LinkLimits permits ControlLink.Context {
  private final int rank;
  private final int worldSize;
  private final Endpoint master;
  private List<Endpoint> seeds = List.of();
  private ControlLink.Listener listener = ControlLink.Listener.NONE;
  private boolean concluded;
  private int incarnation = ControlLink.NEXT;
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

  @Override
  final void requireOpen() {
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
    requireLimits();
    ConfigurationException.requireRange(
        "length of the shape", shape.length(), 0, Math.min(16 << 10, (maxFrameBytes() - 2048) / 3));
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
        + ", "
        + describeLimits();
  }
}
