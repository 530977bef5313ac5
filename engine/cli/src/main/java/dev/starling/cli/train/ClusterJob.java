package dev.starling.cli.train;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.ClusterBoard;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.cluster.RollCall;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.rendezvous.ControlLink;
import dev.starling.engine.rendezvous.JobToken;
import dev.starling.engine.rendezvous.LaunchEnvironment;
import dev.starling.engine.worker.JobObserver;
import dev.starling.engine.worker.JoinedWorker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * One rank of a run whose ranks were started one by one, on this host or on several. Nobody
 * supervises them: the lowest rank that lives evaluates and saves at the end.
 *
 * <pre>
 *   link up --all there, or the limit--> fabric chosen --> replica, agent --joined--> training
 *     --the work is done--> finished --everybody finished--> lowest rank: evaluates, done --> all leave
 * </pre>
 */
final class ClusterJob implements TrainingJob {
  private static final long POLL_MS = 10;

  /** How long a rank that is to stop waits for others to finish, or for an evaluation. */
  private static final long STOP_LIMIT_NS = TimeUnit.SECONDS.toNanos(4);

  private static final long STOPPING_LEADER_LIMIT_NS = TimeUnit.SECONDS.toNanos(8);
  private static final long STANDSTILL_NS = TimeUnit.SECONDS.toNanos(120);

  private final RunPlan plan;
  private final StopSignal stop;
  private final Consumer<String> tell;
  private final List<String> incidents = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final int rank;
  private final ClusterBoard cluster;
  private final JoinedWorker joined;
  private final JobObserver observer;
  private volatile boolean expelled;
  private volatile boolean over;
  private volatile boolean evaluates;
  private long standingSinceNs = System.nanoTime();
  private long stepsSeen;

  /**
   * Joins the job.
   *
   * @param plan the run
   * @param place this process's place in the job
   * @param parameters the initial model
   * @param stop ends this rank's part early
   * @param tell takes a sentence for people, from any thread
   */
  ClusterJob(
      RunPlan plan,
      LaunchEnvironment place,
      MemorySegment parameters,
      StopSignal stop,
      Consumer<String> tell) {
    this.plan = plan;
    this.stop = stop;
    this.tell = tell;
    rank = place.rank();
    tell.accept("rank %d of %d, told by %s".formatted(rank, place.worldSize(), place.source()));
    try {
      ControlLink link = opened(link(place));
      RollCall roll = new RollCall(link, place.worldSize());
      roll.announce();
      final long gatherLeftNs = await(roll);
      ShmFabric shared = new ShmFabric(plan.options().directory);
      shared.removeDeadRegions();
      Fabric fabric = opened(FabricChoice.open(plan.options(), link, roll, shared, tell));
      cluster =
          opened(
              new ClusterBoard(
                  link, roll, shared, fabric, plan.budget().total(), gatherLeftNs, this::incident));
      PassWarmUp.run(plan, rank, parameters, stop);
      joined =
          opened(
              JoinedWorker.join(
                  plan.context(), cluster.board(), rank, link.incarnation(), parameters));
      opened.add(cluster::end);
      cluster.watch(joined.worker().counters(), joined.worker()::published);
      tellSource();
      observer =
          opened(new JobObserver(cluster.board(), plan.context().conclude().layout(), cluster));
    } catch (Throwable failure) {
      closeOpened(failure);
      throw failure;
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    opened.add(resource);
    return resource;
  }

  private long gatherNs() {
    return (long) (plan.options().launch.gatherSeconds * 1e9);
  }

  private ControlLink link(LaunchEnvironment place) {
    TrainOptions options = plan.options();
    ControlLink.Context context =
        new ControlLink.Context(place)
            .token(JobToken.detect(System.getenv(), options.launch.tokenFile))
            .shape(shape(options))
            .progressLongs(ClusterBoard.PROGRESS_WORDS)
            .joinTimeoutNs(Math.max(1_000_000_000L, gatherNs()))
            .deadAfterNs((long) (options.launch.silenceSeconds * 1e9))
            .listener(
                new ControlLink.Listener() {
                  @Override
                  public void onRefused(String sentence) {
                    tell.accept(sentence);
                  }

                  @Override
                  public void onWarning(String sentence) {
                    tell.accept(sentence);
                  }

                  @Override
                  public void onExpelled(int other, String sentence) {
                    expelled = true;
                    tell.accept(sentence);
                  }
                });
    try {
      return stop.interrupting(() -> ControlLink.open(context));
    } catch (StarlingException failure) {
      throw stop.isRequested()
          ? new StarlingException(
              "stopped before rank " + rank + " had joined the job: nothing was trained", failure)
          : failure;
    }
  }

  /** What every rank of a job must agree on. */
  private String shape(TrainOptions options) {
    return ("model=%s parameters=%d stripe-bytes=%d algorithm=%s topology=%s optimizer=%s batch=%d"
            + " seed=%d lr=%s momentum=%s weight-decay=%s schedule=%s warmup=%s fabric=%s"
            + " work=%d")
        .formatted(
            options.model,
            plan.parameterCount(),
            options.stripeBytes,
            options.algorithm,
            options.topology,
            options.optimizer,
            options.batch,
            options.seed,
            options.learningRate(),
            options.momentum,
            options.weightDecay(),
            options.schedule,
            options.warmupEpochs,
            options.launch.fabric,
            plan.budget().total());
  }

  /**
   * Waits until every rank is there, or the job has begun without this one. Who comes later than
   * the limit joins a job that has begun.
   *
   * @return what is left of the limit
   */
  private long await(RollCall roll) {
    long deadlineNs = System.nanoTime() + gatherNs();
    while (!roll.isComplete()
        && !roll.hasBegun()
        && !stop.isRequested()
        && System.nanoTime() - deadlineNs < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(POLL_MS));
    }
    return Math.max(0, deadlineNs - System.nanoTime());
  }

