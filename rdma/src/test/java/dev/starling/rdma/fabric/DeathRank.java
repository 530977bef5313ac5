package dev.starling.rdma.fabric;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.ClusterBoard;
import dev.starling.engine.cluster.LinkChannel;
import dev.starling.engine.cluster.RollCall;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.FabricSettings;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.log.Journal;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.rendezvous.ControlLink;
import dev.starling.engine.rendezvous.Endpoint;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.JoinedWorker;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import dev.starling.rdma.FakeVerbs;
import dev.starling.rdma.VerbsFabricProvider;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.concurrent.BackoffIdleStrategy;

/**
 * One of the two ranks of a job, with all that a rank has: control link, verbs fabric, board,
 * replica and agent. Every parameter of a replica has the same value at any time, since the initial
 * model, the gradients and all averages are so: a plane whose values differ was published torn.
 */
final class DeathRank implements AutoCloseable {
  static final int RANKS = 2;

  /** Multiplies every time, for an emulated processor. */
  static final int SLOWNESS = Integer.getInteger("starling.test.slowness", 1);

  private static final byte INITIAL = 0x3f;
  private static final byte[] GRADIENT = {0x3c, (byte) 0xbc};
  private static final long STEP_NS = SLOWNESS * 5_000_000L;
  private static final long PATIENCE_NS = 60_000_000_000L;
  private static final long MAX_PARK_NS = 500_000L;
  private static final String PIECE_BYTES = "4096";
  private static final String SEND_DEPTH = "4";

  /**
   * What both ranks agree on, and where the rank is.
   *
   * @param rank 0 or 1
   * @param port where rank 0 listens on the loopback
   * @param device the device
   * @param parameters the length of the model, one stripe, moved by one write
   * @param holdLimitNs how long a lock may be held
   * @param deadAfterNs after which silence a rank is dead
   */
  record Settings(
      int rank, int port, String device, long parameters, long holdLimitNs, long deadAfterNs) {
    List<String> arguments() {
      return List.of(
          Integer.toString(rank),
          Integer.toString(port),
          device,
          Long.toString(parameters),
          Long.toString(holdLimitNs),
          Long.toString(deadAfterNs));
    }

    static Settings parse(String[] arguments) {
      return new Settings(
          Integer.parseInt(arguments[0]),
          Integer.parseInt(arguments[1]),
          arguments[2],
          Long.parseLong(arguments[3]),
          Long.parseLong(arguments[4]),
          Long.parseLong(arguments[5]));
    }

    Settings of(int otherRank) {
      return new Settings(otherRank, port, device, parameters, holdLimitNs, deadAfterNs);
    }

    /** How long anything may take that has no limit of its own, such as the start of a JVM. */
    long patienceNs() {
      return SLOWNESS * PATIENCE_NS;
    }
  }

  private final Settings settings;
  private final Consumer<String> tell;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ControlLink link;
  private final ClusterBoard cluster;
  private final JoinedWorker joined;

