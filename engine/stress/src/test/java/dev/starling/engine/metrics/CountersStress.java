package dev.starling.engine.metrics;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.stress.Slots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * One writer adds, another thread reads: values are whole and never fall. Every amount has equal
 * halves, so that a value made of halves of two shows.
 */
public final class CountersStress {
  private static final long STEP = 0x1_0000_0001L;
  private static final int ADDS = 4;
  private static final int STALENESS = 3;
  private static final Slots<MemorySegment> SLOTS =
      new Slots<>(
          slot ->
              PrivateMemory.allocate("counters " + slot, ReplicaLayout.COUNTERS_BYTES).segment());

  private CountersStress() {}

  private static Slots.Lease<MemorySegment> zeroed() {
    Slots.Lease<MemorySegment> lease = SLOTS.claim();
    lease.thing().asSlice(0, ReplicaLayout.COUNTERS_BYTES / 4).fill((byte) 0);
    return lease;
  }

  private static void look(Counters counters, II_Result r) {
    for (int look = 0; look < ADDS; look++) {
      long seen = counters.get(Counter.EXCHANGES);
      r.r2 += seen % STEP == 0 && seen / STEP >= r.r1 ? 0 : 1;
      r.r1 = (int) (seen / STEP);
    }
  }

  /** One writer and a reader. */
  @JCStressTest
  @Outcome(id = "[0-4], 0", expect = ACCEPTABLE, desc = "whole and rising")
  @Outcome(expect = FORBIDDEN, desc = "half a value, or one that fell")
  @State
  public static class OneWriter {
    private final Slots.Lease<MemorySegment> lease = zeroed();
    private final Counters counters = new Counters(lease.thing(), 0);

    @Actor
    public void agent() {
      for (int i = 0; i < ADDS; i++) {
        counters.add(Counter.EXCHANGES, STEP);
      }
    }

    @Actor
    public void reader(II_Result r) {
      look(counters, r);
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }

  /** Mistake: the halves of a value are stored one after the other. */
  @JCStressTest
  @Outcome(id = "[0-4], 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "half a value")
  @State
  public static class PlantedHalves {
    private final Slots.Lease<MemorySegment> lease = zeroed();
    private final Counters counters = new Counters(lease.thing(), 0);

    @Actor
    public void agent() {
      for (int i = 1; i <= ADDS; i++) {
        lease.thing().set(ValueLayout.JAVA_INT, 0, i);
        java.lang.invoke.VarHandle.releaseFence();
        lease.thing().set(ValueLayout.JAVA_INT, Integer.BYTES, i);
      }
    }

    @Actor
    public void reader(II_Result r) {
      look(counters, r);
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }

  /** The two writers of a region never share a counter, and lose nothing to each other. */
  @JCStressTest
  @Outcome(id = "4, 4", expect = ACCEPTABLE, desc = "every addition counted")
  @Outcome(expect = FORBIDDEN, desc = "an addition was lost")
  @State
  public static class BothWriters {
    private final Slots.Lease<MemorySegment> lease = zeroed();

    @Actor
    public void agent() {
      Counters counters = new Counters(lease.thing(), 0);
      for (int i = 0; i < ADDS; i++) {
        counters.add(Counter.GRADIENTS_APPLIED, STEP);
      }
    }

    @Actor
    public void compute() {
      Counters counters = new Counters(lease.thing(), 0);
      for (int i = 0; i < ADDS; i++) {
        counters.add(Counter.GRADIENTS_SUBMITTED, STEP);
      }
    }

    @Arbiter
    public void after(II_Result r) {
      lease.end();
      Counters counters = new Counters(lease.thing(), 0);
      r.r1 = (int) (counters.get(Counter.GRADIENTS_APPLIED) / STEP);
      r.r2 = (int) (counters.get(Counter.GRADIENTS_SUBMITTED) / STEP);
    }
  }

  /** Mistake: two threads write one counter. */
  @JCStressTest
  @Outcome(id = "8, 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "an addition was lost")
  @State
  public static class PlantedTwoWriters {
    private final Slots.Lease<MemorySegment> lease = zeroed();
    private final Counters counters = new Counters(lease.thing(), 0);

    private void add() {
      for (int i = 0; i < ADDS; i++) {
        counters.add(Counter.EXCHANGES, STEP);
      }
    }

    @Actor
    public void agent() {
      add();
    }

    @Actor
    public void compute() {
      add();
    }

    @Arbiter
    public void after(II_Result r) {
      lease.end();
      r.r1 = (int) (counters.get(Counter.EXCHANGES) / STEP);
    }
  }

  /** Reads what {@link Counters#recordStaleness} writes, last first; r2 counts what is missing. */
  private static void lookAtStaleness(Counters counters, II_Result r) {
    long max = counters.get(Counter.STALENESS_MAX);
    long sum = counters.get(Counter.STALENESS_SUM);
    long bucket = counters.staleness(STALENESS);
    r.r1 = (int) max;
    r.r2 = (sum >= max ? 0 : 1) + (bucket * STALENESS >= sum ? 0 : 1);
  }

  /** The histogram, the sum and the maximum appear in this order. */
  @JCStressTest
  @Outcome(id = "(0|3), 0", expect = ACCEPTABLE, desc = "no sum without its gradients")
  @Outcome(expect = FORBIDDEN, desc = "a sum or maximum of gradients that do not show")
  @State
  public static class Staleness {
    private final Slots.Lease<MemorySegment> lease = zeroed();
    private final Counters counters = new Counters(lease.thing(), 0);

    @Actor
    public void agent() {
      counters.recordStaleness(STALENESS);
      counters.recordStaleness(STALENESS);
    }

    @Actor
    public void reader(II_Result r) {
      lookAtStaleness(counters, r);
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }

  /** Mistake: the maximum comes before the histogram. */
  @JCStressTest
  @Outcome(id = "(0|3), 0", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "a maximum of gradients that do not show")
  @State
  public static class PlantedMaximumFirst {
    private final Slots.Lease<MemorySegment> lease = zeroed();
    private final Counters counters = new Counters(lease.thing(), 0);

    @Actor
    public void agent() {
      counters.set(Counter.STALENESS_MAX, STALENESS);
      counters.recordStaleness(STALENESS);
    }

    @Actor
    public void reader(II_Result r) {
      lookAtStaleness(counters, r);
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }
}
