package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.fabric.LinkPace;
import dev.starling.engine.topology.Topology;

/**
 * The part of a job's options that says who averages with whom, how often, and how long anyone may
 * hold a lock. Its options are set and read as those of {@link JobContext}.
 */
public abstract sealed class PairingOptions permits RecordingOptions {
  /** Default of {@link #holdLimitNs()}. */
  public static final long HOLD_LIMIT_NS_DEFAULT = 1_000_000_000L;

  /** Default of {@link #partnerAttempts()}. */
  public static final int PARTNER_ATTEMPTS_DEFAULT = 3;

  /** Default of {@link #minBackoffNs()}. */
  public static final long MIN_BACKOFF_NS_DEFAULT = 20_000;

  /** Default of {@link #maxBackoffNs()}. */
  public static final long MAX_BACKOFF_NS_DEFAULT = 1_000_000;

  /** Default of {@link #stripesInFlight()}. */
  public static final int STRIPES_IN_FLIGHT_DEFAULT = 4;

  /** Default of {@link #maxUnmetRounds()}. */
  public static final int MAX_UNMET_ROUNDS_DEFAULT = 4;

  /** Default of {@link #peerCheckNs()}. */
  public static final long PEER_CHECK_NS_DEFAULT = 50_000_000L;

  /** Default of {@link #deviceGraceNs()}. */
  public static final long DEVICE_GRACE_NS_DEFAULT = 1_000_000_000L;

  /** Default of {@link #peerTimeoutNs()}. */
  public static final long PEER_TIMEOUT_NS_DEFAULT = 600_000_000_000L;

  private Algorithm algorithm = Algorithm.AD_PSGD;
  private long peerTimeoutNs = PEER_TIMEOUT_NS_DEFAULT;
  private long holdLimitNs = HOLD_LIMIT_NS_DEFAULT;
  private long deviceGraceNs = DEVICE_GRACE_NS_DEFAULT;
  private int partnerAttempts = PARTNER_ATTEMPTS_DEFAULT;
  private long minBackoffNs = MIN_BACKOFF_NS_DEFAULT;
  private long maxBackoffNs = MAX_BACKOFF_NS_DEFAULT;
  private int stripesInFlight = STRIPES_IN_FLIGHT_DEFAULT;
  private int maxUnmetRounds = MAX_UNMET_ROUNDS_DEFAULT;
  private long peerCheckNs = PEER_CHECK_NS_DEFAULT;
  private PeerListener peerListener = PeerListener.NONE;
  private Topology.Kind topologyKind = Topology.Kind.COMPLETE;
  private Topology topology;
  private PartnerPolicy.Kind partner = PartnerPolicy.Kind.HYBRID;
  private LinkPace link;

  PairingOptions() {}

  /** {@return the whole context, so that options can be set one after the other} */
  abstract JobContext self();

  /** Fails when the options are fixed already. */
  abstract void requireOpen();

  /** Checks every option against its range. */
  final void requireRanges() {
    ConfigurationException.requireRange(
        "hold limit in ns", holdLimitNs, 1_000_000, 3_600_000_000_000L);
    ConfigurationException.requireRange(
        "grace of dead devices in ns", deviceGraceNs, 0, 3_600_000_000_000L);
    ConfigurationException.requireRange(
        "longest wait for peers in ns", peerTimeoutNs, 1_000_000, 86_400_000_000_000L);
    ConfigurationException.requireRange("partner attempts", partnerAttempts, 0, 1000);
    ConfigurationException.requireRange("smallest back-off in ns", minBackoffNs, 1, 1_000_000_000L);
    ConfigurationException.requireRange(
        "largest back-off in ns", maxBackoffNs, minBackoffNs, 10_000_000_000L);
    ConfigurationException.requireRange("stripes in flight", stripesInFlight, 1, 1024);
    ConfigurationException.requireRange("unmet rounds", maxUnmetRounds, 1, 1_000_000);
    ConfigurationException.requireRange(
        "peer check interval in ns", peerCheckNs, 1_000, 60_000_000_000L);
  }