  /**
   * Joins the job.
   *
   * @param settings which rank, and how
   * @param watch looks at the fabric
   * @param journal what is told the replica's events
   * @param tell takes sentences for people, from any thread
   */
  DeathRank(Settings settings, WatchedFabric.Watch watch, Journal journal, Consumer<String> tell) {
    this.settings = settings;
    this.tell = tell;
    try {
      link = open(link());
      ShmFabric regions = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
      Fabric fabric = open(new WatchedFabric(fabric(), watch));
      cluster =
          open(
              new ClusterBoard(
                  link,
                  new RollCall(link, RANKS),
                  regions,
                  fabric,
                  Long.MAX_VALUE,
                  settings.patienceNs(),
                  tell));
      PrivateMemory initial =
          open(PrivateMemory.allocate("initial model", settings.parameters * Float.BYTES));
      initial.segment().fill(INITIAL);
      JobContext context = context(journal);
      joined =
          open(
              JoinedWorker.join(
                  context, cluster.board(), link.rank(), link.incarnation(), initial.segment()));
      opened.push(cluster::end);
      cluster.watch(worker().counters(), worker()::published);
      tell.accept("rank " + link.rank() + " runs with " + context);
    } catch (Throwable failure) {
      closeOpened(failure);
      throw failure;
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.push(resource);
    return resource;
  }

  private ControlLink link() {
    ControlLink.Context context =
        new ControlLink.Context(settings.rank, RANKS, new Endpoint("127.0.0.1", settings.port))
            .hostId("host of rank " + settings.rank)
            .progressLongs(ClusterBoard.PROGRESS_WORDS)
            .deadAfterNs(settings.deadAfterNs)
            .requestTimeoutNs(settings.deadAfterNs)
            .joinTimeoutNs(settings.patienceNs())
            .listener(
                new ControlLink.Listener() {
                  @Override
                  public void onDead(int rank, int incarnation, String sentence) {
                    tell.accept(sentence);
                  }

                  @Override
                  public void onWarning(String sentence) {
                    tell.accept(sentence);
                  }
                });
    if (settings.rank == 0) {
      context.incarnation(0);
    }
    ControlLink opening = ControlLink.open(context);
    tell.accept("the control link: " + context);
    return opening;
  }

  /** As the engine opens it; the fake has no place in sysfs to be chosen by. */
  private Fabric fabric() {
    if (FakeVerbs.isFake()) {
      return VerbsFabric.open(
          settings.device,
          TwoRanks.options(false),
          new LinkChannel(link),
          ShmFabric.DEFAULT_DIRECTORY,
          tell);
    }
    return new VerbsFabricProvider()
        .open(
            new FabricSettings(
                new LinkChannel(link),
                ShmFabric.DEFAULT_DIRECTORY,
                false,
                Map.of(
                    "device",
                    settings.device,
                    "piece-bytes",
                    PIECE_BYTES,
                    "send-depth",
                    SEND_DEPTH),
                tell));
  }

  private JobContext context(Journal journal) {
    return new JobContext()
        .workers(RANKS)
        .parameterCount(settings.parameters)
        .stripeBytes(settings.parameters * Float.BYTES)
        .chunkBytes(settings.parameters * Float.BYTES)
        .holdLimitNs(settings.holdLimitNs)
        .peerCheckNs(SLOWNESS * 10_000_000L)
        .idleStrategy(() -> new BackoffIdleStrategy(10, 0, 20_000, SLOWNESS * MAX_PARK_NS))
        .schedule(new Schedule.Constant(1f / 1024))
        .journal((rank, incarnation) -> journal)
        .peerListener(this::onPeer);
  }

  private void onPeer(int rank, int peer, int incarnation, PeerState state) {
    tell.accept("rank " + rank + " finds incarnation " + incarnation + " of " + peer + " " + state);
  }

  /** Computes a gradient and submits it; waits a little, for nobody. */
  void step() {
    try (Snapshot snapshot = worker().snapshot()) {
      requireWhole("published version " + snapshot.version(0), snapshot.stripe(0));
      worker().gradient().fill(GRADIENT[link.rank()]);
      if (!worker().submit()) {
        throw new StarlingException("rank " + link.rank() + " refused a gradient");
      }
    }
    LockSupport.parkNanos(STEP_NS);
  }

  /** Fails when the values of a plane differ. */
  static void requireWhole(String what, MemorySegment plane) {
    long at = firstOther(plane);
    if (at >= 0) {
      throw new AssertionError(what + " is torn: another value begins at byte " + at);
    }
  }

  /** {@return where the values of a plane cease to be the same, in bytes, or -1} */
  static long firstOther(MemorySegment plane) {
    long rest = plane.byteSize() - Float.BYTES;
    long at = plane.asSlice(0, rest).mismatch(plane.asSlice(Float.BYTES));
    return at < 0 ? -1 : at / Float.BYTES * Float.BYTES + Float.BYTES;
  }

  /** Applies what was submitted, so that closing leaves no peer's stripe locked. */
  void finish() {
    joined.finish(() -> true);
  }

  Worker worker() {
    return joined.worker();
  }

  int incarnation() {
    return link.incarnation();
  }

  long count(Counter counter) {
    return worker().counters().get(counter);
  }

  /** {@return what the other rank says that it has counted} */
  long countOf(int rank, Counter counter) {
    return cluster.count(rank, counter);
  }

  private void closeOpened(Throwable collector) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception failure) {
        collector.addSuppressed(failure);
      }
    }
  }

  @Override
  public void close() {
    StarlingException failed =
        new StarlingException("closing a rank failed: see the suppressed failures");
    closeOpened(failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }
}
