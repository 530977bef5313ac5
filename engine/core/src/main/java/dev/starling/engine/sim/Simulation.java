package dev.starling.engine.sim;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.log.LogFullException;
import dev.starling.engine.log.Origin;
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
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.agrona.CloseHelper;

/**
 * Runs one scenario. See the package for what moves.
 *
 * <p>Every submitted gradient is the same power of two in every parameter, the learning rate is 1
 * and there is no momentum, so the sum over all replicas says how many gradients were applied, to
 * rounding.
 */
public final class Simulation implements AutoCloseable {
  static final long HOLD_LIMIT_NS = 1_000_000;
  private static final long NOTICE_NS = 3 * HOLD_LIMIT_NS;
  private static final long PEER_CHECK_NS = 200_000;
  private static final int STRIPE_PARAMETERS = 19;
  private static final long CHUNK_BYTES = 64;
  private static final int POST_BOUND = 12;
  private static final int MOST_OTHERS = 12;
  private static final int LONG_OTHERS = 250;
  private static final int SELDOM = 8;
  private static final long SPAN_NS_PER_STEP = 150_000;
  private static final long EVENTS_PER_STEP = 6_000;
  private static final long MORE_EVENTS = 3_000_000;

  private final Scenario scenario;
  private final SplittableRandom random;
  private final ReplicaLayout layout;
  private final long[] stripes;
  private final Agenda agenda = new Agenda();
  private final FaultCounts counts = new FaultCounts();
  private final InvariantChecker checker;
  private final Bounds bounds;
  private final SimLogs logs;
  private final SimFabric fabric;
  private final Pace pace;
  private final Incidents incidents;
  private final List<SimWorker> workers = new ArrayList<>();
  private final List<SimWorker> gone = new ArrayList<>();
  private final int[] announced;
  private final CheckpointSets sets;
  private int returning;
  private long deaths;
  private long returned;
  private long provedFromASet;
  private long sumsCompared;

