package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import java.nio.file.Path;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * The options of a job. Set what differs from the defaults, then {@link LocalJob#launch} concludes
 * it; after that it is read-only. {@link #toString()} prints every option with its value and unit.
 *
 * <p>Belongs to the thread that sets the job up.
 */
public final class JobContext {
  /** Default of {@link #stripeBytes()}. */
  public static final long STRIPE_BYTES_DEFAULT = ReplicaLayout.DEFAULT_STRIPE_BYTES;

  /** Default of {@link #chunkBytes()}. */
  public static final long CHUNK_BYTES_DEFAULT = 1L << 20;

  /** Default of {@link #holdLimitNs()}. */
  public static final long HOLD_LIMIT_NS_DEFAULT = 1_000_000_000L;

  /** Default of {@link #partnerAttempts()}. */
  public static final int PARTNER_ATTEMPTS_DEFAULT = 3;

  /** Default of {@link #minBackoffNs()}. */
  public static final long MIN_BACKOFF_NS_DEFAULT = 20_000;

  /** Default of {@link #maxBackoffNs()}. */
  public static final long MAX_BACKOFF_NS_DEFAULT = 1_000_000;

  private int workers = 1;
  private long parameterCount;
  private long[] stripeParameters;
  private long stripeBytes = STRIPE_BYTES_DEFAULT;
  private long chunkBytes = CHUNK_BYTES_DEFAULT;
  private long holdLimitNs = HOLD_LIMIT_NS_DEFAULT;
  private int partnerAttempts = PARTNER_ATTEMPTS_DEFAULT;
  private long minBackoffNs = MIN_BACKOFF_NS_DEFAULT;
  private long maxBackoffNs = MAX_BACKOFF_NS_DEFAULT;
  private Topology.Kind topology = Topology.Kind.COMPLETE;
  private PartnerPolicy.Kind partner = PartnerPolicy.Kind.HYBRID;
  private OptimizerFactory optimizer = parameters -> new Sgd(0f, 0f, parameters);
  private Schedule schedule = new Schedule.Constant(0.1f);
  private long seed = 1;
  private boolean lockMemory;
  private Path directory = ShmFabric.DEFAULT_DIRECTORY;
  private Kernels kernels = new CpuKernels();
  private IntFunction<Journal> journal = rank -> Journal.NONE;
  private NanoClock clock = SystemNanoClock.INSTANCE;
  private Supplier<IdleStrategy> idleStrategy =
      () -> new BackoffIdleStrategy(10, 0, 20_000, 500_000);
  private ReplicaLayout layout;
  private boolean concluded;

  /**
   * Creates a context with every option at its default; {@link #parameterCount(long)} has none and
   * must be set.
   */
  public JobContext() {}

  /**
   * Checks every option against its range and fixes them.
   *
   * @return this
   * @throws ConfigurationException names the option, its value and its range
   */
  public JobContext conclude() {
    requireOpen();
    ConfigurationException.requireRange("chunk length in bytes", chunkBytes, 64, 1L << 30);
    if (chunkBytes % 64 != 0) {
      throw new ConfigurationException(
          "chunk length in bytes=" + chunkBytes + " must be a multiple of 64");
    }
    ConfigurationException.requireRange(
        "hold limit in ns", holdLimitNs, 1_000_000, 3_600_000_000_000L);
    ConfigurationException.requireRange("partner attempts", partnerAttempts, 0, 1000);
    ConfigurationException.requireRange("smallest back-off in ns", minBackoffNs, 1, 1_000_000_000L);
    ConfigurationException.requireRange(
        "largest back-off in ns", maxBackoffNs, minBackoffNs, 10_000_000_000L);
    layout =
        stripeParameters == null
            ? ReplicaLayout.of(workers, parameterCount, stripeBytes)
            : ReplicaLayout.ofStripes(workers, stripeParameters);
    concluded = true;
    return this;
  }

  private void requireOpen() {
    if (concluded) {
      throw new IllegalStateException(
          "the context belongs to a job already: make a new one for each job");
    }
  }

  /**
   * Sets the number of workers. Default 1, range 1 to 65534.
   *
   * @param value workers
   * @return this
   */
  public JobContext workers(int value) {
    requireOpen();
    workers = value;
    return this;
  }

  /**
   * Returns the number of workers.
   *
   * @return workers
   */
  public int workers() {
    return workers;
  }

  /**
   * Sets the length of the model. No default.
   *
   * @param value float32 parameters
   * @return this
   */
  public JobContext parameterCount(long value) {
    requireOpen();
    parameterCount = value;
    return this;
  }

  /**
   * Sets the length of a stripe. Default {@link #STRIPE_BYTES_DEFAULT}; a smaller model has one
   * stripe.
   *
   * @param value bytes
   * @return this
   */
  public JobContext stripeBytes(long value) {
    requireOpen();
    stripeBytes = value;
    return this;
  }

  /**
   * Returns the length of a stripe.
   *
   * @return bytes
   */
  public long stripeBytes() {
    return stripeBytes;
  }

  /**
   * Sets stripes of different lengths, for instance one per layer, in place of {@link
   * #parameterCount(long)} and {@link #stripeBytes(long)}.
   *
   * @param parameters parameters of each stripe
   * @return this
   */
  public JobContext stripes(long... parameters) {
    requireOpen();
    stripeParameters = parameters.clone();
    return this;
  }

  /**
   * Sets how much of a stripe one duty cycle combines. Default {@link #CHUNK_BYTES_DEFAULT}, a
   * multiple of 64.
   *
   * @param value bytes
   * @return this
   */
  public JobContext chunkBytes(long value) {
    requireOpen();
    chunkBytes = value;
    return this;
  }

  /**
   * Returns how much of a stripe one duty cycle combines.
   *
   * @return bytes
   */
  public long chunkBytes() {
    return chunkBytes;
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
    return this;
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
    return this;
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
    return this;
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
    topology = value;
    return this;
  }

  /**
   * Returns the graph.
   *
   * @return the kind
   */
  public Topology.Kind topology() {
    return topology;
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
    return this;
  }

  /**
   * Returns how partners are chosen.
   *
   * @return the kind
   */
  public PartnerPolicy.Kind partner() {
    return partner;
  }

  /**
   * Sets what turns gradients into updates. Default plain SGD.
   *
   * @param value creates each worker's optimizer
   * @return this
   */
  public JobContext optimizer(OptimizerFactory value) {
    requireOpen();
    optimizer = value;
    return this;
  }

  /**
   * Returns what turns gradients into updates.
   *
   * @return the factory
   */
  public OptimizerFactory optimizer() {
    return optimizer;
  }

  /**
   * Sets the learning rate. Default constant 0.1.
   *
   * @param value the schedule
   * @return this
   */
  public JobContext schedule(Schedule value) {
    requireOpen();
    schedule = value;
    return this;
  }

  /**
   * Returns the learning rate's schedule.
   *
   * @return the schedule
   */
  public Schedule schedule() {
    return schedule;
  }

  /**
   * Sets the seed of partner choice and back-off. Default 1.
   *
   * @param value any number
   * @return this
   */
  public JobContext seed(long value) {
    requireOpen();
    seed = value;
    return this;
  }

  /**
   * Returns the seed.
   *
   * @return any number
   */
  public long seed() {
    return seed;
  }

  /**
   * Sets whether replicas are locked into RAM with mlock(2). Default false.
   *
   * @param value whether to lock
   * @return this
   */
  public JobContext lockMemory(boolean value) {
    requireOpen();
    lockMemory = value;
    return this;
  }

  /**
   * Returns whether replicas are locked into RAM.
   *
   * @return whether to lock
   */
  public boolean lockMemory() {
    return lockMemory;
  }

  /**
   * Sets where shared-memory regions lie. Default {@link ShmFabric#DEFAULT_DIRECTORY}.
   *
   * @param value a directory on a memory file system
   * @return this
   */
  public JobContext directory(Path value) {
    requireOpen();
    directory = value;
    return this;
  }

  /**
   * Returns where shared-memory regions lie.
   *
   * @return the directory
   */
  public Path directory() {
    return directory;
  }

  /**
   * Sets who computes updates and averages. Default the CPU.
   *
   * @param value the kernels, shared by all agents, not closed by the job
   * @return this
   */
  public JobContext kernels(Kernels value) {
    requireOpen();
    kernels = value;
    return this;
  }

  /**
   * Returns who computes.
   *
   * @return the kernels
   */
  public Kernels kernels() {
    return kernels;
  }

  /**
   * Sets who is told every event of a replica. Default nobody.
   *
   * @param value the journal of each rank
   * @return this
   */
  public JobContext journal(IntFunction<Journal> value) {
    requireOpen();
    journal = value;
    return this;
  }

  /**
   * Returns the journal of each rank.
   *
   * @return the factory
   */
  public IntFunction<Journal> journal() {
    return journal;
  }

  /**
   * Sets the clock. Default the system's; the simulator has its own.
   *
   * @param value the clock
   * @return this
   */
  public JobContext clock(NanoClock value) {
    requireOpen();
    clock = value;
    return this;
  }

  /**
   * Returns the clock.
   *
   * @return the clock
   */
  public NanoClock clock() {
    return clock;
  }

  /**
   * Sets how an agent waits when it has nothing to do. Default a back-off from spinning to parking
   * 0.5 ms.
   *
   * @param value creates each agent's strategy
   * @return this
   */
  public JobContext idleStrategy(Supplier<IdleStrategy> value) {
    requireOpen();
    idleStrategy = value;
    return this;
  }

  /**
   * Returns how an agent waits.
   *
   * @return the factory
   */
  public Supplier<IdleStrategy> idleStrategy() {
    return idleStrategy;
  }

  /**
   * Returns the layout of every replica, once concluded.
   *
   * @return the layout
   */
  public ReplicaLayout layout() {
    return layout;
  }

  @Override
  public String toString() {
    return "workers="
        + workers
        + ", parameters="
        + (layout == null ? parameterCount : layout.parameterCount())
        + ", stripe="
        + stripeBytes
        + " B"
        + ", chunk="
        + chunkBytes
        + " B"
        + ", topology="
        + topology.optionName()
        + ", partner="
        + partner
        + ", partner attempts="
        + partnerAttempts
        + ", back-off="
        + minBackoffNs
        + ".."
        + maxBackoffNs
        + " ns"
        + ", hold limit="
        + holdLimitNs
        + " ns"
        + ", schedule="
        + schedule
        + ", seed="
        + seed
        + ", memory locked="
        + lockMemory
        + ", directory="
        + directory
        + ", kernels="
        + kernels.description();
  }
}