  /** Builds the graph of a kind, or checks the one that was given. */
  final void concludeTopology(int workers) {
    if (topology == null) {
      topology = Topology.of(topologyKind, workers);
    } else if (topology.workers() != workers) {
      throw new ConfigurationException(
          "the topology has "
              + topology.workers()
              + " workers but the job has "
              + workers
              + ": make both the same");
    }
  }

  /** {@return every option of this part with its value and unit} */
  final String describePairing() {
    return "algorithm="
        + algorithm
        + (algorithm.needsEveryWorker() ? ", longest wait for peers=" + peerTimeoutNs + " ns" : "")
        + ", topology="
        + (topology == null ? topologyKind.optionName() : topology.name())
        + ", partner="
        + partner
        + ", partner attempts="
        + partnerAttempts
        + ", unmet rounds="
        + maxUnmetRounds
        + ", back-off="
        + minBackoffNs
        + ".."
        + maxBackoffNs
        + " ns, hold limit="
        + holdLimitNs
        + " ns, grace of dead devices="
        + deviceGraceNs
        + " ns, peer check="
        + peerCheckNs
        + " ns, stripes in flight="
        + stripesInFlight
        + (link == null ? "" : ", emulated links=" + link);
  }

  /**
   * Sets the speed of emulated links between the workers of a {@link LocalJob}, for experiments:
   * exchanges then read, write and swap as over a network of that speed. Default null: none, the
   * workers average by load and store.
   *
   * @param value the speed, or null
   * @return this
   */
  public JobContext link(LinkPace value) {
    requireOpen();
    link = value;
    return self();
  }

  /**
   * Returns the speed of emulated links.
   *
   * @return the speed, or null for none
   */
  public LinkPace link() {
    return link;
  }

  /**
   * Sets how the workers come to one model. Default {@link Algorithm#AD_PSGD}; the others are there
   * to be compared with: they need every worker, and keep no log.
   *
   * @param value the algorithm
   * @return this
   */
  public JobContext algorithm(Algorithm value) {
    requireOpen();
    algorithm = value;
    return self();
  }

  /**
   * Returns how the workers come to one model.
   *
   * @return the algorithm
   */
  public Algorithm algorithm() {
    return algorithm;
  }

  /**
   * Sets how long a worker waits for others where the algorithm needs every worker: for its round,
   * or for a lock at a shard's home. Then the job ends. Default {@link #PEER_TIMEOUT_NS_DEFAULT};
   * without effect on AD-PSGD, which waits for nobody.
   *
   * @param value nanoseconds, from 1 ms
   * @return this
   */
  public JobContext peerTimeoutNs(long value) {
    requireOpen();
    peerTimeoutNs = value;
    return self();
  }

  /**
   * Returns how long a worker waits for others where the algorithm needs every worker.
   *
   * @return nanoseconds
   */
  public long peerTimeoutNs() {
    return peerTimeoutNs;
  }

  /**
   * Sets how long a peer may hold a stripe before its home breaks the lock. Default {@link
   * #HOLD_LIMIT_NS_DEFAULT}.
   *
   * @param value nanoseconds, from 1 ms
   * @return this
   */
  public JobContext holdLimitNs(long value) {
    requireOpen();
    holdLimitNs = value;
    return self();
  }

  /**
   * Sets how long a lock of a dead peer is kept where kernels run on devices: a process that is
   * killed loses its locks before its driver has ended what its device was doing, which may still
   * write the plane that was its target. Default {@link #DEVICE_GRACE_NS_DEFAULT}; without effect
   * where the processors compute.
   *
   * @param value nanoseconds, from 0
   * @return this
   */
  public JobContext deviceGraceNs(long value) {
    requireOpen();
    deviceGraceNs = value;
    return self();
  }

  /**
   * Returns how long a lock of a dead peer is kept where kernels run on devices.
   *
   * @return nanoseconds
   */
  public long deviceGraceNs() {
    return deviceGraceNs;
  }

  /**
   * Returns how long a peer may hold a stripe.
   *
   * @return nanoseconds
   */
  public long holdLimitNs() {
    return holdLimitNs;
  }

  /**
   * Sets how many partners are tried before an update is applied alone. Default {@link
   * #PARTNER_ATTEMPTS_DEFAULT}.
   *
   * @param value attempts; 0 switches exchanges off
   * @return this
   */
  public JobContext partnerAttempts(int value) {
    requireOpen();
    partnerAttempts = value;
    return self();
  }

