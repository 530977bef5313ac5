package dev.starling.engine.sim;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Trains a small problem on a cluster that does not exist: hundreds of the engine's own workers and
 * agents over a {@link NetworkModel}, in virtual time on one thread. Nothing fails here and no
 * invariant is checked on the way; at the end every gradient must be accounted for.
 */
public final class ScaleSimulation implements AutoCloseable {
  private static final long CHUNK_BYTES = 192;
  private static final long MIN_HOLD_LIMIT_NS = 1_000_000_000;
  private static final long MAX_HOLD_LIMIT_NS = 3_600_000_000_000L;
  private static final long MAX_DRAIN_NS = 100 * MAX_HOLD_LIMIT_NS;
  private static final int EVENTS_BETWEEN_LOOKS = 1000;

  private final ScaleOptions options;
  private final Agenda agenda = new Agenda();
  private final NetworkModel network;
  private final Topology topology;
  private final ReplicaLayout layout;
  private final ScaleWatch watch = new ScaleWatch();
  private final SimFabric fabric;
  private final JobContext context;
  private final ScaleProblem problem;
  private final List<ScaleRank> ranks = new ArrayList<>();
  private final ScaleGauge gauge;
  private final List<ScaleEpoch> epochs = new ArrayList<>();
  private long submitted;
  private boolean stopped;
  private long stoppedAtNs;

  private final class ScaleWatch implements SimWatch {
    private long traceHash = 17;

    @Override
    public void posted(int rank) {
      ranks.get(rank).posted();
    }

    @Override
    public void completed(int rank) {
      ranks.get(rank).completed();
    }

    @Override
    public void swapped(Replica replica, int by, long offset, long before, long after) {
      traceHash = traceHash * 31 + agenda.nowNs();
      traceHash = traceHash * 31 + replica.rank();
      traceHash = traceHash * 31 + after;
    }

    @Override
    public void writing(Replica replica, int by, long offset) {}

    @Override
    public void violated(String what) {
      throw new StarlingException("the simulation is wrong, please report it: " + what);
    }
  }

  /** Everyone has joined from the start, and nobody leaves. */
  private final Membership members =
      new Membership() {
        @Override
        public int incarnation(int rank) {
          return 0;
        }

        @Override
        public RegionDescriptor region(int rank, int incarnation) {
          return new RegionDescriptor("sim", rank, incarnation, options.seed(), "");
        }
      };

  private ScaleSimulation(ScaleOptions options) {
    this.options = options;
    topology = Topology.parse(options.topology(), options.workers(), options.seed());
    network = new NetworkModel(options, agenda);
    SplittableRandom random = new SplittableRandom(options.seed());
    problem = new ScaleProblem(random.nextLong());
    layout = ReplicaLayout.ofStripes(options.workers(), ScaleProblem.PARAMETERS);
    context = context();
    FaultCounts counts = new FaultCounts();
    Scenario calm =
        Scenario.calm(options.seed(), options.workers(), 1).shape(Topology.Kind.RING, Reach.REMOTE);
    fabric = new SimFabric(calm, random.split(), watch, agenda, network, counts);
    gauge = new ScaleGauge(problem, layout, ranks);
    try {
      open(random, counts);
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  /**
   * The engine's defaults, except that a lock may be held while transfers of all workers queue for
   * one card: on a healthy network nothing is taken for stuck.
   */
  private JobContext context() {
    long heldNs = (long) Math.min(MAX_HOLD_LIMIT_NS, 16 * options.workers() * network.modelNs());
    return new JobContext()
        .workers(options.workers())
        .stripes(ScaleProblem.PARAMETERS)
        .topology(topology)
        .chunkBytes(CHUNK_BYTES)
        .holdLimitNs(Math.max(MIN_HOLD_LIMIT_NS, heldNs))
        .schedule(new Schedule.Constant((float) options.learningRate()))
        .seed(options.seed())
        .clock(agenda::nowNs)
        .conclude();
  }

  private void open(SplittableRandom random, FaultCounts counts) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeros = arena.allocate((long) ScaleProblem.PARAMETERS * Float.BYTES);
      for (int rank = 0; rank < options.workers(); rank++) {
        SimWorker worker = create(rank, zeros, counts);
        ranks.add(new ScaleRank(worker, agenda, network, this::oneSubmitted));
      }
    }
    for (ScaleRank rank : ranks) {
      SimWorker worker = rank.worker();
      worker.connect(
          fabric,
          members,
          new ScaleCompute(problem, worker.worker(), random.split(), options.batch()));
    }
    ranks.forEach(ScaleRank::start);
    if (options.maxSeconds() > 0) {
      agenda.at((long) (options.maxSeconds() * 1e9), this::stop);
    }
  }

