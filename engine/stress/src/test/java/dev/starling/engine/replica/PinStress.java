package dev.starling.engine.replica;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The compute thread pins while a peer publishes (section 3 of the design): the peer's target under
 * the lock is never the plane whose pin was confirmed.
 */
public final class PinStress {
  private static final String MISSED = "the pinned plane became a target";

  private PinStress() {}

  /** The peer publishes plane 1, so that plane 0 is no longer current, and locks again. */
  private static int publishAndLock(Stripe stripe) {
    long held = Stripe.heldByPeer(1);
    stripe.swap(held, LockWord.publish(held));
    return LockWord.target(stripe.tryLock(Stripe.PEER));
  }

  /** The plane that the pin says and the snapshot is read from; -1 if they differ. */
  private static int pin(Stripe stripe) {
    int plane = LockWord.current(stripe.replica.pin(0));
    return ControlLine.pinned(stripe.replica.guardWord(0)) == plane ? plane : -1;
  }

  /** The same with a target chosen from a guard that was read before. */
  private static long publishAndLockWith(Stripe stripe, long guard) {
    long published = LockWord.publish(Stripe.heldByPeer(1));
    stripe.swap(Stripe.heldByPeer(1), published);
    long held =
        LockWord.acquire(published, Stripe.PEER, 1, ControlLine.freePlane(published, guard));
    stripe.swap(published, held);
    return held;
  }

  /** The least that can go wrong: the pinned plane and the next target. */
  @JCStressTest
  @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "pinned before the publish, and respected")
  @Outcome(id = "1, [02]", expect = ACCEPTABLE, desc = "pinned after the publish")
  @Outcome(expect = FORBIDDEN, desc = MISSED)
  @State
  public static class Handshake {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(1));

    @Actor
    public void compute(II_Result r) {
      r.r1 = pin(stripe);
    }

    @Actor
    public void peer(II_Result r) {
      r.r2 = publishAndLock(stripe);
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** The peer chose its target from an old guard and looks again under the lock. */
  @JCStressTest
  @Outcome(id = "0, 2", expect = ACCEPTABLE, desc = "pinned before the publish, and respected")
  @Outcome(id = "1, [02]", expect = ACCEPTABLE, desc = "pinned after the publish")
  @Outcome(expect = FORBIDDEN, desc = MISSED)
  @State
  public static class Retargeting {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(1));

    @Actor
    public void compute(II_Result r) {
      r.r1 = pin(stripe);
    }

    @Actor
    public void peer(II_Result r) {
      long guard = stripe.replica.guardWord(0);
      long held = publishAndLockWith(stripe, guard);
      r.r2 = LockWord.target(stripe.checkTarget(held));
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** Mistake: no fence between the pin and the second look at the lock word. */
  @JCStressTest
  @Outcome(id = "0, 2|1, [02]", expect = ACCEPTABLE)
  @Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = MISSED)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedNoFence {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(1));

    @Actor
    public void compute(II_Result r) {
      int plane;
      do {
        plane = LockWord.current(stripe.replica.lockWord(0));
        stripe.region.set(ValueLayout.JAVA_INT, stripe.line + ControlLine.PIN_OFFSET, plane + 1);
        r.r1 = LockWord.current(stripe.replica.lockWord(0));
      } while (r.r1 != plane);
    }

    @Actor
    public void peer(II_Result r) {
      r.r2 = publishAndLock(stripe);
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** Mistake: no second look at the lock word. */
  @JCStressTest
  @Outcome(id = "0, 2|1, [02]", expect = ACCEPTABLE)
  @Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = MISSED)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedNoSecondLook {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(1));

    @Actor
    public void compute(II_Result r) {
      r.r1 = LockWord.current(stripe.replica.lockWord(0));
      ControlLine.pin(stripe.region, stripe.line, r.r1);
    }

    @Actor
    public void peer(II_Result r) {
      r.r2 = publishAndLock(stripe);
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  /** Mistake: the peer does not read the guard again under the lock. */
  @JCStressTest
  @Outcome(id = "0, 2|1, [02]", expect = ACCEPTABLE)
  @Outcome(id = "0, 0", expect = ACCEPTABLE_INTERESTING, desc = MISSED)
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedNoGuardUnderLock {
    private final Stripe stripe = new Stripe(Stripe.heldByPeer(1));

    @Actor
    public void compute(II_Result r) {
      r.r1 = LockWord.current(stripe.replica.pin(0));
    }

    @Actor
    public void peer(II_Result r) {
      long guard = stripe.replica.guardWord(0);
      r.r2 = LockWord.target(publishAndLockWith(stripe, guard));
    }

    @Arbiter
    public void after() {
      stripe.faults(0);
    }
  }

  private static int publish(Stripe stripe) {
    int published = 0;
    for (int i = 0; i < 3; i++) {
      long held = stripe.tryLock(Stripe.PEER);
      published += held != 0 && stripe.writeAndPublish(held) ? 1 : 100;
    }
    return published;
  }

  /** Two snapshots, each read twice, against three publishes; faults are counted in r1. */
  @JCStressTest
  @Outcome(id = "0, 3, 0", expect = ACCEPTABLE, desc = "whole and unchanged while pinned")
  @Outcome(expect = FORBIDDEN, desc = "a pinned plane was written")
  @State
  public static class Snapshots {
    private final Stripe stripe = new Stripe();

    @Actor
    public void compute(III_Result r) {
      for (int i = 0; i < 2; i++) {
        long word = stripe.replica.pin(0);
        for (int look = 0; look < 2; look++) {
          r.r1 += stripe.read(LockWord.current(word)) == LockWord.version(word) ? 0 : 1;
        }
        stripe.replica.unpin(0);
      }
    }

    @Actor
    public void peer(III_Result r) {
      r.r2 = publish(stripe);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = stripe.faults(r.r2);
    }
  }

  /** Mistake: a snapshot is read after its pin was given back. */
  @JCStressTest
  @Outcome(id = "0, 3, 0", expect = ACCEPTABLE)
  @Outcome(id = "[1-9], 3, 0", expect = ACCEPTABLE_INTERESTING, desc = "the plane was written")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedReadAfterUnpin {
    private final Stripe stripe = new Stripe();

    @Actor
    public void compute(III_Result r) {
      for (int i = 0; i < 2; i++) {
        long word = stripe.replica.pin(0);
        stripe.replica.unpin(0);
        r.r1 += stripe.read(LockWord.current(word)) == LockWord.version(word) ? 0 : 1;
      }
    }

    @Actor
    public void peer(III_Result r) {
      r.r2 = publish(stripe);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = stripe.faults(r.r2);
    }
  }
}
