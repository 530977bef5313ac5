package dev.starling.engine.exchange;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.starling.engine.stress.Slots;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The exchange machine as it is, against a compute thread or another machine. A replica has the
 * same value in all its parameters, and every update changes it: a plane with two values is torn.
 */
public final class ExchangeStress {
  private static final int ROUNDS = 3;
  private static final Slots<Pair> SLOTS = new Slots<>(slot -> new Pair());

  private ExchangeStress() {}

  /** Two workers with an agent each. */
  private static final class Pair {
    final StressedWorker first = new StressedWorker(0);
    final StressedWorker second = new StressedWorker(1);

    Pair() {
      first.toPeer = new DirectRemote(second.replica, 0);
      second.toPeer = new DirectRemote(first.replica, 1);
    }

    /** Both start with values that the updates of one sample cannot make equal to their first. */
    void reset() {
      first.fill(64);
      second.fill(0);
    }
  }

  /** The home's own agent steps alone while its compute thread reads. */
  @JCStressTest
  @Outcome(id = "0, 3, 0", expect = ACCEPTABLE, desc = "snapshots stay whole")
  @Outcome(expect = FORBIDDEN, desc = "a pinned plane was written")
  @State
  public static class OwnAgentAgainstCompute {
    private final Slots.Lease<Pair> lease = SLOTS.claim();
    private final Pair pair = lease.thing();

    /** Starts from known values. */
    public OwnAgentAgainstCompute() {
      pair.reset();
    }

    @Actor
    public void compute(III_Result r) {
      r.r1 = pair.first.snapshots();
    }

    @Actor
    public void agent(III_Result r) {
      for (int i = 0; i < ROUNDS; i++) {
        r.r2 += pair.first.exchange(null);
      }
    }

    @Arbiter
    public void after(III_Result r) {
      lease.end();
      r.r3 = pair.first.faults(r.r2) + (pair.first.value() == 64 - r.r2 ? 0 : 8);
    }
  }

  /** The peer's agent exchanges with the home while the home's compute thread reads. */
  @JCStressTest
  @Outcome(id = "0, 3, 0", expect = ACCEPTABLE, desc = "snapshots stay whole")
  @Outcome(expect = FORBIDDEN, desc = "a pinned plane was written")
  @State
  public static class PeerAgainstCompute {
    private final Slots.Lease<Pair> lease = SLOTS.claim();
    private final Pair pair = lease.thing();

    /** Starts from known values. */
    public PeerAgainstCompute() {
      pair.reset();
    }

    @Actor
    public void compute(III_Result r) {
      r.r1 = pair.first.snapshots();
    }

    @Actor
    public void peer(III_Result r) {
      for (int i = 0; i < ROUNDS; i++) {
        r.r2 += pair.second.exchange(pair.second.toPeer);
      }
    }

    @Arbiter
    public void after(III_Result r) {
      lease.end();
      r.r3 =
          pair.first.faults(r.r2)
              + 8 * pair.second.faults(r.r2)
              + (pair.first.value() + pair.second.value() == 64 - r.r2 ? 0 : 64);
    }
  }

  /** Both agents exchange with one another: the sum falls by one per published update. */
  @JCStressTest
  @Outcome(id = "[0-3], [0-3], 0", expect = ACCEPTABLE, desc = "both or neither replica changed")
  @Outcome(expect = FORBIDDEN, desc = "an exchange is visible on one side, or an update is lost")
  @State
  public static class BothAgents {
    private final Slots.Lease<Pair> lease = SLOTS.claim();
    private final Pair pair = lease.thing();

    /** Starts from known values. */
    public BothAgents() {
      pair.reset();
    }

    @Actor
    public void first(III_Result r) {
      for (int i = 0; i < ROUNDS; i++) {
        r.r1 += pair.first.exchange(pair.first.toPeer);
      }
    }

    @Actor
    public void second(III_Result r) {
      for (int i = 0; i < ROUNDS; i++) {
        r.r2 += pair.second.exchange(pair.second.toPeer);
      }
    }

    @Arbiter
    public void after(III_Result r) {
      lease.end();
      int publishes = r.r1 + r.r2;
      r.r3 =
          pair.first.faults(publishes)
              + 8 * pair.second.faults(publishes)
              + (pair.first.value() + pair.second.value() == 64 - publishes ? 0 : 64);
    }
  }
}
