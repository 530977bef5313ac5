package dev.starling.rdma.fabric;

import dev.starling.engine.ConfigurationException;
import dev.starling.rdma.disni.DeviceLimits;
import dev.starling.rdma.disni.PortInfo;

/**
 * How the fabric uses its device. Set, then {@link #conclude()}; printed when the fabric opens.
 *
 * <pre>
 *   option              default   range           unit
 *   port                1         1 to 255
 *   gidIndex            0         0 to 65535      (RoCE: which address and version)
 *   pkeyIndex           0         0 to 65535      (InfiniBand: which partition)
 *   serviceLevel        0         0 to 15
 *   trafficClass        0         0 to 255
 *   queuePairs          2         1 to 16         per peer
 *   sendDepth           64        4 to 4096       requests of one queue pair in flight
 *   pieceBytes          1 MiB     4 KiB to 1 GiB  per request
 *   ackTimeout          16        1 to 31         4.096 us * 2^n, 268 ms
 *   retryCount          6         0 to 6          7 would be without end on some devices
 *   readDepth           16        1 to 255        reads and atomics of a queue pair in flight
 *   reserveFourthPlane  false                     registers the fourth planes too
 * </pre>
 */
public final class VerbsOptions {
  /** Default of {@link #queuePairs}. */
  public static final int QUEUE_PAIRS_DEFAULT = 2;

  /** Default of {@link #sendDepth}. */
  public static final int SEND_DEPTH_DEFAULT = 64;

  /** Default of {@link #pieceBytes}. */
  public static final long PIECE_BYTES_DEFAULT = 1L << 20;

  /** Default of {@link #ackTimeout}. */
  public static final int ACK_TIMEOUT_DEFAULT = 16;

  /** Default of {@link #retryCount}, and the largest that ends everywhere. */
  public static final int RETRY_COUNT_DEFAULT = 6;

  /** Default of {@link #readDepth}. */
  public static final int READ_DEPTH_DEFAULT = 16;

  private static final long ACK_UNIT_NS = 4_096;
  private static final long MARGIN_NS = 1_000_000_000L;

  private int port = 1;
  private int gidIndex;
  private int pkeyIndex;
  private int serviceLevel;
  private int trafficClass;
  private int queuePairs = QUEUE_PAIRS_DEFAULT;
  private int sendDepth = SEND_DEPTH_DEFAULT;
  private long pieceBytes = PIECE_BYTES_DEFAULT;
  private int ackTimeout = ACK_TIMEOUT_DEFAULT;
  private int retryCount = RETRY_COUNT_DEFAULT;
  private int readDepth = READ_DEPTH_DEFAULT;
  private boolean reserveFourthPlane;

  /** Creates options with their defaults. */
  public VerbsOptions() {}

  /**
   * Checks the options.
   *
   * @return this
   * @throws ConfigurationException names the option, its value and its range
   */
  public VerbsOptions conclude() {
    ConfigurationException.requireRange("port", port, 1, 255);
    ConfigurationException.requireRange("GID index", gidIndex, 0, 65_535);
    ConfigurationException.requireRange("P_Key index", pkeyIndex, 0, 65_535);
    ConfigurationException.requireRange("service level", serviceLevel, 0, 15);
    ConfigurationException.requireRange("traffic class", trafficClass, 0, 255);
    ConfigurationException.requireRange("queue pairs per peer", queuePairs, 1, 16);
    ConfigurationException.requireRange("send depth", sendDepth, 4, 4096);
    ConfigurationException.requireRange("piece length in bytes", pieceBytes, 4096, 1L << 30);
    ConfigurationException.requireRange("ack timeout exponent", ackTimeout, 1, 31);
    ConfigurationException.requireRange("retry count", retryCount, 0, RETRY_COUNT_DEFAULT);
    ConfigurationException.requireRange("read depth", readDepth, 1, 255);
    return this;
  }

  /**
   * Lowers what the device cannot do, and checks the rest against it.
   *
   * @param device names it in messages
   * @param limits what the device can do
   * @param info what its port can do
   * @return this
   */
  VerbsOptions fit(String device, DeviceLimits limits, PortInfo info) {
    readDepth =
        Math.max(1, Math.min(readDepth, Math.min(limits.maxQpRdAtom(), limits.maxQpInitRdAtom())));
    sendDepth = Math.min(sendDepth, limits.maxQpWr());
    pieceBytes = Math.min(pieceBytes, info.maxMessageBytes());
    if (gidIndex >= info.gidTableLength()) {
      throw new ConfigurationException(
          "GID index %d is beyond the table of %s port %d, which has %d entries: choose another"
              .formatted(gidIndex, device, port, info.gidTableLength()));
    }
    return this;
  }

  /**
   * Sets the port of the device.
   *
   * @param number from 1
   * @return this
   */
  public VerbsOptions port(int number) {
    port = number;
    return this;
  }

  /** {@return the port of the device} */
  public int port() {
    return port;
  }

  /**
   * Sets which of the port's GIDs is the source address.
   *
   * @param index index in the port's table
   * @return this
   */
  public VerbsOptions gidIndex(int index) {
    gidIndex = index;
    return this;
  }