  private SimWorker create(int rank, MemorySegment parameters, FaultCounts counts) {
    Replica replica = Replica.createPrivate(layout, options.seed(), rank);
    SimWorker worker = new SimWorker(replica, dead -> {}, counts);
    try {
      replica.initialise(parameters);
      fabric.own(replica, worker);
      worker.open(new Worker(context, replica));
      return worker;
    } catch (Throwable failure) {
      worker.close();
      throw failure;
    }
  }

  private void oneSubmitted() {
    submitted++;
    long perEpoch = (long) options.stepsPerEpoch() * options.workers();
    if (submitted % perEpoch == 0) {
      epochs.add(gauge.read(epochs.size() + 1, agenda.nowNs()));
      if (epochs.size() == options.epochs()) {
        stop();
      }
    }
  }

  private void stop() {
    if (!stopped) {
      stopped = true;
      stoppedAtNs = agenda.nowNs();
      ranks.forEach(rank -> ((ScaleCompute) rank.worker().compute()).stop());
    }
  }

  /**
   * Runs a simulation to its end.
   *
   * @param options what to simulate; concluded here
   * @return how it went
   * @throws dev.starling.engine.ConfigurationException names the option that is impossible
   * @throws StarlingException when a gradient was lost: a mistake of the engine
   */
  public static ScaleReport run(ScaleOptions options) {
    try (ScaleSimulation simulation = new ScaleSimulation(options.conclude())) {
      return simulation.runToTheEnd();
    }
  }

  private ScaleReport runToTheEnd() {
    while (!stopped) {
      agenda.next();
    }
    ScaleReport report =
        gauge.report(
            options,
            network,
            topology,
            epochs,
            stoppedAtNs,
            agenda.happened(),
            watch.traceHash * 31 + gauge.modelHash());
    drain();
    return report;
  }

  /** Lets everything that was handed in be applied. */
  private void drain() {
    while (agenda.nowNs() - stoppedAtNs < MAX_DRAIN_NS) {
      for (int event = 0; event < EVENTS_BETWEEN_LOOKS; event++) {
        agenda.next();
      }
      if (ranks.stream().allMatch(rank -> rank.worker().isQuiescent())) {
        requireAllApplied();
        return;
      }
    }
    throw new StarlingException(
        "gradients still wait "
            + MAX_DRAIN_NS / 1_000_000_000
            + " virtual seconds after the last one was handed in: please report it with "
            + options);
  }

  private void requireAllApplied() {
    for (ScaleRank rank : ranks) {
      long in = rank.count(Counter.GRADIENTS_SUBMITTED);
      long out = rank.count(Counter.GRADIENTS_APPLIED) + rank.count(Counter.GRADIENTS_REFUSED);
      if (in != out) {
        throw new StarlingException(
            "rank %d was handed %d gradients but applied or refused %d (I7): please report %s"
                .formatted(rank.worker().rank(), in, out, options));
      }
    }
  }

  @Override
  public void close() {
    fabric.end();
    ranks.forEach(rank -> rank.worker().close());
  }
}
