package dev.starling.engine.replica;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The home breaks the lock of a peer that writes plane 1 and publishes it: either the publish
 * counts or the fence, and a late write reaches no plane in use.
 */
public final class FenceStress {
  private static final int HELD_TARGET = 1;

  private FenceStress() {}

  /** The holder: 1 if its publish counted. */
  private static int publish(Stripe stripe) {
    return stripe.writeAndPublish(Stripe.heldByPeer(HELD_TARGET)) ? 1 : 0;
  }

  /** The home: breaks the lock and publishes a state of its own; 1 if the fence counted. */
  private static int breakLock(Stripe stripe, boolean quarantine) {
    long word = stripe.replica.lockWord(0);
    if (LockWord.isFree(word)) {
      return 0;
    }
    if (quarantine) {
      stripe.replica.quarantine(0, LockWord.target(word));
    }
    if (!stripe.swap(word, LockWord.fence(word))) {
      stripe.replica.liftQuarantine(0, LockWord.target(word));
      return 0;
    }
    long held = stripe.tryLock(Stripe.HOME);
    return held != 0 && stripe.writeAndPublish(held) ? 1 : 100;
  }

  private static int faults(Stripe stripe, III_Result r) {
    // A fence and the home's own publish, or the holder's publish.
    return stripe.faults(r.r1 + 2 * r.r2, Stripe.FIRST_VERSION + r.r1 + 2 * r.r2, 0);
  }

  /** As it is. */
  @JCStressTest
  @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "the publish counted")
  @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "the fence counted")
  @Outcome(expect = FORBIDDEN, desc = "both or neither, or a late write into a plane in use")
  @State
  public static class AgainstPublish {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(HELD_TARGET));

    @Actor
    public void holder(III_Result r) {
      r.r1 = publish(stripe);
    }

    @Actor
    public void home(III_Result r) {
      r.r2 = breakLock(stripe, true);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = faults(stripe, r);
    }
  }

  /** Mistake: the plane of a holder that is not cut off stays in use. */
  @JCStressTest
  @Outcome(id = "1, 0, 0|0, 1, 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "the late write hit the home's state")
  @State
  public static class PlantedNoQuarantine {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(HELD_TARGET));

    @Actor
    public void holder(III_Result r) {
      r.r1 = publish(stripe);
    }

    @Actor
    public void home(III_Result r) {
      r.r2 = breakLock(stripe, false);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = faults(stripe, r);
    }
  }

  /** Mistake: the holder releases by a store. */
  @JCStressTest
  @Outcome(id = "1, 0, 0|0, 1, 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "the publish undid the fence")
  @State
  public static class PlantedReleaseByStore {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(HELD_TARGET));

    @Actor
    public void holder(III_Result r) {
      long desired = LockWord.publish(Stripe.heldByPeer(HELD_TARGET));
      stripe.write(HELD_TARGET, (int) LockWord.version(desired));
      ControlLine.writeWord(stripe.region, stripe.line + ControlLine.LOCK_OFFSET, desired);
      r.r1 = 1;
    }

    @Actor
    public void home(III_Result r) {
      r.r2 = breakLock(stripe, true);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = faults(stripe, r);
    }
  }
}