  /** {@return which of the port's GIDs is the source address} */
  public int gidIndex() {
    return gidIndex;
  }

  /**
   * Sets the partition.
   *
   * @param index index in the port's P_Key table
   * @return this
   */
  public VerbsOptions pkeyIndex(int index) {
    pkeyIndex = index;
    return this;
  }

  /** {@return index of the partition key} */
  public int pkeyIndex() {
    return pkeyIndex;
  }

  /**
   * Sets the service level.
   *
   * @param level 0 to 15
   * @return this
   */
  public VerbsOptions serviceLevel(int level) {
    serviceLevel = level;
    return this;
  }

  /** {@return the service level} */
  public int serviceLevel() {
    return serviceLevel;
  }

  /**
   * Sets the traffic class of RoCE packets.
   *
   * @param value 0 to 255
   * @return this
   */
  public VerbsOptions trafficClass(int value) {
    trafficClass = value;
    return this;
  }

  /** {@return the traffic class} */
  public int trafficClass() {
    return trafficClass;
  }

  /**
   * Sets how many queue pairs carry the data of one connection.
   *
   * @param count 1 to 16
   * @return this
   */
  public VerbsOptions queuePairs(int count) {
    queuePairs = count;
    return this;
  }

  /** {@return queue pairs of one connection} */
  public int queuePairs() {
    return queuePairs;
  }

  /**
   * Sets how many requests of a queue pair are in flight.
   *
   * @param requests 4 to 4096
   * @return this
   */
  public VerbsOptions sendDepth(int requests) {
    sendDepth = requests;
    return this;
  }

  /** {@return requests of a queue pair in flight} */
  public int sendDepth() {
    return sendDepth;
  }

  /**
   * Sets how many bytes one request moves at most.
   *
   * @param bytes 4 KiB to 1 GiB
   * @return this
   */
  public VerbsOptions pieceBytes(long bytes) {
    pieceBytes = bytes;
    return this;
  }

  /** {@return bytes that one request moves at most} */
  public long pieceBytes() {
    return pieceBytes;
  }

  /**
   * Sets how long the device waits for an acknowledgement before it sends again.
   *
   * @param exponent n of 4.096 us * 2^n
   * @return this
   */
  public VerbsOptions ackTimeout(int exponent) {
    ackTimeout = exponent;
    return this;
  }

  /** {@return n of 4.096 us * 2^n} */
  public int ackTimeout() {
    return ackTimeout;
  }

  /**
   * Sets how often the device sends again.
   *
   * @param count 0 to 6
   * @return this
   */
  public VerbsOptions retryCount(int count) {
    retryCount = count;
    return this;
  }

  /** {@return how often the device sends again} */
  public int retryCount() {
    return retryCount;
  }

  /**
   * Sets how many reads and atomics of a queue pair are in flight; the device and the peer may
   * lower it.
   *
   * @param count 1 to 255
   * @return this
   */
  public VerbsOptions readDepth(int count) {
    readDepth = count;
    return this;
  }

  /** {@return reads and atomics of a queue pair in flight} */
  public int readDepth() {
    return readDepth;
  }

  /**
   * Sets whether fourth planes have memory from the start. They are needed where other ranks of
   * this host write by load and store, since those cannot be cut off.
   *
   * @param reserve whether to
   * @return this
   */
  public VerbsOptions reserveFourthPlane(boolean reserve) {
    reserveFourthPlane = reserve;
    return this;
  }

  /** {@return whether fourth planes have memory from the start} */
  public boolean reserveFourthPlane() {
    return reserveFourthPlane;
  }

  /**
   * How long a device tries before it gives a request up.
   *
   * @return nanoseconds, by InfiniBand's rule that it may take four times the timeout
   */
  public long deviceLimitNs() {
    return (ACK_UNIT_NS << ackTimeout) * (retryCount + 1);
  }

  /**
   * How long a connection may make no progress with requests in flight before it is taken for
   * broken.
   *
   * @return nanoseconds, beyond what the device itself needs to notice
   */
  public long progressLimitNs() {
    return 4 * deviceLimitNs() + MARGIN_NS;
  }

  @Override
  public String toString() {
    return ("verbs: port %d, GID index %d, P_Key index %d, service level %d, traffic class %d, %d"
            + " queue pairs per peer, %d requests each, %d reads and atomics each, pieces of %d"
            + " bytes, ack timeout %.1f ms x %d tries (a dead link is noticed by the device after"
            + " %d ms, by the engine after %d ms at most)%s")
        .formatted(
            port,
            gidIndex,
            pkeyIndex,
            serviceLevel,
            trafficClass,
            queuePairs,
            sendDepth,
            readDepth,
            pieceBytes,
            (ACK_UNIT_NS << ackTimeout) / 1e6,
            retryCount + 1,
            deviceLimitNs() / 1_000_000,
            progressLimitNs() / 1_000_000,
            reserveFourthPlane ? ", fourth planes registered" : "");
  }
}
