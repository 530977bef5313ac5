package dev.starling.engine.replica;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.starling.engine.StarlingException;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.stress.Slots;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The region's header: complete when its version shows, its state, heartbeat and epochs. */
public final class HeaderStress {
  private static final long JOB = 77;
  private static final int RANK = 1;
  private static final int INCARNATION = 3;
  private static final long STEP = 0x1_0000_0001L;
  private static final int BEATS = 4;
  private static final int PREFIX_BYTES = 256;
  private static final long ATTACHMENT = ReplicaLayout.ATTACHMENTS_OFFSET;
  private static final ReplicaLayout LAYOUT = ReplicaLayout.of(3, 8, 1 << 20);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final Slots<MemorySegment> SLOTS =
      new Slots<>(slot -> PrivateMemory.allocate("header " + slot, LAYOUT.lengthBytes()).segment());

  private HeaderStress() {}

  /** A region that nobody has written yet. */
  private static Slots.Lease<MemorySegment> empty() {
    Slots.Lease<MemorySegment> lease = SLOTS.claim();
    lease.thing().asSlice(0, PREFIX_BYTES).fill((byte) 0);
    lease.thing().set(LONG, ATTACHMENT, 0);
    return lease;
  }

  private static Slots.Lease<MemorySegment> written() {
    Slots.Lease<MemorySegment> lease = empty();
    RegionHeader.write(lease.thing(), LAYOUT, JOB, RANK, INCARNATION);
    return lease;
  }

  /** A peer connects: 0 = the header is not there yet, 1 = complete, 2 = a part of it. */
  private static int connect(MemorySegment region) {
    try {
      RegionHeader.requireMatch("the region", region, LAYOUT, JOB, RANK);
    } catch (StarlingException refused) {
      return refused.getMessage().contains("has not finished writing") ? 0 : 2;
    }
    return RegionHeader.incarnation(region) == INCARNATION
            && RegionHeader.state(region) == RegionHeader.STATE_OPEN
        ? 1
        : 2;
  }

  /** A peer connects while the home writes the header. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "not written yet")
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "complete")
  @Outcome(expect = FORBIDDEN, desc = "the version shows before the rest")
  @State
  public static class Publish {
    private final Slots.Lease<MemorySegment> lease = empty();

    @Actor
    public void home() {
      RegionHeader.write(lease.thing(), LAYOUT, JOB, RANK, INCARNATION);
    }

    @Actor
    public void peer(I_Result r) {
      r.r1 = connect(lease.thing());
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }

  /** Mistake: magic and version come first. */
  @JCStressTest
  @Outcome(id = "[01]", expect = ACCEPTABLE)
  @Outcome(id = "2", expect = ACCEPTABLE_INTERESTING, desc = "the version shows before the rest")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedVersionFirst {
    private final Slots.Lease<MemorySegment> lease = empty();

    @Actor
    public void home() {
      lease.thing().set(LONG, 0, RegionHeader.MAGIC);
      ControlLine.writeWord(lease.thing(), 8, RegionHeader.LAYOUT_VERSION);
      RegionHeader.write(lease.thing(), LAYOUT, JOB, RANK, INCARNATION);
    }

    @Actor
    public void peer(I_Result r) {
      r.r1 = connect(lease.thing());
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }

  /** A worker that leaves in good order while a peer takes it for dead. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "closed")
  @Outcome(expect = FORBIDDEN, desc = "who left in good order looks dead")
  @State
  public static class Closing {
    private final Slots.Lease<MemorySegment> lease = written();

    @Actor
    public void home() {
      RegionHeader.close(lease.thing());
    }

    @Actor
    public void peer() {
      RegionHeader.poison(lease.thing());
    }

    @Arbiter
    public void after(I_Result r) {
      lease.end();
      r.r1 = RegionHeader.state(lease.thing());
    }
  }

  /** Mistake: the region is poisoned by a look and a store. */
  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE)
  @Outcome(id = "3", expect = ACCEPTABLE_INTERESTING, desc = "who left in good order looks dead")
  @Outcome(expect = FORBIDDEN)
  @State
  public static class PlantedPoisonByStore {
    private static final long STATE_OFFSET = 12;
    private final Slots.Lease<MemorySegment> lease = written();