  /**
   * Returns how many partners are tried.
   *
   * @return attempts
   */
  public int partnerAttempts() {
    return partnerAttempts;
  }

  /**
   * Sets the range of the truncated exponential back-off between attempts.
   *
   * @param minNs the first one in nanoseconds, default {@link #MIN_BACKOFF_NS_DEFAULT}
   * @param maxNs the largest one in nanoseconds, default {@link #MAX_BACKOFF_NS_DEFAULT}
   * @return this
   */
  public JobContext backoffNs(long minNs, long maxNs) {
    requireOpen();
    minBackoffNs = minNs;
    maxBackoffNs = maxNs;
    return self();
  }

  /**
   * Returns the first back-off.
   *
   * @return nanoseconds
   */
  public long minBackoffNs() {
    return minBackoffNs;
  }

  /**
   * Returns the largest back-off.
   *
   * @return nanoseconds
   */
  public long maxBackoffNs() {
    return maxBackoffNs;
  }

  /**
   * Sets the graph. Default {@link Topology.Kind#COMPLETE}.
   *
   * @param value the kind
   * @return this
   */
  public JobContext topology(Topology.Kind value) {
    requireOpen();
    topologyKind = value;
    topology = null;
    return self();
  }

  /**
   * Sets a graph of one's own, or one that needs more than a kind.
   *
   * @param value the graph, of as many workers as the job has
   * @return this
   */
  public JobContext topology(Topology value) {
    requireOpen();
    topology = value;
    return self();
  }

  /**
   * Returns the graph, once concluded.
   *
   * @return the graph
   */
  public Topology topology() {
    return topology;
  }

  /**
   * Sets how many stripes of one update are under way at once, each with another partner. Default
   * {@link #STRIPES_IN_FLIGHT_DEFAULT}, range 1 to 1024; never more than a worker has neighbours.
   *
   * @param value stripes
   * @return this
   */
  public JobContext stripesInFlight(int value) {
    requireOpen();
    stripesInFlight = value;
    return self();
  }

  /**
   * Returns how many stripes of one update are under way at once.
   *
   * @return stripes
   */
  public int stripesInFlight() {
    return stripesInFlight;
  }

  /**
   * Sets after how many rounds of meetings without it a neighbour is tried ahead of all others; a
   * round is as many meetings as there are neighbours. Default {@link #MAX_UNMET_ROUNDS_DEFAULT}.
   *
   * @param value rounds, from 1
   * @return this
   */
  public JobContext maxUnmetRounds(int value) {
    requireOpen();
    maxUnmetRounds = value;
    return self();
  }

  /**
   * Returns after how many rounds an unmet neighbour is tried first.
   *
   * @return rounds
   */
  public int maxUnmetRounds() {
    return maxUnmetRounds;
  }

  /**
   * Sets how often every neighbour is looked at for death, departure and return. Default {@link
   * #PEER_CHECK_NS_DEFAULT}. A death is noticed after at most this time, and before every use.
   *
   * @param value nanoseconds, from 1 us
   * @return this
   */
  public JobContext peerCheckNs(long value) {
    requireOpen();
    peerCheckNs = value;
    return self();
  }

  /**
   * Returns how often every neighbour is looked at.
   *
   * @return nanoseconds
   */
  public long peerCheckNs() {
    return peerCheckNs;
  }

  /**
   * Sets who is told of neighbours that come and go. Default nobody.
   *
   * @param value the listener, called by every agent
   * @return this
   */
  public JobContext peerListener(PeerListener value) {
    requireOpen();
    peerListener = value;
    return self();
  }

  /**
   * Returns who is told of neighbours that come and go.
   *
   * @return the listener
   */
  public PeerListener peerListener() {
    return peerListener;
  }

  /**
   * Sets how partners are chosen. Default {@link PartnerPolicy.Kind#HYBRID}.
   *
   * @param value the kind
   * @return this
   */
  public JobContext partner(PartnerPolicy.Kind value) {
    requireOpen();
    partner = value;
    return self();
  }

  /**
   * Returns how partners are chosen.
   *
   * @return the kind
   */
  public PartnerPolicy.Kind partner() {
    return partner;
  }
}
