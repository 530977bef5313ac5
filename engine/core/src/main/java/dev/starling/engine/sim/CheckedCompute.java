package dev.starling.engine.sim;

import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/** A compute side whose gradients are all the same, and that looks hard at its snapshots. */
final class CheckedCompute implements SimCompute {
  /** The value of every element of every finite gradient. */
  static final float GRADIENT = 0.25f;

  private static final int THOUSAND = 1000;
  private static final int MAX_READS = 6;

  private final Scenario scenario;
  private final Worker worker;
  private final BooleanSupplier submitting;
  private final Replica replica;
  private final ReplicaLayout layout;
  private final InvariantChecker checker;
  private final SplittableRandom random;
  private final FaultCounts counts;
  private final Runnable others;
  private final int[] planes;
  private final float[][] seen;
  private Snapshot snapshot;
  private int readsLeft;
  private int submitted;

  CheckedCompute(
      Scenario scenario,
      SimWorker owner,
      InvariantChecker checker,
      SplittableRandom random,
      FaultCounts counts,
      Runnable others) {
    this.scenario = scenario;
    this.worker = owner.worker();
    submitting = scenario.mutant().submitting(worker);
    this.replica = owner.replica();
    this.layout = replica.layout();
    this.checker = checker;
    this.random = random;
    this.counts = counts;
    this.others = others;
    planes = new int[layout.stripes()];
    seen = new float[layout.stripes()][];
  }

  @Override
  public int submitted() {
    return submitted;
  }

  @Override
  public boolean isFinished() {
    return submitted == scenario.steps() && snapshot == null;
  }

  @Override
  public void act() {
    if (snapshot == null) {
      if (submitted < scenario.steps()) {
        open();
      }
    } else if (readsLeft-- > 0) {
      look();
    } else {
      submit();
    }
  }

  private void open() {
    snapshot = worker.snapshot();
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      int pinned = ControlLine.pinned(replica.guardWord(stripe));
      planes[stripe] = scenario.mutant().pin(replica, stripe, pinned, others);
      checker.pinned(replica, stripe, planes[stripe]);
      seen[stripe] = checker.content(replica, stripe, planes[stripe]);
      requireUniform(stripe);
    }
    readsLeft = random.nextInt(MAX_READS);
  }

  /** Every published state has the same value in all parameters of a stripe. */
  private void requireUniform(int stripe) {
    for (float value : seen[stripe]) {
      if (value != seen[stripe][0]) {
        checker.violated(
            "P3: the snapshot of stripe "
                + stripe
                + " of rank "
                + replica.rank()
                + " is torn: "
                + value
                + " beside "
                + seen[stripe][0]);
        return;
      }
    }
  }

  private void look() {
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      if (!Arrays.equals(checker.content(replica, stripe, planes[stripe]), seen[stripe])) {
        checker.violated(
            "I2: the snapshot of stripe "
                + stripe
                + " of rank "
                + replica.rank()
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
    boolean bad = random.nextInt(THOUSAND) < scenario.amount(Fault.NON_FINITE);
    if (bad) {
      counts.add(Fault.NON_FINITE);
      gradient.setAtIndex(ValueLayout.JAVA_FLOAT, random.nextLong(count), Float.NaN);
    }
    if (submitting.getAsBoolean() == bad) {
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
  static float currentValue(InvariantChecker checker, Replica replica, int stripe) {
    float[] values = checker.content(replica, stripe, LockWord.current(replica.lockWord(stripe)));
    for (float value : values) {
      if (value != values[0]) {
        checker.violated(
            "P3: stripe "
                + stripe
                + " of rank "
                + replica.rank()
                + " is torn: "
                + value
                + " beside "
                + values[0]);
      }
    }
    return values[0];
  }
}
