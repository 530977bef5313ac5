package dev.starling.engine.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.log.Journal;
import dev.starling.engine.log.LogFullException;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.memory.Region;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LockGuardTest {
  private static final long HOLD_LIMIT_NS = 1_600;

  private final ReplicaLayout layout = ReplicaLayout.of(4, 100, 1 << 20);
  private final Replica home = Replica.createIn(new ScriptedRegion(), layout, 1, 0, 0, null);
  private final ScriptedRemote own = new ScriptedRemote(home, true);
  private final Counters counters = new Counters(home.segment(), ReplicaLayout.COUNTERS_OFFSET);
  private final List<String> journal = new ArrayList<>();
  private final PeerState[] states = {
    PeerState.ALIVE, PeerState.ALIVE, PeerState.ALIVE, PeerState.ALIVE
  };
  private final LockGuard guard =
      new LockGuard(home, own, this::state, fence(), recorder(), counters, HOLD_LIMIT_NS);
  private long nowNs;
  private int asked = -1;
  private boolean fencing;
  private boolean full;
  private Runnable whileCuttingOff = () -> {};
  private BooleanSupplier hasSpace = () -> true;

  /** Private memory whose fourth planes a test refuses. */
  private final class ScriptedRegion implements Region {
    private final Region memory = PrivateMemory.allocate("replica", layout.lengthBytes());

    @Override
    public MemorySegment segment() {
      return memory.segment();
    }

    @Override
    public void reserve(long offsetBytes, long lengthBytes) {
      throw new AssertionError("a full file system must be no exception to the agent");
    }

    @Override
    public boolean tryReserve(long offsetBytes, long lengthBytes) {
      assertEquals(layout.planeOffset(0, ReplicaLayout.PLANES), offsetBytes);
      return hasSpace.getAsBoolean();
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  @AfterEach
  void close() {
    home.close();
  }

  private PeerState state(int rank, int incarnation) {
    asked = incarnation;
    return rank < states.length ? states[rank] : PeerState.ALIVE;
  }

  private LockGuard.Fence fence() {
    return new LockGuard.Fence() {
      @Override
      public boolean cutOff(int rank, int epoch) {
        if (fencing) {
          journal.add("cut off " + rank + " epoch " + epoch);
          whileCuttingOff.run();
        }
        return fencing;
      }

      @Override
      public void broken(int rank, int stripe, long version) {
        if (fencing) {
          journal.add("broken " + rank + " stripe " + stripe + " at " + version);
        }
      }
    };
  }

  private Journal recorder() {
    return new Journal() {
      @Override
      public void fence(int stripe, int peer, long version) {
        journal.add("fence " + peer + " at " + version);
        assertFalse(LockWord.isFree(home.lockWord(0)), "the fence is told before it happens");
        if (full) {
          throw new LogFullException("the log is full");
        }
      }

      @Override
      public void fenced(int stripe, int peer, boolean broken) {
        journal.add("fenced " + broken);
      }
    };
  }

  private long hold(int rank) {
    return hold(rank, AttachmentTable.issueEpoch(home.segment(), rank, 0));
  }

  private long hold(int rank, int epoch) {
    long word = home.lockWord(0);
    long held = LockWord.acquire(word, rank, epoch, ControlLine.freePlane(word, home.guardWord(0)));
    assertEquals(
        word, ControlLine.compareAndSwap(home.segment(), layout.lineOffset(0), word, held));
    return held;
  }

  private void pass(long durationNs) {
    for (long end = nowNs + durationNs; nowNs < end; nowNs += 50) {
      guard.poll(nowNs);
    }
  }

  private int quarantined() {
    return ControlLine.quarantined(home.guardWord(0));
  }

  @Test
  void shouldLeaveALockAloneThatIsHeldForLessThanTheLimit() {
    long held = hold(1);
    pass(HOLD_LIMIT_NS);
    assertEquals(held, home.lockWord(0));
    assertEquals(List.of(), journal);
  }

  @Test
  void shouldQuarantineThePlaneAndBreakTheLockOfAPeerThatHangs() {
    long held = hold(1);
    pass(2 * HOLD_LIMIT_NS);
    assertEquals(LockWord.fence(held), home.lockWord(0));
    assertEquals(1 << LockWord.target(held), quarantined());
    assertEquals(List.of("fence 1 at 1", "fenced true"), journal);
    assertEquals(1, counters.get(Counter.FENCES));
    assertEquals(1, AttachmentTable.fences(home.segment(), 1));
  }

  @Test
  void shouldLeaveTheLockAloneWhileThereIsNoSpaceForAFourthPlane() {
    long held = hold(1);
    hasSpace = () -> false;
    pass(5 * HOLD_LIMIT_NS);
    assertEquals(held, home.lockWord(0));
    assertEquals(List.of(), journal);
    assertEquals(0, quarantined());
    assertFalse(guard.isBreaking());
    assertEquals(1, counters.get(Counter.FENCES_PUT_OFF), "counted once for a lock");
    hasSpace = () -> true;
    pass(HOLD_LIMIT_NS);
    assertEquals(LockWord.fence(held), home.lockWord(0));
    assertEquals(1 << LockWord.target(held), quarantined());
    assertEquals(1, counters.get(Counter.FENCES_PUT_OFF));
  }

  @Test
  void shouldHaveNothingUnderWayWhenTheLogHasNoRoomForTheFence() {
    full = true;
    long held = hold(1);
    assertThrows(LogFullException.class, () -> pass(2 * HOLD_LIMIT_NS));
    assertEquals(held, home.lockWord(0), "no lock is broken that no log tells of");
    assertFalse(guard.isBreaking(), "whoever ends the agent waits for nothing");
  }

  @Test
  void shouldNotTakeAnotherFailureForAFullFileSystem() {
    long held = hold(1);
    hasSpace =
        () -> {
          throw new StarlingException("reserving failed with EIO");
        };
    StarlingException failure =
        assertThrows(StarlingException.class, () -> pass(2 * HOLD_LIMIT_NS));
    assertEquals("reserving failed with EIO", failure.getMessage());
    assertEquals(held, home.lockWord(0));
    assertFalse(guard.isBreaking());
    assertEquals(0, counters.get(Counter.FENCES_PUT_OFF));
  }

  @Test
  void shouldCutAPeerOffInPlaceOfAQuarantineWhenTheFabricCan() {
    fencing = true;
    long held = hold(1, 7);
    pass(2 * HOLD_LIMIT_NS);
    assertEquals(LockWord.fence(held), home.lockWord(0));
    assertEquals(0, quarantined());
    assertEquals(
        List.of("cut off 1 epoch 7", "fence 1 at 1", "fenced true", "broken 1 stripe 0 at 1"),
        journal);
  }

  /** The log of a home that dies then must not hold a fence that never happened. */
  @Test
  void shouldTellNoFenceWhenTheHolderPublishedBeforeItWasCutOff() {
    fencing = true;
    long held = hold(1, 7);
    whileCuttingOff =
        () ->
            ControlLine.compareAndSwap(
                home.segment(), layout.lineOffset(0), held, LockWord.publish(held));
    pass(2 * HOLD_LIMIT_NS);
    assertEquals(LockWord.publish(held), home.lockWord(0));
    assertEquals(List.of("cut off 1 epoch 7"), journal);
    assertFalse(guard.isBreaking());
    assertEquals(0, counters.get(Counter.FENCES));
  }

  @Test
  void shouldCutOffADeadPeerTooSinceItsWritesMayBeUnderWay() {
    fencing = true;
    hold(2, 3);
    states[2] = PeerState.DEAD;
    pass(HOLD_LIMIT_NS / 4);
    assertEquals(
        List.of("cut off 2 epoch 3", "fence 2 at 1", "fenced true", "broken 2 stripe 0 at 1"),
        journal);
  }

  @Test
  void shouldLiftTheQuarantineWhenThePeerAcknowledges() {
    hold(1);
    pass(2 * HOLD_LIMIT_NS);
    assertTrue(quarantined() != 0);
    pass(2 * HOLD_LIMIT_NS);
    assertTrue(quarantined() != 0, "nobody acknowledged");
    AttachmentTable.acknowledge(home.segment(), 1, 1);
    pass(HOLD_LIMIT_NS);
    assertEquals(0, quarantined());
  }

  @Test
  void shouldLiftTheQuarantineWhenThePeerDies() {
    hold(1);
    pass(2 * HOLD_LIMIT_NS);
    states[1] = PeerState.DEAD;
    pass(HOLD_LIMIT_NS);
    assertEquals(0, quarantined());
  }

  @Test
  void shouldBreakTheLockOfADeadPeerAtOnceWithoutQuarantine() {
    long held = hold(2);
    states[2] = PeerState.DEAD;
    pass(HOLD_LIMIT_NS / 4);
    assertEquals(LockWord.fence(held), home.lockWord(0));
    assertEquals(0, quarantined());
  }

  /**
   * The count must not be visible before the break: its acknowledgement would lift the quarantine.
   */
  @Test
  void shouldCountAFenceOnlyWhenTheLockIsBroken() {
    hold(1);
    own.before("swap 1", () -> assertEquals(0, AttachmentTable.fences(home.segment(), 1)));
    pass(2 * HOLD_LIMIT_NS);
    assertEquals(1, AttachmentTable.fences(home.segment(), 1));
  }

  @Test
  void shouldBreakTheLockOfAReaderThatHangsWithoutQuarantine() {
    long word = home.lockWord(0);
    long held = LockWord.acquire(word, layout.readerRank(), 1, LockWord.current(word));
    assertEquals(
        word, ControlLine.compareAndSwap(home.segment(), layout.lineOffset(0), word, held));
    pass(2 * HOLD_LIMIT_NS);
    assertEquals(LockWord.fence(held), home.lockWord(0));
    assertEquals(0, quarantined());
  }

  /** The rank has joined again and connected: its predecessor is dead, whatever is known of it. */
  @Test
  void shouldBreakALockOfAnOlderEpochAtOnceWithoutQuarantine() {
    long held = hold(1);
    AttachmentTable.issueEpoch(home.segment(), 1, 1);
    pass(HOLD_LIMIT_NS / 4);
    assertEquals(LockWord.fence(held), home.lockWord(0));
    assertEquals(0, quarantined());
    assertEquals(List.of("fence 1 at 1", "fenced true"), journal);
  }

  /** Who is asked about is the incarnation that holds the lock, not the newest that is known. */
  @Test
  void shouldAskForTheIncarnationThatHoldsTheLock() {
    hold(1, AttachmentTable.issueEpoch(home.segment(), 1, 7));
    pass(HOLD_LIMIT_NS / 4);
    assertEquals(7, asked);
    assertFalse(LockWord.isFree(home.lockWord(0)));
  }

  @Test
  void shouldNeverBreakItsOwnLock() {
    long held = hold(0);
    pass(10 * HOLD_LIMIT_NS);
    assertEquals(held, home.lockWord(0));
  }

  @Test
  void shouldStartAnewWhenAnotherHoldBegins() {
    for (int round = 0; round < 10; round++) {
      long held = hold(1 + round % 3);
      pass(HOLD_LIMIT_NS / 2);
      assertEquals(
          held,
          ControlLine.compareAndSwap(
              home.segment(), layout.lineOffset(0), held, LockWord.publish(held)));
    }
    assertEquals(List.of(), journal);
  }

  @Test
  void shouldQuarantineAtMostTwoPlanes() {
    for (int peer = 1; peer <= 3; peer++) {
      hold(peer);
      pass(3 * HOLD_LIMIT_NS);
    }
    assertEquals(2, Integer.bitCount(quarantined()));
    assertEquals(3, LockWord.owner(home.lockWord(0)), "the third keeps its lock for now");
    AttachmentTable.acknowledge(home.segment(), 1, 1);
    pass(3 * HOLD_LIMIT_NS);
    assertTrue(LockWord.isFree(home.lockWord(0)), "and loses it when a plane is back");
  }

  @Test
  void shouldSayThatTheFenceFailedWhenTheHolderPublishesFirst() {
    long held = hold(1);
    own.before(
        "swap 1",
        () ->
            ControlLine.compareAndSwap(
                home.segment(), layout.lineOffset(0), held, LockWord.publish(held)));
    pass(2 * HOLD_LIMIT_NS);
    assertEquals(List.of("fence 1 at 1", "fenced false"), journal);
    assertEquals(LockWord.publish(held), home.lockWord(0));
    assertEquals(0, counters.get(Counter.FENCES));
    assertEquals(0, quarantined(), "a lock that was not broken leaves no quarantine");
    assertEquals(0, AttachmentTable.fences(home.segment(), 1), "and is not counted");
  }
}