    @Actor
    public void home() {
      RegionHeader.close(lease.thing());
    }

    @Actor
    public void peer() {
      if (RegionHeader.state(lease.thing()) == RegionHeader.STATE_OPEN) {
        lease.thing().set(INT, STATE_OFFSET, RegionHeader.STATE_POISONED);
      }
    }

    @Arbiter
    public void after(I_Result r) {
      lease.end();
      r.r1 = RegionHeader.state(lease.thing());
    }
  }

  /** The heartbeat rises and is never half a value. */
  @JCStressTest
  @Outcome(id = "[0-4], 0", expect = ACCEPTABLE, desc = "whole and rising")
  @Outcome(expect = FORBIDDEN, desc = "half a value, or one that fell")
  @State
  public static class Heartbeat {
    private final Slots.Lease<MemorySegment> lease = written();

    @Actor
    public void home() {
      for (int beat = 1; beat <= BEATS; beat++) {
        RegionHeader.heartbeat(lease.thing(), beat * STEP);
      }
    }

    @Actor
    public void peer(II_Result r) {
      for (int look = 0; look < BEATS; look++) {
        long seen = RegionHeader.heartbeat(lease.thing());
        r.r2 += seen % STEP == 0 && seen / STEP >= r.r1 ? 0 : 1;
        r.r1 = (int) (seen / STEP);
      }
    }

    @Arbiter
    public void after() {
      lease.end();
    }
  }

  /** Two incarnations of a rank connect: every connection has an epoch of its own. */
  @JCStressTest
  @Outcome(id = "1, 2, 2", expect = ACCEPTABLE, desc = "the second is the newest")
  @Outcome(id = "2, 1, 1", expect = ACCEPTABLE, desc = "the first is the newest")
  @Outcome(expect = FORBIDDEN, desc = "an epoch was issued twice or is not the newest one")
  @State
  public static class Epochs {
    private final Slots.Lease<MemorySegment> lease = written();

    @Actor
    public void first(III_Result r) {
      r.r1 = AttachmentTable.issueEpoch(lease.thing(), 0, 1);
    }

    @Actor
    public void second(III_Result r) {
      r.r2 = AttachmentTable.issueEpoch(lease.thing(), 0, 2);
    }

    @Arbiter
    public void after(III_Result r) {
      lease.end();
      long attachment = AttachmentTable.attachment(lease.thing(), 0);
      r.r3 = AttachmentTable.epoch(attachment) == 2 ? AttachmentTable.incarnation(attachment) : -1;
    }
  }

  /** Mistake: the epoch is raised by a look and a store. */
  @JCStressTest
  @Outcome(id = "1, 2, 2|2, 1, 1", expect = ACCEPTABLE)
  @Outcome(expect = ACCEPTABLE_INTERESTING, desc = "an epoch was issued twice")
  @State
  public static class PlantedEpochByStore {
    private final Slots.Lease<MemorySegment> lease = written();

    private int issue(long incarnation) {
      int epoch = AttachmentTable.epoch(AttachmentTable.attachment(lease.thing(), 0)) + 1;
      ControlLine.writeWord(lease.thing(), ATTACHMENT, incarnation << Integer.SIZE | epoch);
      return epoch;
    }

    @Actor
    public void first(III_Result r) {
      r.r1 = issue(1);
    }

    @Actor
    public void second(III_Result r) {
      r.r2 = issue(2);
    }

    @Arbiter
    public void after(III_Result r) {
      lease.end();
      r.r3 = AttachmentTable.incarnation(AttachmentTable.attachment(lease.thing(), 0));
    }
  }
}
