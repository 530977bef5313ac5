package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.log.Origin;
import dev.starling.engine.memory.Mappings;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * One worker of a job whose other workers live in other processes, of this host or of several. The
 * processes share a {@link JobBoard}, and whoever made it coordinates; or each has a board of its
 * own, kept up to date by a {@code ClusterBoard}.
 *
 * <pre>
 *   join --> awaitStart --> snapshot, submit, ... until isStopRequested or no work is left --> finish --> close
 * </pre>
 *
 * <p>Belongs to one thread, which is also the worker's compute thread.
 */
public final class JoinedWorker implements AutoCloseable {
  private static final long DRAIN_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
  private static final long COPY_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(1);
  private static final long CUT_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);
  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long COORDINATOR_CHECK_NS = TimeUnit.MILLISECONDS.toNanos(200);

  private final JobContext context;
  private final JobBoard board;
  private final RankRecord record;
  private final int incarnation;
  private Worker worker;
  private RunningAgent agent;
  private int source = RankRecord.INITIAL;
  private boolean agentStuck;
  private boolean coordinatorDead;
  private long checkAtNs = System.nanoTime();

  private JoinedWorker(JobContext context, JobBoard board, int rank, int incarnation) {
    this.context = context;
    this.board = board;
    this.incarnation = incarnation;
    record = board.rank(rank);
  }

  /**
   * Creates the worker's replica, connects to whoever has joined, starts the agent, and announces
   * the rank. A rank that joins again, or when the job has begun already, copies the model of
   * another rank that lives.
   *
   * @param context the job's options, the same for every rank; concluded here
   * @param board the job's board, which the caller closes after this worker
   * @param rank the rank
   * @param incarnation how many times the rank had joined before
   * @param initialParameters the model that every worker starts from, float32
   * @return the worker, owned by the caller
   * @throws StarlingException when memory is short, or the rank's last incarnation still runs;
   *     nothing is left behind
   */
  public static JoinedWorker join(
      JobContext context,
      JobBoard board,
      int rank,
      int incarnation,
      MemorySegment initialParameters) {
    context.conclude();
    KernelWarmUp.run();
    JoinedWorker joined = new JoinedWorker(context, board, rank, incarnation);
    try {
      joined.open(rank, initialParameters);
      return joined;
    } catch (Throwable failure) {
      try {
        joined.close();
      } catch (Throwable whileClosing) {
        failure.addSuppressed(whileClosing);
      }
      throw failure;
    }
  }

  private void open(int rank, MemorySegment initialParameters) {
    ShmFabric fabric = board.fabric();
    ReplicaLayout layout = context.layout();
    boolean returns = incarnation > context.firstIncarnation();
    if (returns && context.algorithm().needsEveryWorker()) {
      throw new StarlingException(
          ("rank %d cannot return to a job with the algorithm %s, which needs every worker"
                  + " from begin to end: start the job again")
              .formatted(rank, context.algorithm()));
    }
    if (returns) {
      retirePredecessor(rank);
    }
    // Before anything is copied: a checkpoint set waits for what comes of it.
    record.cut(RankRecord.JOINING);
    Replica replica =
        Replica.createShared(
            fabric.regionPath(board.jobId(), rank, incarnation),
            layout,
            board.jobId(),
            rank,
            incarnation);
    worker = new Worker(context, replica);
    if (context.lockMemory()) {
      Mappings.lock(
          "the replica of rank " + rank, replica.segment().asSlice(0, layout.reservedBytes()));
    }
    RegionDescriptor exposed = board.reach().expose(replica);
    worker.closes(() -> board.reach().withdraw(exposed));
    boolean fromTheStart = !returns && board.phase() == JobBoard.Phase.GATHERING;
    if (fromTheStart || !copyLivingReplica(replica)) {
      beginAnew(replica, initialParameters);
    }
    CommunicationAgent communication = worker.connect(board.reach(), board, board::meanSteps);
    agent =
        new RunningAgent(
            worker,
            new ReportingAgent(communication, worker.counters(), record),
            context.idleStrategy().get());
    agent.start();
    record.cut(worker.cut());
    record.joined(incarnation, source);
  }

  /** Begins with the rank's own checkpoint where there is one, otherwise with the initial model. */
  private void beginAnew(Replica replica, MemorySegment initialParameters) {
    Restoration.State state = context.restoration().of(replica.rank());
    if (state == null) {
      replica.initialise(initialParameters);
      return;
    }
    replica.initialise(state.parameters());
    worker.restore(state.origin(), state.state());
    source = RankRecord.fromCheckpoint(state.origin().set());
  }

  private void retirePredecessor(int rank) {
    ShmFabric fabric = board.fabric();
    RegionDescriptor predecessor = fabric.describe(board.jobId(), rank, incarnation - 1);
    if (!fabric.isDead(predecessor)) {
      throw new StarlingException(
          "rank "
              + rank
              + " cannot join as incarnation "
              + incarnation
              + " while its predecessor still owns "
              + predecessor.address()
              + ": end that process first");
    }
    fabric.removeDead(predecessor);
  }

  /** Copies the model of the first rank that lives and can be read, neighbours first. */
  private boolean copyLivingReplica(Replica replica) {
    ReplicaLayout layout = context.layout();
    try (PrivateMemory copy =
        PrivateMemory.allocate(
            "the copy of a living replica", layout.parameterCount() * Float.BYTES)) {
      for (int peer : context.topology().neighbours(replica.rank())) {
        if (copyReplica(peer, replica, copy)) {
          return true;
        }
      }
      for (int peer = 0; peer < layout.workers(); peer++) {
        if (peer != replica.rank() && copyReplica(peer, replica, copy)) {
          return true;
        }
      }
      return false;
    }
  }

  private boolean copyReplica(int peer, Replica replica, PrivateMemory copy) {
    int joined = board.incarnation(peer);
    Fabric reach = board.reach();
    if (joined == Membership.ABSENT || reach.isDead(board.region(peer, joined))) {
      return false;
    }
    ReplicaLayout layout = context.layout();
    Remote remote;
    try {
      remote = reach.connect(board.region(peer, joined), layout, replica.rank(), incarnation);
    } catch (StarlingException gone) {
      if (reach.isDead(board.region(peer, joined))) {
        return false;
      }
      throw gone;
    }
    long[] versions = new long[layout.stripes()];
    long cut;
    Fabric.Registration known = reach.register("the copy of a living replica", copy.segment());
    try (ReplicaReader reader = new ReplicaReader(remote, layout, replica.rank())) {
      cut = copyBetweenCuts(reader, copy.segment(), versions);
    } finally {
      known.close();
    }
    if (cut < 0) {
      return false;
    }
    replica.initialise(copy.segment());
    worker.restore(new Origin(Origin.NONE, peer, joined, cut, 0, versions), Map.of());
    source = peer;
    return true;
  }

  /**
   * Copies a replica whose stripes were all copied for the same checkpoint set: one that is in the
   * middle of it soon is not any more.
   *
   * @return the set, or -1 when the replica cannot be read
   */
  private static long copyBetweenCuts(ReplicaReader reader, MemorySegment copy, long[] versions) {
    long[] cuts = new long[versions.length];
    long deadlineNs = System.nanoTime() + CUT_TIMEOUT_NS;
    while (System.nanoTime() - deadlineNs < 0) {
      if (!reader.tryCopyTo(copy, versions, cuts, COPY_TIMEOUT_NS)) {
        return -1;
      }
      if (Arrays.stream(cuts).distinct().count() == 1) {
        return cuts[0];
      }
      LockSupport.parkNanos(POLL_NS);
    }
    return -1;
  }

  /**
   * Returns the worker.
   *
   * @return the worker, for {@code snapshot}, {@code gradient} and {@code submit}
   */
  public Worker worker() {
    return worker;
  }

  /**
   * Returns whose model this worker started from.
   *
   * @return a rank, {@link RankRecord#INITIAL}, or {@link RankRecord#fromCheckpoint}
   */
  public int source() {
    return source;
  }

  /**
   * Waits until the coordinator lets the job begin, or wants it to stop, or dies.
   *
   * @return whether there is something to do
   */
  public boolean awaitStart() {
    return awaitStart(() -> false);
  }

  /**
   * Waits until the coordinator lets the job begin, or wants it to stop, or dies, or this worker is
   * to leave.
   *
   * @param leaveEarly asked again and again; true ends the wait, for instance on a signal
   * @return whether there is something to do
   */
  public boolean awaitStart(BooleanSupplier leaveEarly) {
    boolean leave = false;
    while (board.phase() == JobBoard.Phase.GATHERING && !isCoordinatorDead() && !leave) {
      leave = leaveEarly.getAsBoolean() || Thread.currentThread().isInterrupted();
      LockSupport.parkNanos(POLL_NS);
    }
    return !leave && !isStopRequested();
  }

  /**
   * Tells whether to finish the step in hand and end: the coordinator wants it, or is dead.
   *
   * @return whether to stop
   */
  public boolean isStopRequested() {
    return board.phase().compareTo(JobBoard.Phase.STOPPING) >= 0 || isCoordinatorDead();
  }

  /**
   * Tells whether the coordinator has died; looks at most five times a second.
   *
   * @return whether nobody coordinates any more
   */
  public boolean isCoordinatorDead() {
    long nowNs = System.nanoTime();
    if (!coordinatorDead && nowNs - checkAtNs > 0) {
      checkAtNs = nowNs + COORDINATOR_CHECK_NS;
      coordinatorDead = !board.isCoordinatorAlive();
    }
    return coordinatorDead;
  }

  /**
   * Applies what was submitted, says so on the board, and waits until the coordinator has read what
   * it needs. The replica stays reachable for other ranks meanwhile.
   *
   * @param leaveEarly asked again and again; true ends the wait, for instance on a signal
   * @throws StarlingException when the agent failed or did not apply the last gradient in 30 s
   */
  public void finish(BooleanSupplier leaveEarly) {
    worker.leaveRounds();
    boolean waits = context.algorithm().isSynchronous();
    agent.drain(waits ? Math.max(DRAIN_TIMEOUT_NS, context.peerTimeoutNs()) : DRAIN_TIMEOUT_NS);
    record.finished();
    while (board.phase() != JobBoard.Phase.RELEASED
        && !isCoordinatorDead()
        && !leaveEarly.getAsBoolean()
        && !Thread.currentThread().isInterrupted()) {
      worker.requireHealthy();
      LockSupport.parkNanos(POLL_NS);
    }
  }

  /**
   * Stops the agent, leaves the job and gives all memory back. A rank whose agent failed does not
   * leave: it is lost when its process ends. When nobody coordinates any more, what dead processes
   * left in shared memory is removed too.
   */
  @Override
  public void close() {
    try {
      if (agent != null) {
        agentStuck = true;
        agent.close();
        agentStuck = false;
        agent = null;
        if (worker.isHealthy()) {
          record.left();
        }
      }
    } finally {
      // A stuck agent still computes on the memory: then only the end of the process frees it.
      if (worker != null && !agentStuck) {
        try {
          worker.close();
        } finally {
          worker = null;
        }
      }
      if (isCoordinatorDead()) {
        board.fabric().removeDeadRegions();
      }
    }
  }
}
