package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.Combine;
import dev.starling.engine.exchange.ExchangeMachine;
import dev.starling.engine.exchange.LockGuard;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.exchange.SoloCombine;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.Origin;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.metrics.PairingTable;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * One worker: its replica, its communication agent, and the compute thread's side of both.
 *
 * <p>{@link #snapshot()}, {@link #gradient()} and {@link #submit()} belong to one compute thread
 * and never wait for a peer or for the agent, except that {@link #snapshot()} waits for the round
 * where the {@link Algorithm} is synchronous. Counters may be read from any thread.
 */
public final class Worker implements AutoCloseable {
  /** The name of what rounding has cut off, among the state of a checkpoint. */
  public static final String RESIDUAL = "residual";

  private static final long CHECKPOINT_POLL_NS = 200_000;

  /** What a worker is made of, in the order in which it is opened; closed in reverse. */
  static final class Parts {
    Replica replica;
    Kernels kernels;
    Neighbourhood neighbours;
    PartnerPolicy policy;
    PairingTable pairings;
    LockGuard guard;
    GradientMailbox mailbox;
    MemorySegment gradientCopy;
    Rounds rounds;
    RoundGate gate;
    Optimizer optimizer;
    GradientRounding rounding;
    CheckpointTaker checkpoints;
    long optimizerStep;
    Counters counters;
    Journal journal;
    RandomGenerator random;
  }

  private final int rank;
  private final JobContext context;
  private final ReplicaLayout layout;
  private final Parts parts = new Parts();
  private final Counters counters;
  private final GradientMailbox mailbox;
  private final Snapshot snapshot;
  private final GradientIntake intake;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private CommunicationAgent agent;
  private CheckpointCopy checkpoint;
  private Origin origin;
  private long submissions;
  private volatile Thread agentThread;
  private volatile Throwable failure;

  /**
   * Creates a worker around a replica that peers do not see yet. {@link LocalJob} does this for the
   * workers of one process; others who bring their own fabric, as the simulator does, do it here.
   *
   * @param context the job's options, concluded
   * @param replica the replica, which the worker closes
   */
  public Worker(JobContext context, Replica replica) {
    this.context = context;
    this.layout = replica.layout();
    this.rank = replica.rank();
    opened.add(replica);
    try {
      parts.replica = replica;
      parts.journal = context.journal().open(rank, replica.incarnation());
      opened.add(parts.journal);
      parts.random = new SplittableRandom(context.seed() * 0x9e3779b97f4a7c15L + rank);
      counters = new Counters(replica.segment(), ReplicaLayout.COUNTERS_OFFSET);
      parts.counters = counters;
      parts.pairings = new PairingTable(replica.segment(), layout.pairingsOffset());
      mailbox =
          layout.sharesGradients()
              ? new GradientMailbox(replica.segment(), layout)
              : new GradientMailbox(layout.parameterCount());
      opened.add(mailbox);
      parts.mailbox = mailbox;
      parts.optimizer = context.optimizer().create(layout.parameterCount());
      opened.add(parts.optimizer);
      parts.rounding = new GradientRounding(context.gradientPayload(), layout.parameterCount());
      opened.add(parts.rounding);
      parts.kernels = context.kernels().open(rank);
      opened.add(parts.kernels);
      registerMemory();
      intake = new GradientIntake(layout, context, parts.optimizer.l2Decay(), counters);
      snapshot = new Snapshot(replica);
    } catch (Throwable failed) {
      closeOpened(failed);
      throw failed;
    }
  }

  /** Makes known to a device what the agent computes on, except what comes from peers. */
  private void registerMemory() {
    if (!parts.kernels.needsRegistration()) {
      return;
    }
    // A device pins every page of the region, so that all planes need their space now.
    parts.replica.reserveFourthPlanes();
    register("the replica", parts.replica.segment());
    if (mailbox.memory() != null) {
      register("the gradient buffers", mailbox.memory());
    }
    MemorySegment state = parts.optimizer.stateMemory();
    if (state != null) {
      register("the optimizer's state", state);
    }
  }

  private void register(String what, MemorySegment memory) {
    opened.add(parts.kernels.register(what + " of rank " + rank, memory));
  }

  /**
   * Connects to the neighbours that have joined and to the worker's own replica, and makes the
   * agent, which connects to the others when they join.
   *
   * @param fabric how to reach them
   * @param members who has joined
   * @param progress how far the job is
   * @return the agent, to be run by one thread
   */
  public CommunicationAgent connect(Fabric fabric, Membership members, ProgressClock progress) {
    Algorithm algorithm = context.algorithm();
    int[] ranks = Partners.of(algorithm, rank, layout, context.topology());
    boolean initiates = algorithm == Algorithm.AD_PSGD && context.topology().initiates(rank);
    int several = Math.min(context.stripesInFlight(), layout.stripes());
    boolean exchanges = initiates || algorithm == Algorithm.A_PSGD;
    int laneCount = exchanges ? Math.max(1, Math.min(several, ranks.length)) : 1;
    // Before the connections that read into it, so that it is closed after them.
    AgentMemory memory = new AgentMemory(rank, context, parts.kernels, fabric, opened);
    MemorySegment[] staging = new MemorySegment[laneCount];
    for (int i = 0; i < laneCount; i++) {
      staging[i] = memory.staging();
    }
    parts.gradientCopy = memory.gradientCopy(parts.optimizer);
    RegionDescriptor self = members.region(rank, parts.replica.incarnation());
    parts.neighbours =
        new Neighbourhood(parts.replica, ranks, fabric, members, parts.kernels, counters, context);
    opened.add(parts.neighbours);
    int neighbours = parts.neighbours.size();
    parts.policy =
        new PartnerPolicy(
            context.partner(),
            neighbours,
            (long) context.maxUnmetRounds() * neighbours,
            parts.random);
    parts.guard =
        new LockGuard(
            parts.replica,
            connectSelf(fabric, self),
            parts.neighbours,
            new FabricFence(fabric, self),
            parts.journal,
            counters,
            context.holdLimitNs());
    SoloCombine solo = openRounds(algorithm, staging[0]);
    StripeLane[] lanes = new StripeLane[laneCount];
    for (int i = 0; i < lanes.length; i++) {
      ExchangeMachine machine =
          new ExchangeMachine(
              parts.replica,
              connectSelf(fabric, self),
              parts.kernels,
              context.chunkBytes(),
              staging[i],
              parts.journal,
              counters,
              algorithm == Algorithm.A_PSGD ? Combine.SERVE : Combine.AVERAGE,
              solo);
      lanes[i] = new StripeLane(parts, machine, context, initiates);
    }
    parts.checkpoints =
        new CheckpointTaker(
            parts.replica,
            connectSelf(fabric, self),
            parts.journal,
            stateVectors(),
            context.chunkBytes());
    parts.journal.restored(origin == null ? Origin.initial(layout.stripes()) : origin);
    agent = new CommunicationAgent(parts, context, progress, lanes);
    return agent;
  }

  /** Makes the rounds of a synchronous algorithm: what combines models in them, or null. */
  private SoloCombine openRounds(Algorithm algorithm, MemorySegment staging) {
    if (!algorithm.isSynchronous()) {
      return null;
    }
    parts.gate = new RoundGate(this, counters, context.peerTimeoutNs());
    if (algorithm == Algorithm.ALLREDUCE) {
      parts.rounds = new RingRounds(parts.replica, parts.neighbours, parts.kernels, staging);
      return null;
    }
    NeighbourRounds rounds =
        new NeighbourRounds(
            parts.replica, parts.neighbours, context.topology(), parts.kernels, staging);
    parts.rounds = rounds;
    return rounds.combine();
  }

  /**
   * Says where the replica's parameters came from, before {@link #connect}; a worker that is not
   * told begins with the job.
   *
   * @param from the origin
   * @param state the optimizer's vectors, by name, or an empty map for a fresh optimizer; {@code
   *     residual} for what rounding had cut off
   */
  public void restore(Origin from, Map<String, MemorySegment> state) {
    origin = from;
    parts.optimizerStep = from.optimizerStep();
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      parts.replica.cut(stripe, from.cut());
    }
    List<String> names = stateNames();
    for (int i = 0; i < names.size(); i++) {
      MemorySegment values = state.get(names.get(i));
      if (values != null) {
        stateVectors().get(i).copyFrom(values);
      }
    }
  }

  /** What the next update depends on besides the parameters. */
  private List<MemorySegment> stateVectors() {
    List<MemorySegment> vectors = new ArrayList<>();
    for (int i = 0; i < parts.optimizer.stateNames().size(); i++) {
      vectors.add(parts.optimizer.state(i));
    }
    if (parts.rounding.residual() != null) {
      vectors.add(parts.rounding.residual());
    }
    return vectors;
  }

  private List<String> stateNames() {
    List<String> names = new ArrayList<>(parts.optimizer.stateNames());
    if (parts.rounding.residual() != null) {
      names.add(RESIDUAL);
    }
    return names;
  }

  /**
   * Copies the worker's state for a checkpoint set, while it trains on. Any one thread at a time,
   * but not the compute thread, which nothing makes wait.
   *
   * @param set the set's number, larger than all before
   * @param timeoutNs how long to wait for the agent to be between two updates and to get its locks
   * @return the copy, valid until the next call or until the worker is closed
   * @throws StarlingException when the agent failed or did not copy in time
   */
  public CheckpointCopy checkpoint(long set, long timeoutNs) {
    long deadlineNs = System.nanoTime() + timeoutNs;
    requestCheckpoint(set);
    while (takenCheckpoint(set) == null) {
      requireHealthy();
      if (System.nanoTime() - deadlineNs > 0) {
        throw new StarlingException(
            "rank "
                + rank
                + " took no copy for checkpoint "
                + set
                + " within "
                + timeoutNs / 1_000_000
                + " ms: a peer holds its lock for long, or the machine is starved of processor"
                + " time");
      }
      LockSupport.parkNanos(CHECKPOINT_POLL_NS);
    }
    return checkpoint;
  }

  /**
   * Asks the agent to copy the worker's state for a checkpoint set, and does not wait; the copy of
   * the set before must have been taken.
   *
   * @param set the set's number, larger than all before
   */
  public void requestCheckpoint(long set) {
    if (checkpoint == null) {
      checkpoint = new CheckpointCopy(rank, parts.replica.incarnation(), layout, stateNames());
      opened.add(checkpoint);
    }
    parts.checkpoints.request(checkpoint, set);
    LockSupport.unpark(agentThread);
  }

  /**
   * Returns the copy that was asked for.
   *
   * @param set the set's number
   * @return the copy, valid until the next one is asked for; null while it is not complete
   */
  public CheckpointCopy takenCheckpoint(long set) {
    return parts.checkpoints.isTaken(set) ? checkpoint : null;
  }

  /**
   * Returns the model's shape.
   *
   * @return the parameters of each stripe
   */
  public List<Long> stripeParameters() {
    List<Long> parameters = new ArrayList<>();
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      parameters.add(layout.stripeParameters(stripe));
    }
    return parameters;
  }

  /**
   * Returns the newest checkpoint set that this worker was copied for, or began after.
   *
   * @return the set's number
   */
  public long cut() {
    return parts.replica.cut(layout.stripes() - 1);
  }

  private Remote connectSelf(Fabric fabric, RegionDescriptor self) {
    Remote remote = fabric.connect(self, layout, rank, parts.replica.incarnation());
    opened.add(remote);
    return remote;
  }

  /**
   * Pins the replica's published state for reading, without copying it. Where the algorithm is
   * synchronous it waits first, until the last gradient's round is over or none will follow, for at
   * most {@link JobContext#peerTimeoutNs()}.
   *
   * @return this worker's snapshot, open; close it before the next one
   */
  public Snapshot snapshot() {
    requireHealthy();
    if (parts.gate != null) {
      parts.gate.await();
    }
    long startNs = System.nanoTime();
    boolean waited = snapshot.open();
    counters.add(Counter.SNAPSHOTS, 1);
    counters.add(waited ? Counter.STALL_NS : Counter.SUBMIT_WORK_NS, System.nanoTime() - startNs);
    return snapshot;
  }

  /**
   * Returns the buffer for the next gradient. Its content is unspecified: write all of it. After
   * {@link #submit()} it is another buffer.
   *
   * @return float32, as long as the model
   */
  public MemorySegment gradient() {
    return mailbox.writing();
  }

  /**
   * Hands in {@link #gradient()}, computed on the open snapshot. The communication agent applies it
   * soon, in sum with others when it is behind; a synchronous algorithm takes one gradient for each
   * snapshot, and the next snapshot waits for it. A gradient that is not finite is refused and
   * counted, and so is one that is more stale than the job allows and to be dropped; the replica is
   * not touched.
   *
   * @return whether it was accepted
   * @throws IllegalStateException when no snapshot is open
   */
  public boolean submit() {
    requireHealthy();
    if (!snapshot.isOpen()) {
      throw new IllegalStateException(
          "rank "
              + rank
              + " submits without a snapshot: submit inside the block of the snapshot it was"
              + " computed on");
    }
    long startNs = System.nanoTime();
    // Fails before anything is counted.
    boolean inRound = parts.gate == null || parts.gate.submitted();
    submissions++;
    MemorySegment gradient = mailbox.writing();
    counters.add(Counter.GRADIENTS_SUBMITTED, 1);
    boolean accepted = accept(gradient, inRound);
    if (accepted) {
      // The hand-in is one swap, or one addition: neither waits, and the addition is work.
      if (mailbox.submit(snapshot.version(0))) {
        counters.add(Counter.GRADIENTS_MERGED, 1);
      }
    } else if (parts.gate != null && !parts.gate.isOver()) {
      gradient.fill((byte) 0);
      mailbox.submitNothing(snapshot.version(0));
    }
    // An idle agent sleeps for a while: waking it keeps gradients fresh, and does not wait.
    LockSupport.unpark(agentThread);
    counters.add(Counter.SUBMIT_WORK_NS, System.nanoTime() - startNs);
    return accepted;
  }

  /** Prepares a gradient that can be applied; counts one that cannot. */
  private boolean accept(MemorySegment gradient, boolean inRound) {
    if (!inRound) {
      counters.add(Counter.GRADIENTS_LATE_AT_SUBMIT, 1);
      return false;
    }
    long bad = intake.checkAndClip(gradient);
    if (bad >= 0) {
      counters.add(Counter.GRADIENTS_REFUSED, 1);
      counters.set(Counter.LAST_REFUSED_SUBMISSION, submissions);
      counters.set(Counter.LAST_REFUSED_INDEX, bad);
      return false;
    }
    if (isTooLate()) {
      counters.add(Counter.GRADIENTS_LATE_AT_SUBMIT, 1);
      return false;
    }
    intake.addDecay(gradient, snapshot);
    return true;
  }

  /**
   * Says that the compute thread hands in nothing more, after its last {@link #submit()}. The
   * workers of a synchronous algorithm then end their rounds; otherwise it does nothing. Belongs to
   * the compute thread, or to whoever has seen it end.
   */
  public void leaveRounds() {
    if (parts.gate != null) {
      parts.gate.leave();
      LockSupport.unpark(agentThread);
    }
  }

  /**
   * Tells whether a worker of a synchronous algorithm has left, so that no further gradient is
   * applied and {@link #submit()} refuses them. Never true otherwise. From any thread.
   *
   * @return whether the compute thread may as well end
   */
  public boolean areRoundsOver() {
    return parts.gate != null && parts.gate.isOver();
  }

  private boolean isTooLate() {
    long read = snapshot.version(0);
    return context.maxStaleness() > 0
        && context.lateGradients() == LateGradients.DROP
        && LockWord.fullVersion(parts.replica.lockWord(0), read) - read > context.maxStaleness();
  }

  /**
   * Returns the worker's rank.
   *
   * @return from 0
   */
  public int rank() {
    return rank;
  }

  /**
   * Returns the worker's counters.
   *
   * @return readable from any thread until the job is closed
   */
  public Counters counters() {
    return counters;
  }

  /**
   * Returns how many versions the worker's replica has, over all its stripes.
   *
   * @return the sum, from any thread until the worker is closed
   */
  public long published() {
    long sum = 0;
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      sum += LockWord.version(parts.replica.lockWord(stripe));
    }
    return sum;
  }

  Replica replica() {
    return parts.replica;
  }

  /**
   * Tells, from any thread, whether the agent has applied everything submitted before.
   *
   * @return whether no gradient is taken and none waits
   */
  public boolean isQuiescent() {
    return agent.isQuiescent();
  }

  /** Names the thread that runs the agent, which a submit wakes. */
  void agentThread(Thread thread) {
    agentThread = thread;
  }

  /** Records why the agent stopped; the compute thread fails with it on its next call. */
  void fail(Throwable cause) {
    failure = cause;
  }

  /**
   * Adds something that is closed after the worker's connections and before its memory, such as the
   * end of its replica's exposure to peers. To be called before {@link #connect}.
   *
   * @param resource is closed once, by {@link #close()}
   */
  public void closes(AutoCloseable resource) {
    opened.add(resource);
  }

  /** {@return whether the agent has not stopped with an error} */
  boolean isHealthy() {
    return failure == null;
  }

  /** Fails when the agent has stopped with an error. */
  void requireHealthy() {
    Throwable cause = failure;
    if (cause != null) {
      throw new StarlingException(
          "the communication agent of rank " + rank + " stopped: " + cause.getMessage(), cause);
    }
  }

  /**
   * Ends the computations in flight, then closes connections, buffers and the replica; the agent
   * must have stopped.
   *
   * @throws StarlingException when computations do not end: then all memory stays mapped, since
   *     they still write it; or when something did not close
   */
  @Override
  public void close() {
    snapshot.close();
    // First of all: nothing may be unmapped under a thread, or a device, that computes.
    parts.kernels.drain();
    StarlingException failed =
        new StarlingException("closing rank " + rank + " failed: see the suppressed failures");
    closeOpened(failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  /** Ends the journal before the worker is closed; the agent must not run any more. */
  public void endJournal() {
    parts.journal.close();
  }

  private void closeOpened(Throwable collector) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Exception failed) {
        collector.addSuppressed(failed);
      }
    }
    opened.clear();
  }
}
