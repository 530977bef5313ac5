package dev.starling.engine.replica;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The guard word's quarantine: who locks after a break does not write the plane taken away. */
public final class QuarantineStress {
  private static final int AWAY = 1;
  private static final int ATTEMPTS = 200;

  private QuarantineStress() {}

  /** The home breaks the peer's lock, as its guard does. */
  private static void breakLock(Stripe stripe) {
    long word = stripe.replica.lockWord(0);
    stripe.replica.quarantine(0, LockWord.target(word));
    stripe.swap(word, LockWord.fence(word));
  }

  /** Another peer locks as soon as the stripe is free; its target, or -1 if it never was. */
  private static int lock(Stripe stripe) {
    long held = stripe.lock(Stripe.OTHER);
    return held == 0 ? -1 : LockWord.target(held);
  }

  /** Another peer locks while the home breaks. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "the plane that is left")
  @Outcome(id = "-1", expect = ACCEPTABLE, desc = "not free in time")
  @Outcome(expect = FORBIDDEN, desc = "the target is current or quarantined")
  @State
  public static class AgainstTaker {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(AWAY));

    @Actor
    public void home() {
      breakLock(stripe);
    }

    @Actor
    public void taker(I_Result r) {
      r.r1 = lock(stripe);
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** Mistake: the guard is read before the word, and not again under the lock. */
  @JCStressTest
  @Outcome(id = "2|-1", expect = ACCEPTABLE)
  @Outcome(id = "1", expect = ACCEPTABLE_INTERESTING, desc = "the target is quarantined")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedGuardBeforeWord {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(AWAY));

    @Actor
    public void home() {
      breakLock(stripe);
    }

    @Actor
    public void taker(I_Result r) {
      r.r1 = -1;
      for (int i = 0; i < ATTEMPTS && r.r1 < 0; i++) {
        long guard = stripe.replica.guardWord(0);
        long word = stripe.replica.lockWord(0);
        int target = ControlLine.freePlane(word, guard);
        if (LockWord.isFree(word)
            && stripe.swap(word, LockWord.acquire(word, Stripe.OTHER, 1, target))) {
          r.r1 = target;
        }
      }
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** Mistake: the plane is quarantined after the lock is broken. */
  @JCStressTest
  @Outcome(id = "2|-1", expect = ACCEPTABLE)
  @Outcome(id = "1", expect = ACCEPTABLE_INTERESTING, desc = "the target is quarantined")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedFenceBeforeQuarantine {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(AWAY));

    @Actor
    public void home() {
      long word = stripe.replica.lockWord(0);
      stripe.swap(word, LockWord.fence(word));
      stripe.replica.quarantine(0, LockWord.target(word));
    }

    @Actor
    public void taker(I_Result r) {
      r.r1 = lock(stripe);
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** A free stripe whose plane 1 is quarantined because of a peer that has not acknowledged. */
  private static Stripe quarantined() {
    Stripe stripe = new Stripe();
    stripe.replica.quarantine(0, AWAY);
    stripe.replica.countFence(Stripe.PEER);
    return stripe;
  }

  private static void lateWrite(Stripe stripe) {
    for (int i = 0; i < 8; i++) {
      stripe.write(AWAY, 1_000_000 + i);
    }
  }

  private static void acknowledge(Stripe stripe) {
    AttachmentTable.acknowledge(
        stripe.region, Stripe.PEER, AttachmentTable.fences(stripe.region, Stripe.PEER));
  }

  /** The home waits for the acknowledgement, then uses the plane again; 1 if it came. */
  private static int lift(Stripe stripe) {
    long fences = AttachmentTable.fences(stripe.region, Stripe.PEER);
    for (int i = 0; i < ATTEMPTS; i++) {
      if (AttachmentTable.acknowledged(stripe.region, Stripe.PEER) >= fences) {
        stripe.replica.liftQuarantine(0, AWAY);
        return stripe.writeAndPublish(stripe.tryLock(Stripe.HOME)) ? 1 : 100;
      }
      Thread.onSpinWait();
    }
    return 0;
  }

  /** The late writer acknowledges after its last write. */
  @JCStressTest
  @Outcome(id = "[01], 0", expect = ACCEPTABLE, desc = "no late write after the plane's return")
  @Outcome(expect = FORBIDDEN, desc = "a late write hit a plane in use")
  @State
  public static class Lifting {
    private final Stripe stripe = quarantined();

    @Actor
    public void late() {
      lateWrite(stripe);
      acknowledge(stripe);
    }

    @Actor
    public void home(II_Result r) {
      r.r1 = lift(stripe);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = stripe.faults(r.r1);
    }
  }

  /** Mistake: the late writer acknowledges first. */
  @JCStressTest
  @Outcome(id = "[01], 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "a late write hit a plane in use")
  @State
  public static class PlantedEarlyAcknowledgement {
    private final Stripe stripe = quarantined();

    @Actor
    public void late() {
      acknowledge(stripe);
      lateWrite(stripe);
    }

    @Actor
    public void home(II_Result r) {
      r.r1 = lift(stripe);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = stripe.faults(r.r1);
    }
  }
}
