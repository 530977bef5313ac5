package dev.starling.bench.experiment;

import dev.starling.engine.StarlingException;
import dev.starling.engine.exchange.PartnerPolicy;
import dev.starling.engine.log.Origin;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.topology.Topology;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Restoration;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Replicas that start apart and do nothing but average: every gradient is zero. Rounds of
 * exchanges, begun by workers that are drawn at random, alternate with a look at the distance,
 * while nothing moves.
 */
final class MixingRun {
  /** Replicas no further apart than this share of their first distance are as good as equal. */
  static final double END = 1e-4;

  private static final int PARAMETERS = 4096;
  private static final int ATTEMPTS = 1000;
  private static final int MAX_ROUNDS = 2000;
  private static final long APPLY_LIMIT_NS = TimeUnit.SECONDS.toNanos(20);
  private static final long LOOK_NS = 20_000;

  private final Topology topology;
  private final PartnerPolicy.Kind partner;
  private final SplittableRandom random;
  private final int exchangesPerRound;

  /**
   * A look at the job.
   *
   * @param exchanges of all workers since the begin
   * @param squaredDistance mean squared distance of the replicas from their average, 1 at the begin
   */
  record Point(long exchanges, double squaredDistance) {}

  /**
   * Describes a run.
   *
   * @param topology the graph
   * @param partner how a worker chooses
   * @param exchangesPerRound between two looks
   * @param seed of the first replicas, of who begins, and of the choice
   */
  MixingRun(Topology topology, PartnerPolicy.Kind partner, int exchangesPerRound, long seed) {
    this.topology = topology;
    this.partner = partner;
    this.exchangesPerRound = exchangesPerRound;
    random = new SplittableRandom(seed);
  }

  /**
   * Runs.
   *
   * @param most exchanges after which it ends in any case
   * @return the distances, the first before any exchange
   * @throws Exception what a worker failed with
   */
  List<Point> run(long most) throws Exception {
    int workers = topology.workers();
    List<Point> points = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      JobContext context =
          new JobContext()
              .workers(workers)
              .parameterCount(PARAMETERS)
              .topology(topology)
              .partner(partner)
              .partnerAttempts(ATTEMPTS)
              .schedule(new Schedule.Constant(1f))
              .seed(random.nextLong())
              .restoration(0, rank -> apart(arena));
      MemorySegment unused = arena.allocate((long) PARAMETERS * Float.BYTES);
      try (LocalJob job = LocalJob.launch(context, unused)) {
        double first = job.consensusDistance();
        points.add(new Point(0, 1));
        for (int round = 0; round < MAX_ROUNDS; round++) {
          int[] begins = draw(initiators());
          job.run(worker -> exchange(worker, begins[worker.rank()]));
          double share = job.consensusDistance() / first;
          long exchanges = exchanges(job);
          points.add(new Point(exchanges, share * share));
          if (share < END || exchanges >= most) {
            return points;
          }
        }
      }
    }
    return points;
  }

  private Restoration.State apart(Arena arena) {
    MemorySegment model = arena.allocate((long) PARAMETERS * Float.BYTES);
    for (int i = 0; i < PARAMETERS; i++) {
      model.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    return new Restoration.State(Origin.initial(1), model, Map.of(), 0);
  }

  private int[] initiators() {
    return java.util.stream.IntStream.range(0, topology.workers())
        .filter(topology::initiates)
        .toArray();
  }

  private int[] draw(int[] initiators) {
    int[] begins = new int[topology.workers()];
    for (int exchange = 0; exchange < exchangesPerRound; exchange++) {
      begins[initiators[random.nextInt(initiators.length)]]++;
    }
    return begins;
  }

  /** Hands in one zero at a time: several that wait would be one exchange. */
  private static void exchange(Worker worker, int times) {
    for (int i = 0; i < times; i++) {
      long applied = worker.counters().get(Counter.GRADIENTS_APPLIED);
      try (Snapshot snapshot = worker.snapshot()) {
        long lengthBytes = snapshot.parameters().byteSize();
        worker.gradient().asSlice(0, lengthBytes).fill((byte) 0);
        worker.submit();
      }
      long deadlineNs = System.nanoTime() + APPLY_LIMIT_NS;
      while (worker.counters().get(Counter.GRADIENTS_APPLIED) == applied) {
        if (System.nanoTime() - deadlineNs > 0) {
          throw new StarlingException(
              "rank "
                  + worker.rank()
                  + " did not average within 20 s: the machine is starved of processor time, run"
                  + " fewer workers");
        }
        LockSupport.parkNanos(LOOK_NS);
      }
    }
  }

  private static long exchanges(LocalJob job) {
    return job.allWorkers().stream()
        .mapToLong(worker -> worker.counters().get(Counter.EXCHANGES))
        .sum();
  }
}
