package dev.starling.engine.worker;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.kernel.KernelsFactory;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RunText;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.replica.ReplicaLayout;
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
public final class JobContext extends RecordingOptions {
  /** Default of {@link #stripeBytes()}. */
  public static final long STRIPE_BYTES_DEFAULT = ReplicaLayout.DEFAULT_STRIPE_BYTES;

  /** Default of {@link #chunkBytes()}. */
  public static final long CHUNK_BYTES_DEFAULT = 1L << 20;

  /** Default of {@link #mergeLimit()}. */
  public static final int MERGE_LIMIT_DEFAULT = 4;

  private static final int ROUND_YIELDS = 200;

  private int workers = 1;
  private long parameterCount;
  private long[] stripeParameters;
  private long stripeBytes = STRIPE_BYTES_DEFAULT;
  private long chunkBytes = CHUNK_BYTES_DEFAULT;
  private long maxStaleness;
  private LateGradients lateGradients = LateGradients.DROP;
  private int mergeLimit = MERGE_LIMIT_DEFAULT;
  private double maxGradientNorm;
  private IntFunction<CpuSet> agentCpus = rank -> CpuSet.NONE;
  private OptimizerFactory optimizer = parameters -> new Sgd(0f, 0f, parameters);
  private Schedule schedule = new Schedule.Constant(0.1f);
  private long seed = 1;
  private boolean lockMemory;
  private Path directory = ShmFabric.DEFAULT_DIRECTORY;
  private KernelsFactory kernels = KernelsFactory.of(CpuKernels::new);
  private String kernelsDescription = "not concluded";
  private NanoClock clock = SystemNanoClock.INSTANCE;
  private Supplier<IdleStrategy> idleStrategy;
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
    requireRanges();
    ConfigurationException.requireRange("largest staleness", maxStaleness, 0, 1L << 40);
    ConfigurationException.requireRange("merge limit", mergeLimit, 0, Integer.MAX_VALUE);
    ConfigurationException.requireRange("largest gradient norm", maxGradientNorm, 0, 1e30);
    requireFit();
    if (idleStrategy == null) {
      // In a round many short waits follow each other, for peers that compute at that moment.
      int yields = algorithm().isSynchronous() ? ROUND_YIELDS : 0;
      idleStrategy = () -> new BackoffIdleStrategy(10, yields, 20_000, 500_000);
    }
    layout =
        stripeParameters == null
            ? AlgorithmLayout.of(algorithm(), workers, parameterCount, stripeBytes)
            : AlgorithmLayout.ofStripes(algorithm(), workers, stripeParameters);
    concludeTopology(workers);
    kernelsDescription = kernels.description(0);
    concluded = true;
    return this;
  }

  /**
   * Replay knows the exchanges of AD-PSGD only; a home tells its version when it has the update.
   */
  private void requireFit() {
    if (algorithm() == Algorithm.A_PSGD && maxStaleness > 0) {
      throw new ConfigurationException(
          ("largest staleness=%d: the algorithm %s knows how stale a gradient is only after"
                  + " it was applied, so leave maxStaleness out, or use ad-psgd")
              .formatted(maxStaleness, algorithm()));
    }
    if (algorithm() != Algorithm.AD_PSGD && (isRecorded() || firstIncarnation() > 0)) {
      throw new ConfigurationException(
          ("the algorithm %s keeps no log and resumes nothing: use ad-psgd, or leave out "
                  + "the journal and the restoration")
              .formatted(algorithm()));
    }
  }

  @Override
  JobContext self() {
    return this;
  }

  @Override
  void requireOpen() {
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
   * Bounds the staleness of gradients. Default 0: no bound.
   *
   * @param versions how many versions of the first stripe may have been published between reading
   *     the parameters and applying the gradient; 0 for any number
   * @param late what becomes of a gradient that is more stale
   * @return this
   */
  public JobContext maxStaleness(long versions, LateGradients late) {
    requireOpen();
    maxStaleness = versions;
    lateGradients = late;
    return this;
  }

  /**
   * Returns the bound on staleness.
   *
   * @return versions, 0 for none
   */
  public long maxStaleness() {
    return maxStaleness;
  }

  /**
   * Returns what becomes of gradients beyond the bound.
   *
   * @return the rule
   */
  public LateGradients lateGradients() {
    return lateGradients;
  }

  /**
   * Sets how many gradients' worth one update may be. Gradients that the agent has not taken yet
   * are added up, all computed on nearly the same parameters; where the agent is starved of
   * processor time dozens come together, and their sum is a step so long that training diverges. A
   * sum of {@code k} above the limit {@code m} is scaled by {@code m / k}. Optimizers that divide
   * by the count, such as AdamW, need no limit and ignore it. Default {@link #MERGE_LIMIT_DEFAULT}.
   *
   * @param value gradients, 0 for no limit
   * @return this
   */
  public JobContext mergeLimit(int value) {
    requireOpen();
    mergeLimit = value;
    return this;
  }

  /**
   * Returns how many gradients' worth one update may be.
   *
   * @return gradients, 0 for no limit
   */
  public int mergeLimit() {
    return mergeLimit;
  }

  /**
   * Sets the largest Euclidean norm of a gradient; a longer one is scaled down to it at submission,
   * before L2 decay is added. Default 0: no limit.
   *
   * @param value the norm, 0 for no limit
   * @return this
   */
  public JobContext maxGradientNorm(double value) {
    requireOpen();
    maxGradientNorm = value;
    return this;
  }

  /**
   * Returns the largest norm of a gradient.
   *
   * @return the norm, 0 for no limit
   */
  public double maxGradientNorm() {
    return maxGradientNorm;
  }

  /**
   * Sets on which processors the communication agents run. Default anywhere.
   *
   * @param value the processors of each rank's agent
   * @return this
   */
  public JobContext agentCpus(IntFunction<CpuSet> value) {
    requireOpen();
    agentCpus = value;
    return this;
  }

  /**
   * Returns on which processors the communication agents run.
   *
   * @return the processors of each rank's agent
   */
  public IntFunction<CpuSet> agentCpus() {
    return agentCpus;
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
   * Sets who computes updates and averages. Default the CPU. A factory that shares devices out
   * among the workers of a host is told which rank is which there: {@link
   * KernelsFactory#byLocalRank}.
   *
   * @param value opens the kernels of each worker's agent, which the worker closes
   * @return this
   */
  public JobContext kernels(KernelsFactory value) {
    requireOpen();
    kernels = value;
    return this;
  }

  /**
   * Sets who computes updates and averages, where that is the same for every rank and cheap to
   * open.
   *
   * @param value opens the kernels of each worker's agent, which the worker closes
   * @return this
   */
  public JobContext kernels(Supplier<Kernels> value) {
    return kernels(KernelsFactory.of(value));
  }

  /**
   * Returns who computes.
   *
   * @return opens the kernels of each worker's agent
   */
  public KernelsFactory kernels() {
    return kernels;
  }

  /**
   * Describes the job for the RUN record of a worker's log.
   *
   * @param rank the worker
   * @param incarnation its incarnation
   * @return everything that replay needs; add what else a reader may want to know
   */
  public RunText runText(int rank, int incarnation) {
    String optimizerText;
    try (Optimizer one = optimizer.create(1)) {
      optimizerText = one.specification();
    }
    return new RunText()
        .put(RunText.FORMAT, LogRecord.FORMAT)
        .put(RunText.RANK, rank)
        .put(RunText.INCARNATION, incarnation)
        .layout(layout)
        .put(RunText.OPTIMIZER, optimizerText)
        .put(RunText.PAYLOAD, gradientPayload())
        .put("schedule", schedule)
        .put("seed", seed)
        .put("pairing", describePairing());
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
   * Sets how an agent waits when it has nothing to do. Default a back-off from spinning, and in
   * algorithms with rounds yielding, to parking 0.5 ms.
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
        + ", "
        + describePairing()
        + ", largest staleness="
        + (maxStaleness == 0 ? "any" : maxStaleness + " versions, then " + lateGradients)
        + ", merge limit="
        + (mergeLimit == 0 ? "none" : mergeLimit)
        + ", largest gradient norm="
        + (maxGradientNorm == 0 ? "any" : maxGradientNorm)
        + ", gradients kept as="
        + gradientPayload()
        + ", schedule="
        + schedule
        + ", seed="
        + seed
        + ", agent of rank 0 on processors="
        + agentCpus.apply(0)
        + ", memory locked="
        + lockMemory
        + ", directory="
        + directory
        + ", kernels="
        + kernelsDescription;
  }
}