  private void tellSource() {
    if (joined.source() != RankRecord.INITIAL) {
      incident("rank %d copied the model of rank %d".formatted(rank, joined.source()));
    }
  }

  private void incident(String sentence) {
    incidents.add(sentence);
    tell.accept(sentence);
  }

  @Override
  public JobBoard board() {
    return cluster.board();
  }

  @Override
  public JobObserver observer() {
    return observer;
  }

  @Override
  public List<String> incidents() {
    return List.copyOf(incidents);
  }

  @Override
  public List<Integer> lostRanks() {
    List<Integer> lost = new ArrayList<>();
    for (int other = 0; other < board().workers(); other++) {
      if (board().rank(other).state() == RankRecord.State.ABSENT) {
        lost.add(other);
      }
    }
    return lost;
  }

  @Override
  public int restarts() {
    int restarts = 0;
    for (int other = 0; other < board().workers(); other++) {
      restarts += Math.max(0, observer.incarnation(other));
    }
    return restarts;
  }

  @Override
  public boolean isEvaluator() {
    return over ? evaluates : cluster.leader() == rank;
  }

  @Override
  public void train() throws Exception {
    if (joined.awaitStart(stop)) {
      new WorkerLoop(plan, board(), rank, this::isToStop).run(joined.worker());
    }
    requireMember();
    joined.finish(() -> true);
    while (!isOver()) {
      requireMember();
      Thread.sleep(POLL_MS);
    }
    requireMember();
    over = true;
  }

  private boolean isToStop() {
    return stop.isRequested() || joined.isStopRequested() || isOutcast();
  }

  /**
   * Whether the run goes on without this process: others take it for dead, and none is left that
   * does not. It would train alone, and save a second model.
   */
  private boolean isOutcast() {
    if (!expelled) {
      return false;
    }
    for (int other = 0; other < board().workers(); other++) {
      if (other != rank && cluster.isAlive(other)) {
        return false;
      }
    }
    return true;
  }

  private void requireMember() {
    if (isOutcast()) {
      throw new StarlingException(
          ("the other ranks take rank %d for dead, as it was silent for too long, and the run goes"
                  + " on without it: start it again with the same command, so that it joins anew")
              .formatted(rank));
    }
  }

  /** Whether this rank need not wait any more: another has evaluated, or this one is to. */
  private boolean isOver() {
    if (cluster.isDone()) {
      return true;
    }
    long stoppingNs = stop.isRequested() ? System.nanoTime() - stop.requestedNs() : 0;
    if (stoppingNs > 0) {
      cluster.leaving();
    }
    int leader = cluster.leader();
    if (leader != rank) {
      return stoppingNs > (cluster.isLeaving(leader) ? STOPPING_LEADER_LIMIT_NS : STOP_LIMIT_NS);
    }
    boolean late = stoppingNs > STOP_LIMIT_NS;
    // Where this rank alone was asked to stop, the run goes on and is another's to evaluate.
    evaluates = areOthersFinished() || isStandstill() || late && areOthersStopping();
    if (evaluates) {
      cluster.evaluating();
    }
    return evaluates || late;
  }

  private boolean areOthersStopping() {
    for (int other = 0; other < board().workers(); other++) {
      boolean goesOn = !isFinished(other) && !cluster.isLeaving(other);
      if (cluster.isAlive(other) && goesOn) {
        return false;
      }
    }
    return true;
  }

  private boolean isFinished(int other) {
    return board().rank(other).state().compareTo(RankRecord.State.FINISHED) >= 0;
  }

  private boolean areOthersFinished() {
    for (int other = 0; other < board().workers(); other++) {
      if (cluster.isAlive(other) && !isFinished(other)) {
        return false;
      }
    }
    return true;
  }

  private boolean isStandstill() {
    long steps = 0;
    for (int other = 0; other < board().workers(); other++) {
      steps += board().rank(other).steps();
    }
    long nowNs = System.nanoTime();
    if (steps != stepsSeen) {
      stepsSeen = steps;
      standingSinceNs = nowNs;
    }
    boolean standstill = nowNs - standingSinceNs > STANDSTILL_NS;
    if (standstill) {
      incident(
          "no rank has done a step for %d s and some have not finished: the run ends without them"
              .formatted(TimeUnit.NANOSECONDS.toSeconds(STANDSTILL_NS)));
    }
    return standstill;
  }

  @Override
  public void evaluated() {
    cluster.done();
  }

  @Override
  public void close() {
    StarlingException failed =
        new StarlingException("leaving the job failed: see the suppressed failures");
    closeOpened(failed);
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }

  private void closeOpened(Throwable collector) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Exception failure) {
        collector.addSuppressed(failure);
      }
    }
    opened.clear();
  }
}
