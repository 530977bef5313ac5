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

/** The lock word: one holder at a time, no unlock lost, the version rises by one per publish. */
public final class LockWordStress {
  private static final int ROUNDS = 2;

  private LockWordStress() {}

  private static int publish(Stripe stripe, int rank) {
    int published = 0;
    for (int i = 0; i < ROUNDS; i++) {
      long held = stripe.lock(rank);
      if (held != 0) {
        stripe.count();
        published += stripe.writeAndPublish(held) ? 1 : 100;
      }
    }
    return published;
  }

  /** Two holders publish in turn. */
  @JCStressTest
  @Outcome(id = "[0-2], [0-2], 0", expect = ACCEPTABLE, desc = "as many publishes as versions")
  @Outcome(expect = FORBIDDEN, desc = "two held the stripe at once, or an unlock was lost")
  @State
  public static class Exclusion {
    private final Stripe stripe = new Stripe();

    @Actor
    public void peer(III_Result r) {
      r.r1 = publish(stripe, Stripe.PEER);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = publish(stripe, Stripe.OTHER);
    }

    @Arbiter
    public void after(III_Result r) {
      int versions = r.r1 + r.r2;
      r.r3 = stripe.faults(versions, Stripe.FIRST_VERSION + versions, versions);
    }
  }

  /** A reader locks, copies and releases unchanged while another publishes. */
  @JCStressTest
  @Outcome(id = "[0-2], [0-2], 0", expect = ACCEPTABLE, desc = "whole copies, no version of theirs")
  @Outcome(expect = FORBIDDEN, desc = "a torn copy, or a release that undid a publish")
  @State
  public static class LockedReader {
    private final Stripe stripe = new Stripe();

    @Actor
    public void peer(III_Result r) {
      r.r1 = publish(stripe, Stripe.PEER);
    }

    @Actor
    public void reader(III_Result r) {
      for (int i = 0; i < ROUNDS; i++) {
        long held = stripe.lock(Stripe.OTHER);
        if (held != 0) {
          boolean whole = stripe.read(LockWord.current(held)) == LockWord.version(held);
          boolean released = stripe.swap(held, LockWord.releaseUnchanged(held));
          r.r2 += whole && released ? 1 : 100;
        }
      }
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = stripe.faults(r.r1, Stripe.FIRST_VERSION + r.r1, r.r1);
    }
  }

  /** Mistake: the lock is taken by a look and a store. */
  @JCStressTest
  @Outcome(id = "[0-2], [0-2], 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "two held the stripe at once")
  @State
  public static class PlantedAcquireByStore {
    private final Stripe stripe = new Stripe();

    private int publish(int rank) {
      int published = 0;
      for (int i = 0; i < ROUNDS; i++) {
        long word = stripe.replica.lockWord(0);
        if (LockWord.isFree(word)) {
          long held =
              LockWord.acquire(
                  word, rank, 1, ControlLine.freePlane(word, stripe.replica.guardWord(0)));
          ControlLine.writeWord(stripe.region, stripe.line + ControlLine.LOCK_OFFSET, held);
          stripe.count();
          published += stripe.writeAndPublish(held) ? 1 : 100;
        }
      }
      return published;
    }

    @Actor
    public void peer(III_Result r) {
      r.r1 = publish(Stripe.PEER);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = publish(Stripe.OTHER);
    }

    @Arbiter
    public void after(III_Result r) {
      int versions = r.r1 + r.r2;
      r.r3 = stripe.faults(versions, Stripe.FIRST_VERSION + versions, versions);
    }
  }

  /** Mistake: a reader copies the current plane with neither lock nor pin. */
  @JCStressTest
  @Outcome(id = "3, 1, 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "a torn copy, or one of another version")
  @State
  public static class PlantedReadWithoutLock {
    private final Stripe stripe = new Stripe();

    @Actor
    public void peer(III_Result r) {
      for (int i = 0; i < 3; i++) {
        r.r1 += stripe.writeAndPublish(stripe.lock(Stripe.PEER)) ? 1 : 100;
      }
    }

    @Actor
    public void reader(III_Result r) {
      long word = stripe.replica.lockWord(0);
      r.r2 = stripe.read(LockWord.current(word)) == LockWord.version(word) ? 1 : 0;
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = stripe.faults(r.r1);
    }
  }
}
