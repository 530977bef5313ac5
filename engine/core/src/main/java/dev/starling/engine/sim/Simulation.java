package dev.starling.engine.sim;

import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.log.Origin;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Runs one simulation from its seed. See the package for what moves.
 *
 * <p>Every submitted gradient is the same power of two in every parameter, the learning rate is 1
 * and there is no momentum, so the sum over all replicas says how many gradients were applied, to
 * rounding.
 */
public final class Simulation implements AutoCloseable {
  private static final long HOLD_LIMIT_NS = 1_000_000;
  private static final long PEER_CHECK_NS = 200_000;
  private static final long MAX_TICK_NS = 20_000;
  private static final int STRIPE_PARAMETERS = 19;
  private static final long CHUNK_BYTES = 64;
  private static final int POST_BOUND = 12;
  private static final int MOVES_PER_STEP = 4_000;
  private static final long NEVER = Long.MAX_VALUE;

  private final SimOptions options;
  private final SplittableRandom random;
  private final ReplicaLayout layout;
  private final InvariantChecker checker;
  private final SimLogs logs;
  private final SimFabric fabric;
  private final List<SimWorker> workers = new ArrayList<>();
  private final List<SimWorker> gone = new ArrayList<>();
  private final JobContext context;
  private final int[] announced;
  private final long[] returnAtNs;
  private final List<SimFabric.SimRemote> busy = new ArrayList<>();
  private long nowNs;
  private long moves;
  private long deaths;
  private long returned;
  private long set;
  private long completeSet;
  private long cutAtMove;
  private int copiesAwaited;

  private Simulation(SimOptions options) {
    this.options = options;
    random = new SplittableRandom(options.seed());
    long[] stripes = new long[options.stripes()];
    Arrays.setAll(stripes, i -> STRIPE_PARAMETERS + i);
    layout = ReplicaLayout.ofStripes(options.workers(), stripes);
    checker = new InvariantChecker(layout);
    logs = new SimLogs(layout);
    fabric = new SimFabric(options, random, checker, () -> nowNs);
    checker.deadHolder(fabric::isDeadHolder);
    announced = new int[options.workers()];
    returnAtNs = new long[options.workers()];
    Arrays.fill(returnAtNs, NEVER);
    context =
        new JobContext()
            .workers(options.workers())
            .stripes(stripes)
            .topology(options.topology())
            .chunkBytes(CHUNK_BYTES)
            .holdLimitNs(HOLD_LIMIT_NS)
            .peerCheckNs(PEER_CHECK_NS)
            .backoffNs(1_000, 50_000)
            .schedule(new Schedule.Constant(1f))
            .mergeLimit(0)
            .seed(options.seed())
            .kernels(() -> new CheckedKernels(options.kernels().apply(new CpuKernels()), checker))
            .journal(
                (rank, incarnation) ->
                    new JournalPair(
                        checker.journal(rank, incarnation), logs.open(rank, incarnation)))
            .clock(() -> nowNs)
            .conclude();
    try {
      open();
    } catch (Throwable failure) {
      close();
      throw failure;
    }
  }

