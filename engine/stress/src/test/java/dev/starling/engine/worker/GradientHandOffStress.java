package dev.starling.engine.worker;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.starling.engine.stress.Slots;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * The compute thread submits three gradients, the agent takes up to three times. The gradients are
 * the constants 1, 16 and 256, so that each digit of a sum in base 16 says how often one arrived.
 */
public final class GradientHandOffStress {
  private static final int PARAMETERS = 19;
  private static final int SUBMITS = 3;
  private static final int ALL_ONCE = 0x111;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final Slots<GradientMailbox> SLOTS =
      new Slots<>(slot -> new GradientMailbox(PARAMETERS));

  private GradientHandOffStress() {}

  /** What the agent found in the buffer that it took. */
  private static int digits(GradientMailbox mailbox) {
    int sum = (int) mailbox.applying().getAtIndex(FLOAT, 0);
    for (int i = 1; i < PARAMETERS; i++) {
      if (mailbox.applying().getAtIndex(FLOAT, i) != sum) {
        return -1;
      }
    }
    int expected = 0;
    for (int addend = 0; addend < mailbox.count(); addend++) {
      expected += 1 << 4 * (int) mailbox.readVersion(addend);
    }
    return expected == sum ? sum : -1;
  }

  /** The mailbox of the engine. */
  @JCStressTest
  @Outcome(id = "[0-3], 0", expect = ACCEPTABLE, desc = "each gradient once, counts agree")
  @Outcome(expect = FORBIDDEN, desc = "a gradient was lost, applied twice or mixed with another")
  @State
  public static class Mailbox {
    private final Slots.Lease<GradientMailbox> lease = SLOTS.claim();
    private final GradientMailbox mailbox = lease.thing();
    private int merged;
    private int sum;
    private boolean torn;

    @Actor
    public void compute() {
      for (int version = 0; version < SUBMITS; version++) {
        for (int i = 0; i < PARAMETERS; i++) {
          mailbox.writing().setAtIndex(FLOAT, i, 1 << 4 * version);
        }
        merged += mailbox.submit(version) ? 1 : 0;
      }
    }

    private boolean take() {
      if (!mailbox.take()) {
        return false;
      }
      int digits = digits(mailbox);
      torn |= digits < 0;
      sum += digits;
      return true;
    }

    @Actor
    public void agent(II_Result r) {
      for (int i = 0; i < SUBMITS; i++) {
        r.r1 += take() ? 1 : 0;
      }
    }

    @Arbiter
    public void after(II_Result r) {
      lease.end();
      int taken = r.r1 + (take() ? 1 : 0);
      r.r2 =
          (torn ? 1 : 0)
              + (sum == ALL_ONCE ? 0 : 2)
              + (taken + merged == SUBMITS ? 0 : 4)
              + (mailbox.isEmpty() ? 0 : 8);
    }
  }

  /** Mistake: the agent looks and stores where it should swap. */
  @JCStressTest
  @Outcome(id = "[0-3], 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "a gradient was lost or applied twice")
  @State
  public static class PlantedTakeByStore {
    private final PlantedMailbox mailbox = new PlantedMailbox(PlantedMailbox.Mistake.TAKE_BY_STORE);

    @Actor
    public void compute() {
      mailbox.submitAll(SUBMITS);
    }

    @Actor
    public void agent(II_Result r) {
      r.r1 = mailbox.takeAll(SUBMITS);
    }

    @Arbiter
    public void after(II_Result r) {
      mailbox.takeAll(1);
      r.r2 = mailbox.sum() == ALL_ONCE ? 0 : 1;
    }
  }

  /** Mistake: the compute thread adds to a waiting gradient without taking it back. */
  @JCStressTest
  @Outcome(id = "[0-3], 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "a gradient was lost or applied twice")
  @State
  public static class PlantedAddInPlace {
    private final PlantedMailbox mailbox = new PlantedMailbox(PlantedMailbox.Mistake.ADD_IN_PLACE);

    @Actor
    public void compute() {
      mailbox.submitAll(SUBMITS);
    }

    @Actor
    public void agent(II_Result r) {
      r.r1 = mailbox.takeAll(SUBMITS);
    }

    @Arbiter
    public void after(II_Result r) {
      mailbox.takeAll(1);
      r.r2 = mailbox.sum() == ALL_ONCE ? 0 : 1;
    }
  }
}
