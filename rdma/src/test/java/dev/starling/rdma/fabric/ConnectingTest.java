package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.RegionDescriptor;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.FakeVerbs;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How connections begin and end when peers are late, gone, or of another opinion. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConnectingTest {
  private static final int EIO = 5;
  private final ReplicaLayout layout = ReplicaLayout.of(2, 1000, 1 << 20);

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    if (FakeVerbs.isFake()) {
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.reset());
    }
  }

  private static void await(BooleanSupplier condition, String what) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, what);
      LockSupport.parkNanos(100_000);
    }
  }

  private boolean prepare(TwoRanks ranks) {
    return ranks.fabrics.get(0).prepare(ranks.regions.get(1), layout, 0, 0);
  }

  /** {@return the queue pairs of both sides, where they can be counted} */
  private static long queuePairs() {
    return FakeVerbs.isFake() ? FakeVerbs.live("qps") : 0;
  }

  private static RegionDescriptor incarnation(RegionDescriptor region, int incarnation) {
    return new RegionDescriptor(
        region.fabric(), region.rank(), incarnation, region.jobId(), region.address());
  }

  @Test
  void shouldCloseWhatIsUnderWayWhenTheFabricIsClosedAndIgnoreTheLateAnswer() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      ranks.channel.hold();
      assertFalse(prepare(ranks));
      await(() -> ranks.channel.held() == 1, "an answer");
      long before = queuePairs();
      ranks.fabrics.get(0).withdraw(ranks.regions.get(0));
      ranks.fabrics.get(0).close();
      assertEquals(Math.max(0, before - 2), queuePairs(), "the home's are left");
      ranks.channel.release();
      StarlingException closed =
          assertThrows(
              StarlingException.class,
              () -> ranks.fabrics.get(0).connect(ranks.regions.get(1), layout, 0, 0));
      assertTrue(closed.getMessage().contains("closed"), closed.getMessage());
    }
  }

  @Test
  void shouldEndWhatWasBegunWithAPeerThatDiedMeanwhile() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      ranks.channel.hold();
      assertFalse(prepare(ranks));
      await(() -> ranks.channel.held() == 1, "an answer");
      ranks.channel.state(1, PeerState.DEAD);
      assertTrue(prepare(ranks), "connecting will not wait, but fail");
      StarlingException dead = assertThrows(StarlingException.class, () -> ranks.connect(0, 1));
      assertTrue(dead.getMessage().contains("incarnation 0 of it is dead"), dead.getMessage());
      ranks.channel.release();
      await(() -> queuePairs() == 0, "closing both sides");
    }
  }

  @Test
  void shouldEndWhatWasBegunWithAnEarlierIncarnation() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      await(() -> prepare(ranks), "connecting");
      assertEquals(FakeVerbs.isFake() ? 4 : 0, queuePairs());
      RegionDescriptor next = incarnation(ranks.regions.get(1), 1);
      assertFalse(ranks.fabrics.get(0).prepare(next, layout, 0, 0));
      await(() -> queuePairs() <= 2, "closing both sides of the earlier connection");
      await(
          () -> {
            ranks.fabrics.get(0).prepare(next, layout, 0, 0);
            return ranks.told.getLast().contains("incarnation 1 of rank 1 does not live here");
          },
          "the refusal");
      await(() -> queuePairs() == 0, "closing the one that was refused");
    }
  }

  /** The home has connected its side: it is told when the other side does not come up. */
  @Test
  @Tag("fake")
  void shouldTellTheHomeWhenItsAnswerCannotBeUsed() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      ranks.channel.hold();
      assertFalse(prepare(ranks));
      await(() -> ranks.channel.held() == 1, "an answer");
      assertEquals(4, FakeVerbs.live("qps"));
      FakeVerbs.fail("ibv_modify_qp", 1, EIO);
      ranks.channel.release();
      await(() -> FakeVerbs.live("qps") == 0, "closing both sides");
      await(
          () -> {
            prepare(ranks);
            return ranks.told.getLast().contains("tries again");
          },
          "the reason");
      assertTrue(ranks.told.getLast().contains("ibv_modify_qp"), ranks.told::getLast);
      await(() -> prepare(ranks), "connecting after all");
      ranks.connect(0, 1);
    }
  }

  /** Queue pairs of who connects and leaves go away on both sides, also of readers. */
  @Test
  @Tag("fake")
  void shouldKeepNoQueuePairOfWhoeverHasLeft() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      for (int round = 0; round < 3; round++) {
        for (int rank : List.of(0, layout.readerRank())) {
          try (Remote remote =
              ranks.fabrics.get(0).connect(ranks.regions.get(1), layout, rank, 0)) {
            assertEquals(1, remote.rank());
            assertEquals(4, FakeVerbs.live("qps"));
          }
          await(() -> FakeVerbs.live("qps") == 0, "leaving");
        }
      }
    }
  }

  @Test
  void shouldRefuseARankThatTheJobDoesNotHave() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      for (int rank : List.of(-1, 3, 70_000)) {
        StarlingException refused =
            assertThrows(
                StarlingException.class,
                () -> ranks.fabrics.get(0).connect(ranks.regions.get(1), layout, rank, 0));
        assertTrue(
            refused.getMessage().contains("the job has no rank " + rank), refused.getMessage());
      }
    }
  }

  /** A quarantined plane is replaced by the fourth one, which peers must be able to reach. */
  @Test
  void shouldRefuseWhoeverWritesByStoreWhereFourthPlanesAreNotServed() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      ranks.channel.colocated(true);
      StarlingException refused = assertThrows(StarlingException.class, () -> ranks.connect(0, 1));
      assertTrue(refused.getMessage().contains("reserveFourthPlane"), refused.getMessage());
    }
  }

  @Test
  void shouldConnectFromSeveralThreadsAtOnce() throws Exception {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      List<Thread> threads =
          List.of(0, 1).stream()
              .map(
                  from ->
                      new Thread(
                          () -> {
                            for (int i = 0; i < 20; i++) {
                              ranks
                                  .fabrics
                                  .get(from)
                                  .connect(ranks.regions.get(1 - from), layout, from, 0)
                                  .close();
                              ranks
                                  .fabrics
                                  .get(from)
                                  .connect(ranks.regions.get(from), layout, from, 0)
                                  .close();
                            }
                          }))
              .toList();
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join(30_000);
        assertFalse(thread.isAlive());
      }
      await(() -> queuePairs() == 0, "leaving");
      Remote remote = ranks.connect(0, 1);
      assertEquals(21, remote.epoch(), "every connection has its own epoch");
    }
  }
}