  private void open() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeros = arena.allocate(layout.parameterCount() * Float.BYTES);
      for (int rank = 0; rank < options.workers(); rank++) {
        workers.add(create(rank, 0, zeros));
      }
    }
    for (SimWorker worker : workers) {
      worker.connect(fabric, members);
    }
    int[] order = shuffledRanks();
    for (int i = 0; i < options.crashes(); i++) {
      workers.get(order[i]).dieAt(1 + random.nextInt(options.steps() * 200));
    }
    cutAtMove = 1L + random.nextInt(options.steps() * 200);
    for (int i = 0; i < options.pauses(); i++) {
      int rank = order[random.nextInt(order.length)];
      workers
          .get(rank)
          .pauseAt(
              1 + random.nextInt(options.steps() * 200),
              2 * HOLD_LIMIT_NS + random.nextLong(4 * HOLD_LIMIT_NS));
    }
  }

  private SimWorker create(int rank, int incarnation, MemorySegment parameters) {
    Replica replica = Replica.createPrivate(layout, options.seed(), rank, incarnation);
    replica.initialise(parameters);
    checker.created(replica);
    fabric.expose(replica);
    return new SimWorker(new Worker(context, replica), replica, checker, random.split(), options);
  }

  /** Who has joined, as the ranks announce it; a dead one stays until its successor joins. */
  private final Membership members =
      new Membership() {
        @Override
        public int incarnation(int rank) {
          return announced[rank];
        }

        @Override
        public RegionDescriptor region(int rank, int incarnation) {
          return new RegionDescriptor("sim", rank, incarnation, options.seed(), "");
        }
      };

  private void die(SimWorker worker) {
    worker.die();
    deaths++;
    if (copiesAwaited > 0) {
      // Whether it was cut for the set nobody can tell: the set is given up.
      copiesAwaited = 0;
      workers.forEach(SimWorker::forgetCopy);
    }
    // Where workers return, peers may notice a death late, even after the successor has connected.
    long noticedAfterNs = options.returns() ? random.nextLong(3 * HOLD_LIMIT_NS) : 0;
    fabric.kill(worker.replica(), noticedAfterNs);
    checker.died(worker.rank());
    if (options.returns()) {
      returnAtNs[worker.rank()] = nowNs + random.nextLong(4 * HOLD_LIMIT_NS);
    }
  }

  /** A new incarnation with the model of one that lives, or the initial one when nobody does. */
  private void comeBack(SimWorker before) {
    int rank = before.rank();
    if (isCutUnderWay()) {
      returnAtNs[rank] = nowNs + HOLD_LIMIT_NS;
      return;
    }
    returnAtNs[rank] = NEVER;
    returned++;
    gone.add(before);
    SimWorker worker;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment model = arena.allocate(layout.parameterCount() * Float.BYTES);
      Origin origin = new Origin(0, Origin.NONE, 0, set, 0, new long[layout.stripes()]);
      for (SimWorker living : workers) {
        if (!living.isDead()) {
          origin = living.copyTo(model);
          break;
        }
      }
      worker = create(rank, before.replica().incarnation() + 1, model);
      worker.restore(origin);
    }
    workers.set(rank, worker);
    checker.acting(rank);
    worker.connect(fabric, members);
    announced[rank] = worker.replica().incarnation();
    if (worker.replica().cut(0) < set) {
      worker.requestCopy(set);
      worker.forgetCopy();
    }
    if (random.nextInt(3) == 0) {
      worker.dieAt(moves + 1 + random.nextInt(options.steps() * 200));
    }
  }

  /** Whether some stripes are cut for a set and others not yet: no replica to begin with, then. */
  private boolean isCutUnderWay() {
    long cut = -1;
    for (SimWorker worker : workers) {
      for (int stripe = 0; stripe < layout.stripes() && !worker.isDead(); stripe++) {
        if (cut >= 0 && worker.replica().cut(stripe) != cut) {
          return true;
        }
        cut = worker.replica().cut(stripe);
      }
    }
    return copiesAwaited > 0;
  }

  /** Asks for a checkpoint of everyone who lives, and saves what has been copied. */
  private void checkpoint() {
    if (moves == cutAtMove) {
      set++;
      for (SimWorker worker : workers) {
        if (!worker.isDead()) {
          worker.requestCopy(set);
          copiesAwaited++;
        }
      }
    }
    if (copiesAwaited > 0) {
      for (SimWorker worker : workers) {
        if (worker.saveCopy(logs)) {
          copiesAwaited--;
          completeSet = copiesAwaited == 0 ? set : completeSet;
        }
      }
    }
  }

  private int[] shuffledRanks() {
    int[] order = new int[options.workers()];
    Arrays.setAll(order, i -> i);
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  /**
   * Runs a simulation to its end.
   *
   * @param options what to simulate
   * @return how it ended; never throws for a violated invariant
   */
  public static SimReport run(SimOptions options) {
    try (Simulation simulation = new Simulation(options)) {
      return simulation.run();
    }
  }

  private SimReport run() {
    long bound =
        (long) MOVES_PER_STEP * options.steps() * options.workers() * options.stripes() + 2_000_000;
    try {
      while (!isFinished() && checker.violations().isEmpty()) {
        if (moves++ > bound) {
          checker.violated("I8: not finished after " + bound + " moves, " + unfinished());
        }
        checkpoint();
        move();
      }
    } catch (RuntimeException failure) {
      checker.violated("a worker failed: " + failure);
    }
    if (checker.violations().isEmpty()) {
      checker.finished();
      checkAccounts();
      checkReplay();
    }
    return report();
  }

  private void move() {
    SimWorker worker = workers.get(random.nextInt(workers.size()));
    nowNs += random.nextLong(MAX_TICK_NS) / 16;
    if (worker.isDueToDie(moves)) {
      die(worker);
    }
    if (worker.isDead() && nowNs >= returnAtNs[worker.rank()]) {
      comeBack(worker);
      return;
    }
    if (!worker.isRunning(moves, nowNs)) {
      return;
    }
    checker.acting(worker.rank());
    switch (random.nextInt(4)) {
      case 0 -> worker.compute();
      case 1 -> {
        worker.agent();
        checker.returned("doWork", POST_BOUND);
      }
      default -> {
        busy.clear();
        fabric.collectBusy(worker.rank(), busy);
        if (!busy.isEmpty()) {
          busy.get(random.nextInt(busy.size())).move();
        }
      }
    }
  }

  private boolean isFinished() {
    for (SimWorker worker : workers) {
      boolean comesBack = returnAtNs[worker.rank()] != NEVER;
      if (comesBack || !worker.isDead() && !worker.isFinished()) {
        return false;
      }
    }
    return true;
  }

  private String unfinished() {
    StringBuilder text = new StringBuilder();
    for (SimWorker worker : workers) {
      if (!worker.isDead() && !worker.isFinished()) {
        text.append(worker.describe()).append("; ");
      }
    }
    return text.toString();
  }

  /**
   * I7 by counters for every living worker; I5 and I7 by value when nobody died and nothing was
   * torn.
   */
  private void checkAccounts() {
    double applied = 0;
    boolean exact = deaths == 0;
    for (SimWorker worker : workers) {
      if (worker.isDead()) {
        continue;
      }
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        worker.currentValue(stripe);
      }
      long submitted = worker.count(Counter.GRADIENTS_SUBMITTED);
      long done = worker.count(Counter.GRADIENTS_APPLIED);
      long refused = worker.count(Counter.GRADIENTS_REFUSED);
      if (submitted != done + refused || submitted != options.steps()) {
        checker.violated(
            "I7: rank "
                + worker.rank()
                + " submitted "
                + submitted
                + ", applied "
                + done
                + ", refused "
                + refused);
      }
      applied += done * SimWorker.GRADIENT;
      exact &= worker.count(Counter.EXCHANGES_TORN) == 0;
    }
    if (exact) {
      for (int stripe = 0; stripe < layout.stripes(); stripe++) {
        checkSum(stripe, -applied);
      }
    }
  }

  private void checkReplay() {
    List<Replica> living =
        workers.stream().filter(worker -> !worker.isDead()).map(SimWorker::replica).toList();
    workers.forEach(SimWorker::endLog);
    logs.prove(0, living, checker);
    if (completeSet > 0) {
      logs.dropBefore(completeSet);
      logs.prove(completeSet, living, checker);
    }
  }

  private void checkSum(int stripe, double expected) {
    double sum = 0;
    for (SimWorker worker : workers) {
      sum += worker.currentValue(stripe);
    }
    if (Math.abs(sum - expected) > 1e-4 * Math.max(1, Math.abs(expected))) {
      checker.violated(
          "I5/I7: the replicas of stripe " + stripe + " sum to " + sum + " instead of " + expected);
    }
  }

  private long total(Counter counter) {
    long sum = 0;
    for (SimWorker worker : workers) {
      sum += worker.count(counter);
    }
    for (SimWorker worker : gone) {
      sum += worker.count(counter);
    }
    return sum;
  }

  private SimReport report() {
    List<String> violations = new ArrayList<>();
    for (String violation : checker.violations()) {
      violations.add(violation + " [seed " + options.seed() + ", move " + moves + "]");
    }
    return new SimReport(
        options.seed(),
        violations,
        checker.traceHash() * 31 + moves,
        moves,
        total(Counter.EXCHANGES),
        total(Counter.STEPS),
        total(Counter.EXCHANGES_TORN),
        total(Counter.FENCES),
        checker.outdated(),
        returned,
        checker.quarantines(),
        total(Counter.RETARGETS),
        total(Counter.GRADIENTS_MERGED),
        total(Counter.GRADIENTS_REFUSED));
  }

  @Override
  public void close() {
    workers.forEach(SimWorker::close);
    gone.forEach(SimWorker::close);
    logs.close();
  }
}
