package dev.starling.engine.sim;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.log.Origin;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.CommunicationAgent;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** One worker of a simulation: its agent, its compute side, its clock, and how it may fail. */
final class SimWorker implements AutoCloseable {
  /** What a worker that dies outside a call of its own tells. */
  @FunctionalInterface
  interface Deaths {
    void die(SimWorker worker);
  }

  private final Replica replica;
  private final ReplicaLayout layout;
  private final Deaths deaths;
  private final FaultCounts counts;
  private Worker worker;
  private CommunicationAgent agent;
  private SimCompute compute;
  private CrashPoint crashPoint;
  private long clockOffsetNs;
  private long pausedUntilNs;
  private long resumedAtNs;
  private boolean paused;
  private boolean dead;
  private long requested;
  private SimSink sink;

  SimWorker(Replica replica, Deaths deaths, FaultCounts counts) {
    this.replica = replica;
    this.deaths = deaths;
    this.counts = counts;
    layout = replica.layout();
  }

  void open(Worker opened) {
    worker = opened;
  }

  void connect(Fabric fabric, Membership members, SimCompute side) {
    compute = side;
    agent = worker.connect(fabric, members, side::submitted);
  }

  Worker worker() {
    return worker;
  }

  SimCompute compute() {
    return compute;
  }

  int rank() {
    return replica.rank();
  }

  Replica replica() {
    return replica;
  }

  long count(Counter counter) {
    return worker.counters().get(counter);
  }

  void sink(SimSink value) {
    sink = value;
  }

  SimSink sink() {
    return sink;
  }

  /** The worker will die at a step of its own. */
  void crashPoint(CrashPoint point) {
    crashPoint = point;
  }

  long clockOffsetNs() {
    return clockOffsetNs;
  }

  void jump(long byNs) {
    clockOffsetNs += byNs;
  }

  void pause(long nowNs, long durationNs) {
    paused = true;
    pausedUntilNs = Math.max(pausedUntilNs, nowNs + durationNs);
  }

  /** A pause that is over ends here. */
  void wake(long nowNs) {
    if (paused && nowNs >= pausedUntilNs) {
      paused = false;
      resumedAtNs = nowNs;
    }
  }

  boolean isPaused() {
    return paused;
  }

  long pausedUntilNs() {
    return pausedUntilNs;
  }

  /** {@return since when the worker runs without a pause} */
  long runningSinceNs() {
    return resumedAtNs;
  }

  void startedAt(long nowNs) {
    resumedAtNs = nowNs;
  }

  /** The worker is gone; whoever finds that out tells the rest of the world. */
  void markDead() {
    dead = true;
  }

  boolean isDead() {
    return dead;
  }

  /** The worker passes a step inside a call of its own, and may die there. */
  void passed(CrashPoint.Moment moment) {
    if (!survives(moment)) {
      throw new SimulatedDeath(rank());
    }
  }

  boolean survives(CrashPoint.Moment moment) {
    if (dead || crashPoint == null || !crashPoint.isHit(moment)) {
      return true;
    }
    crashPoint = null;
    counts.died(moment);
    return false;
  }

  /** The worker passes a step in which none of its threads takes part, and may die there. */
  void passedOutsideACall(CrashPoint.Moment moment) {
    if (!survives(moment)) {
      deaths.die(this);
    }
  }

  boolean isFinished() {
    return compute.isFinished() && worker.isQuiescent();
  }

  boolean isQuiescent() {
    return worker.isQuiescent();
  }

  int doWork() {
    return agent.doWork();
  }

  /** Asks the agent for a copy of the worker's state. */
  void requestCopy(long set) {
    requested = set;
    worker.requestCheckpoint(set);
  }

  /** The copy that was asked for is of no use any more. */
  void forgetCopy() {
    requested = 0;
  }

  /** Saves the copy that was asked for, once it is complete. */
  boolean saveCopy(SimLogs logs) {
    if (dead || requested == 0 || worker.takenCheckpoint(requested) == null) {
      return false;
    }
    logs.save(worker.takenCheckpoint(requested));
    requested = 0;
    return true;
  }

  /** Says where the replica came from. */
  void restore(Origin origin) {
    worker.restore(origin, Map.of());
  }

  /** Ends the log in good order, if the worker lives. */
  void endLog() {
    crashPoint = null;
    if (!dead) {
      worker.endJournal();
    }
  }

  /** Copies the published model, as a rank that joins again does under the locks. */
  Origin copyTo(MemorySegment model) {
    long[] copied = new long[layout.stripes()];
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      MemorySegment.copy(
          replica.segment(),
          layout.planeOffset(stripe, LockWord.current(replica.lockWord(stripe))),
          model,
          layout.stripeStart(stripe) * Float.BYTES,
          layout.stripeLengthBytes(stripe));
      copied[stripe] = LockWord.fullVersion(replica.lockWord(stripe), replica.version(stripe));
    }
    return new Origin(Origin.NONE, rank(), replica.incarnation(), replica.cut(0), 0, copied);
  }

  /** {@return how many of a stripe's planes are in quarantine} */
  int quarantined(int stripe) {
    return Integer.bitCount(ControlLine.quarantined(replica.guardWord(stripe)));
  }

  String describe() {
    StringBuilder text = new StringBuilder("rank " + rank() + " submitted " + compute.submitted());
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      text.append(", stripe ")
          .append(stripe)
          .append(' ')
          .append(LockWord.describe(replica.lockWord(stripe)));
    }
    return text.toString();
  }

  @Override
  public void close() {
    if (sink != null) {
      sink.abandon();
    }
    if (worker == null) {
      replica.close();
    } else {
      worker.close();
    }
  }
}