  private Simulation(Scenario scenario, Consumer<String> trace) {
    ConfigurationException.requireRange(
        "workers of a checked run", scenario.workers(), 2, Scenario.MAX_WORKERS);
    this.scenario = scenario;
    random = new SplittableRandom(scenario.seed());
    stripes = new long[scenario.stripes()];
    Arrays.setAll(stripes, i -> STRIPE_PARAMETERS + i);
    layout = ReplicaLayout.ofStripes(scenario.workers(), stripes);
    checker = new InvariantChecker(layout);
    if (trace != null) {
      checker.trace(line -> trace.accept("%12.3f us  %s".formatted(agenda.nowNs() / 1e3, line)));
    }
    long maxDelayNs = 3 * HOLD_LIMIT_NS;
    bounds =
        new Bounds(
            checker,
            scenario,
            HOLD_LIMIT_NS,
            scenario.amount(Fault.RETURN) > 0 ? NOTICE_NS : 0,
            maxDelayNs);
    logs = new SimLogs(layout);
    pace = new ChaosPace(scenario, random.split(), counts, maxDelayNs);
    fabric = new SimFabric(scenario, random.split(), checker, agenda, pace, counts);
    checker.silentHolder(fabric::isSilent);
    incidents =
        new Incidents(
            scenario, random.split(), agenda, counts, scenario.steps() * SPAN_NS_PER_STEP);
    sets = new CheckpointSets(workers, logs);
    announced = new int[scenario.workers()];
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
      for (int rank = 0; rank < scenario.workers(); rank++) {
        workers.add(create(rank, 0, zeros, rank < scenario.amount(Fault.DISK_FULL)));
      }
    }
    workers.forEach(this::start);
    incidents.planDeaths(workers, this::die);
    incidents.planDisturbances(workers, HOLD_LIMIT_NS);
    if (fabric.isVerbs()) {
      incidents.planPartitions(fabric.partitions, HOLD_LIMIT_NS);
    }
    agenda.at(incidents.moment(), sets::begin);
  }

  private SimWorker create(
      int rank, int incarnation, MemorySegment parameters, boolean shortOfSpace) {
    Replica replica =
        Replica.createPrivate(layout, scenario.seed(), rank, incarnation, () -> letOthersAct(rank));
    SimWorker worker = new SimWorker(replica, this::die, counts);
    try {
      replica.initialise(parameters);
      checker.created(replica);
      fabric.own(replica, worker);
      worker.jump(random.nextLong(HOLD_LIMIT_NS));
      long room = shortOfSpace ? 4 + random.nextInt(8 * scenario.steps()) : Long.MAX_VALUE;
      worker.open(new Worker(context(worker, room), replica));
      return worker;
    } catch (Throwable failure) {
      worker.close();
      throw failure;
    }
  }

  private JobContext context(SimWorker worker, long room) {
    Mutant mutant = scenario.mutant();
    return new JobContext()
        .workers(scenario.workers())
        .stripes(stripes)
        .topology(scenario.topology())
        .chunkBytes(CHUNK_BYTES)
        .holdLimitNs(HOLD_LIMIT_NS)
        .peerCheckNs(PEER_CHECK_NS)
        .backoffNs(1_000, 50_000)
        .schedule(new Schedule.Constant(1f))
        .mergeLimit(0)
        .seed(scenario.seed())
        .kernels(() -> mutant.kernels(new CheckedKernels(new CpuKernels(), checker)))
        .journal(
            (rank, incarnation) ->
                new JournalPair(
                    checker.journal(rank), mutant.log(logs.open(worker, room, counts, scenario))))
        .clock(() -> agenda.nowNs() + worker.clockOffsetNs())
        .conclude();
  }

  private void start(SimWorker worker) {
    worker.startedAt(agenda.nowNs());
    checker.acting(worker.rank());
    int rank = worker.rank();
    worker.connect(
        scenario.mutant().fabric(fabric),
        members,
        new CheckedCompute(
            scenario, worker, checker, random.split(), counts, () -> letOthersAct(rank)));
    agenda.after(pace.agentNs(worker.rank()), () -> agentActs(worker));
    agenda.after(pace.computeNs(worker.rank()), () -> computeActs(worker));
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
          return new RegionDescriptor("sim", rank, incarnation, scenario.seed(), "");
        }
      };

  /** The compute thread of a rank is between two loads or stores: everything else goes on. */
  private void letOthersAct(int rank) {
    SimWorker worker = workers.get(rank);
    // Now and then for so long that others publish and lock again meanwhile.
    int most = random.nextInt(SELDOM) == 0 ? LONG_OTHERS : MOST_OTHERS;
    for (int left = random.nextInt(most); left > 0; left--) {
      agenda.next();
    }
    if (worker.isDead()) {
      throw new SimulatedDeath(rank);
    }
    checker.acting(rank);
  }

  private void agentActs(SimWorker worker) {
    if (!isAbleToAct(worker, () -> agentActs(worker))) {
      return;
    }
    checker.acting(worker.rank());
    checker.happened("agent", worker.rank(), agenda.nowNs());
    try {
      worker.doWork();
      checker.returned("doWork", POST_BOUND);
      bounds.check(worker, agenda.nowNs());
      sets.poll(worker);
    } catch (SimulatedDeath death) {
      die(worker);
      return;
    } catch (StarlingException failure) {
      stop(worker, failure);
      return;
    }
    agenda.after(pace.agentNs(worker.rank()), () -> agentActs(worker));
  }

  private void computeActs(SimWorker worker) {
    if (!isAbleToAct(worker, () -> computeActs(worker)) || worker.compute().isFinished()) {
      return;
    }
    checker.acting(worker.rank());
    checker.happened("compute", worker.rank(), agenda.nowNs());
    try {
      worker.compute().act();
    } catch (SimulatedDeath death) {
      // It died while others acted; the rest of the world knows.
      return;
    }
    checker.returned("the compute thread", 0);
    agenda.after(pace.computeNs(worker.rank()), () -> computeActs(worker));
  }

  private boolean isAbleToAct(SimWorker worker, Runnable again) {
    worker.wake(agenda.nowNs());
    if (worker.isDead()) {
      return false;
    }
    if (worker.isPaused()) {
      agenda.at(worker.pausedUntilNs(), again);
      return false;
    }
    return true;
  }

  /** An agent failed: with a full log that is what should happen, otherwise it is a mistake. */
  private void stop(SimWorker worker, StarlingException failure) {
    if (!(failure instanceof LogFullException)) {
      checker.violated("rank " + worker.rank() + " failed: " + failure.getMessage());
      return;
    }
    counts.add(Fault.DISK_FULL);
    worker.endLog();
    die(worker);
  }

  private void die(SimWorker worker) {
    if (worker.isDead()) {
      return;
    }
    worker.markDead();
    deaths++;
    checker.happened("died", worker.rank(), agenda.nowNs());
    sets.lost();
    boolean returns = scenario.amount(Fault.RETURN) > 0;
    // Where workers return, peers may notice a death late, even after the successor has connected.
    long noticedAfterNs = returns ? random.nextLong(NOTICE_NS) : 0;
    fabric.kill(worker.replica(), noticedAfterNs);
    checker.died(worker.rank());
    if (returns) {
      returning++;
      agenda.after(random.nextLong(4 * HOLD_LIMIT_NS), () -> comeBack(worker));
    }
  }

  /** A new incarnation with the model of one that lives, or the initial one when nobody does. */
  private void comeBack(SimWorker before) {
    int rank = before.rank();
    if (sets.isUnderWay(layout.stripes())) {
      agenda.after(HOLD_LIMIT_NS, () -> comeBack(before));
      return;
    }
    returning--;
    returned++;
    counts.add(Fault.RETURN);
    gone.add(before);
    SimWorker worker;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment model = arena.allocate(layout.parameterCount() * Float.BYTES);
      Origin origin = new Origin(0, Origin.NONE, 0, sets.newest(), 0, new long[layout.stripes()]);
      for (SimWorker living : workers) {
        if (!living.isDead()) {
          origin = living.copyTo(model);
          break;
        }
      }
      worker = create(rank, before.replica().incarnation() + 1, model, false);
      workers.set(rank, worker);
      worker.restore(origin);
    }
    checker.happened("returned", rank, agenda.nowNs());
    start(worker);
    announced[rank] = worker.replica().incarnation();
    sets.joined(worker);
    incidents.planForReturned(worker, this::die);
  }

  /**
   * Runs a scenario to its end.
   *
   * @param scenario what to simulate
   * @return how it ended; never throws for a violated invariant
   */
  public static SimReport run(Scenario scenario) {
    return run(scenario, null);
  }

  /**
   * Runs a scenario to its end and tells what happens.
   *
   * @param scenario what to simulate
   * @param trace is given one line per event, or null
   * @return how it ended; never throws for a violated invariant
   */
  public static SimReport run(Scenario scenario, Consumer<String> trace) {
    Simulation simulation = new Simulation(scenario, trace);
    Map<String, Long> totals;
    try {
      simulation.runToTheEnd();
      totals = simulation.totals();
    } finally {
      simulation.close();
    }
    simulation.checkClosed();
    return simulation.report(totals);
  }

  private void runToTheEnd() {
    long steps = (long) scenario.steps() * scenario.workers() * scenario.stripes();
    long bound = EVENTS_PER_STEP * steps + MORE_EVENTS;
    try {
      while (!isFinished() && checker.violations().isEmpty()) {
        agenda.next();
        if (agenda.happened() > bound) {
          checker.violated("I8: not finished after " + bound + " events, " + unfinished());
        }
      }
    } catch (RuntimeException failure) {
      checker.violated("a worker failed: " + failure);
    }
    if (checker.violations().isEmpty()) {
      checker.finished();
      sumsCompared = new Accounts(scenario, layout, checker).check(workers, deaths);
      proveReplay();
    }
  }

  private boolean isFinished() {
    if (returning > 0) {
      return false;
    }
    for (SimWorker worker : workers) {
      if (!worker.isDead() && !worker.isFinished()) {
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

  private void proveReplay() {
    try {
      checkReplay();
    } catch (RuntimeException failure) {
      checker.violated("P7: the logs cannot be replayed: " + failure);
    }
  }

  private void checkReplay() {
    List<Replica> living =
        workers.stream().filter(worker -> !worker.isDead()).map(SimWorker::replica).toList();
    for (SimWorker worker : workers) {
      try {
        worker.endLog();
      } catch (LogFullException full) {
        counts.add(Fault.DISK_FULL);
      }
    }
    logs.prove(0, living, checker);
    if (sets.complete() > 0) {
      provedFromASet++;
      logs.dropBefore(sets.complete());
      logs.prove(sets.complete(), living, checker);
    }
  }

  private Map<String, Long> totals() {
    Map<String, Long> totals = Accounts.totals(workers, gone, checker, returned);
    counts.putDeaths(totals);
    totals.put("proved_from_a_set", provedFromASet);
    totals.put("sums_compared", sumsCompared);
    return totals;
  }

  private SimReport report(Map<String, Long> totals) {
    List<String> violations = new ArrayList<>();
    for (String violation : checker.violations()) {
      violations.add(violation + " [seed " + scenario.seed() + "]");
    }
    return new SimReport(
        scenario,
        violations,
        checker.traceHash() * 31 + agenda.happened(),
        agenda.happened(),
        agenda.nowNs(),
        counts.toMap(),
        totals);
  }

  private void checkClosed() {
    if (checker.violations().isEmpty()) {
      fabric.checkClosed();
    }
  }

  @Override
  public void close() {
    fabric.end();
    List<AutoCloseable> opened = new ArrayList<>(workers);
    opened.addAll(gone);
    opened.add(logs);
    CloseHelper.closeAll(opened);
  }
}
