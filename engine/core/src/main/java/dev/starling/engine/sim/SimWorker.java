package dev.starling.engine.sim;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.log.Origin;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.CommunicationAgent;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;

/** One worker of a simulation: its agent, and its compute thread cut into steps. */
final class SimWorker implements AutoCloseable {
  /** The value of every element of every finite gradient. */
  static final float GRADIENT = 0.25f;

  private static final int THOUSAND = 1000;
  private static final int MAX_READS = 6;
  private static final long NEVER = Long.MAX_VALUE;

  private final Worker worker;
  private final Replica replica;
  private final ReplicaLayout layout;
  private final InvariantChecker checker;
  private final SplittableRandom random;
  private final SimOptions options;
  private CommunicationAgent agent;
  private Snapshot snapshot;
  private float[][] seen;
  private int readsLeft;
  private int submitted;
  private long dieAtMove = NEVER;
  private long pauseAtMove = NEVER;
  private long pauseNs;
  private long pausedUntilNs;
  private boolean dead;
  private long requested;

  SimWorker(
      Worker worker,
      Replica replica,
      InvariantChecker checker,
      SplittableRandom random,
      SimOptions options) {
    this.worker = worker;
    this.replica = replica;
    this.layout = replica.layout();
    this.checker = checker;
    this.random = random;
    this.options = options;
  }

  void connect(Fabric fabric, Membership members) {
    agent = worker.connect(fabric, members, () -> submitted);
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

  void dieAt(long move) {
    dieAtMove = move;
  }

  void pauseAt(long move, long durationNs) {
    pauseAtMove = move;
    pauseNs = durationNs;
  }

  boolean isDueToDie(long move) {
    return !dead && move >= dieAtMove;
  }

  void die() {
    dead = true;
  }

  boolean isDead() {
    return dead;
  }

  /** Whether the worker may move now; a pause begins here. */
  boolean isRunning(long move, long nowNs) {
    if (move >= pauseAtMove) {
      pauseAtMove = NEVER;
      pausedUntilNs = nowNs + pauseNs;
    }
    return !dead && nowNs >= pausedUntilNs;
  }

  boolean isFinished() {
    return submitted == options.steps() && snapshot == null && worker.isQuiescent();
  }

  void agent() {
    agent.doWork();
  }

  /** One step of the compute thread: open a snapshot, look at it again, or submit and close. */
  void compute() {
    if (snapshot == null) {
      if (submitted < options.steps()) {
        open();
      }
    } else if (readsLeft-- > 0) {
      look();
    } else {
      submit();
    }
    checker.returned("the compute thread", 0);
  }

  private void open() {
    snapshot = worker.snapshot();
    seen = new float[layout.stripes()][];
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      checker.pinned(replica, stripe, LockWord.current(replica.lockWord(stripe)));
      seen[stripe] = snapshot.stripe(stripe).toArray(ValueLayout.JAVA_FLOAT);
    }
    readsLeft = random.nextInt(MAX_READS);
  }

  private void look() {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      float[] now = snapshot.stripe(stripe).toArray(ValueLayout.JAVA_FLOAT);
      if (!java.util.Arrays.equals(now, seen[stripe])) {
        checker.violated(
            "I2: the snapshot of stripe "
                + stripe
                + " of rank "
                + rank()
                + " changed while it was pinned");
      }
    }
  }

  private void submit() {
    look();
    MemorySegment gradient = worker.gradient();
    long count = layout.parameterCount();
    for (long i = 0; i < count; i++) {
      gradient.setAtIndex(ValueLayout.JAVA_FLOAT, i, GRADIENT);
    }
    boolean bad = random.nextInt(THOUSAND) < options.nonFinite();
    if (bad) {
      gradient.setAtIndex(ValueLayout.JAVA_FLOAT, random.nextLong(count), Float.NaN);
    }
    if (worker.submit() == bad) {
      checker.violated(
          "P4: a gradient that is"
              + (bad ? " not" : "")
              + " finite was "
              + (bad ? "accepted" : "refused"));
    }
    submitted++;
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      checker.unpinned(replica, stripe);
    }
    snapshot.close();
    snapshot = null;
  }

  /** The value of a stripe's published plane, which must be the same in all its parameters. */
  float currentValue(int stripe) {
    float[] values = checker.content(replica, stripe, LockWord.current(replica.lockWord(stripe)));
    for (float value : values) {
      if (value != values[0]) {
        checker.violated(
            "P3: stripe "
                + stripe
                + " of rank "
                + rank()
                + " is torn: "
                + value
                + " beside "
                + values[0]);
      }
    }
    return values[0];
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
    if (requested == 0 || worker.takenCheckpoint(requested) == null) {
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

  String describe() {
    StringBuilder text =
        new StringBuilder("rank " + rank() + " submitted " + submitted + " of " + options.steps());
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
    worker.close();
  }
}
