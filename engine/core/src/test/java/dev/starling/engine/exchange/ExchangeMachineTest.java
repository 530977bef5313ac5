package dev.starling.engine.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.log.Journal;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExchangeMachineTest {
  private static final int COUNT = 100;
  private static final long CHUNK_BYTES = 64;
  private static final int MAX_POLLS = 1_000;

  private final ReplicaLayout layout = ReplicaLayout.of(2, COUNT, 1 << 20);
  private final Replica home = Replica.createPrivate(layout, 1, 0);
  private final Replica peer = Replica.createPrivate(layout, 1, 1);
  private final PrivateMemory gradient = PrivateMemory.allocate("update", COUNT * 4);
  private final PrivateMemory staging = PrivateMemory.allocate("staging", 4 * CHUNK_BYTES);
  private final ScriptedRemote own = new ScriptedRemote(home, true);
  private final Counters counters = new Counters(home.segment(), ReplicaLayout.COUNTERS_OFFSET);
  private final List<String> journal = new ArrayList<>();
  private final Update update = new Update();
  private ScriptedRemote remote = new ScriptedRemote(peer, true);

  ExchangeMachineTest() {
    fill(home, 1f);
    fill(peer, 5f);
    for (int i = 0; i < COUNT; i++) {
      gradient.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, 2f);
    }
    update.set(gradient.segment(), 0.5f, 1f);
  }

  @AfterEach
  void close() {
    staging.close();
    gradient.close();
    peer.close();
    home.close();
  }

  private void fill(Replica replica, float value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment model = arena.allocate(COUNT * 4L);
      for (int i = 0; i < COUNT; i++) {
        model.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
      replica.initialise(model);
    }
  }

  private ExchangeMachine machine() {
    return machine(Combine.AVERAGE);
  }

  private ExchangeMachine machine(Combine combine) {
    Journal recorder =
        new Journal() {
          @Override
          public void intent(
              int stripe,
              long version,
              int rank,
              int incarnation,
              long peerVersion,
              boolean updating) {
            journal.add(
                "intent " + version + " with " + rank + " at " + peerVersion + " " + updating);
          }

          @Override
          public void commit(int stripe, long version) {
            journal.add("commit " + version);
          }

          @Override
          public void step(int stripe, long version) {
            journal.add("step " + version);
          }

          @Override
          public void torn(int stripe, int rank, boolean mayBePublished) {
            journal.add("torn with " + rank);
          }
        };
    return new ExchangeMachine(
        home,
        own,
        new CpuKernels(),
        CHUNK_BYTES,
        staging.segment(),
        recorder,
        counters,
        combine,
        null);
  }

  private Outcome run(ExchangeMachine machine, ScriptedRemote partner, Update pending) {
    machine.start(0, partner, pending);
    for (int polls = 0; !machine.isIdle(); polls++) {
      assertTrue(polls < MAX_POLLS, "the machine does not end");
      machine.poll();
    }
    return machine.outcome();
  }

  private static void assertState(Replica replica, float value, long version) {
    long word = replica.lockWord(0);
    assertTrue(LockWord.isFree(word), LockWord.describe(word));
    assertEquals(version, LockWord.version(word));
    float[] expected = new float[COUNT];
    java.util.Arrays.fill(expected, value);
    long plane = replica.layout().planeOffset(0, LockWord.current(word));
    assertArrayEquals(
        expected, replica.segment().asSlice(plane, COUNT * 4).toArray(ValueLayout.JAVA_FLOAT));
  }

  @Test
  void shouldPublishTheAverageOnBothSidesWithTheUpdateAppliedOnce() {
    assertEquals(Outcome.EXCHANGED, run(machine(), remote, update));
    // (1 - 0.5 * 2 + 5) / 2
    assertState(home, 2.5f, 1);
    assertState(peer, 2.5f, 1);
    assertEquals(List.of("intent 1 with 1 at 1 true", "commit 1"), journal);
    assertEquals(1, remote.settled);
  }

  @Test
  void shouldComputeTheSameThroughOperationsAlone() {
    remote = new ScriptedRemote(peer, false);
    assertEquals(Outcome.EXCHANGED, run(machine(), remote, update));
    assertState(home, 2.5f, 1);
    assertState(peer, 2.5f, 1);
    assertTrue(
        remote.log.contains("read 7") && remote.log.contains("write 7"), remote.log::toString);
    int published = remote.log.lastIndexOf("swap 2");
    assertTrue(published > remote.log.indexOf("write 7"), "published before its data was written");
  }

  @Test
  void shouldAverageWithoutAnUpdate() {
    assertEquals(Outcome.EXCHANGED, run(machine(), remote, null));
    assertState(home, 3f, 1);
    assertState(peer, 3f, 1);
  }

  @Test
  void shouldStepAloneWithoutTouchingThePeer() {
    assertEquals(Outcome.STEPPED, run(machine(), null, update));
    assertState(home, 0f, 1);
    assertState(peer, 5f, 0);
    assertEquals(List.of("step 1"), journal);
    assertThrows(IllegalArgumentException.class, () -> machine().start(0, null, null));
  }

  @Test
  void shouldReleaseItsOwnStripeUnchangedWhenThePartnerIsBusy() {
    long word = peer.lockWord(0);
    long held = LockWord.acquire(word, 7, 1, 2);
    swap(peer, word, held);
    assertEquals(Outcome.NO_PARTNER, run(machine(), remote, update));
    assertState(home, 1f, 0);
    assertEquals(held, peer.lockWord(0), "the holder's lock is not touched");
    assertEquals(List.of(), journal);
  }

  @Test
  void shouldReleaseItsOwnStripeWhenThePartnersWordMovesBeforeTheSwap() {
    remote.before("swap 1", () -> republish(peer));
    assertEquals(Outcome.NO_PARTNER, run(machine(), remote, update));
    assertState(home, 1f, 0);
    assertState(peer, 0f, 1);
  }

  @Test
  void shouldDoNothingWhenItsOwnStripeIsHeld() {
    long word = home.lockWord(0);
    swap(home, word, LockWord.acquire(word, 1, 1, 2));
    assertEquals(Outcome.OWN_BUSY, run(machine(), remote, update));
    assertEquals(List.of(), own.log);
    assertEquals(List.of(), remote.log);
  }

  @Test
  void shouldChangeTheTargetWhenASnapshotPinsItMeanwhile() {
    // The peer's home pins plane 1 after the guard was read: with the word's help plane 1 is
    // chosen.
    remote.before("swap 1", () -> pin(peer, 1));
    own.before("swap 1", () -> pin(home, 1));
    assertEquals(Outcome.EXCHANGED, run(machine(), remote, update));
    assertState(home, 2.5f, 1);
    assertState(peer, 2.5f, 1);
    assertEquals(2, LockWord.current(home.lockWord(0)));
    assertEquals(2, LockWord.current(peer.lockWord(0)));
    assertEquals(2, counters.get(Counter.RETARGETS));
  }

  @Test
  void shouldGiveBothLocksBackWhenThePeerDiesAfterItWasLocked() {
    remote.before("swap 1", () -> remote.state = PeerState.DEAD);
    assertEquals(Outcome.NO_PARTNER, run(machine(), remote, update));
    assertState(home, 1f, 0);
    assertState(peer, 5f, 0);
  }

  @Test
  void shouldStepAloneWhenThePeerDiesBeforeThePublish() {
    remote.before("word 3", () -> remote.state = PeerState.DEAD);
    assertEquals(Outcome.STEPPED, run(machine(), remote, update));
    assertState(home, 0f, 1);
    assertState(peer, 5f, 0);
    assertEquals(List.of("step 1"), journal);
  }

  @Test
  void shouldCountATornExchangeAndStepAloneWhenThePublishFindsAnotherWord() {
    remote.before("swap 2", () -> swap(peer, peer.lockWord(0), LockWord.fence(peer.lockWord(0))));
    assertEquals(Outcome.TORN, run(machine(), remote, update));
    assertState(home, 0f, 1);
    assertState(peer, 5f, 1);
    assertEquals(List.of("intent 1 with 1 at 1 true", "torn with 1", "step 1"), journal);
  }

  @Test
  void shouldStepAloneWhenThePublishIsUncertainAlthoughItTookPlace() {
    remote.fail("swap 2", true);
    assertEquals(Outcome.TORN, run(machine(), remote, update));
    assertState(home, 0f, 1);
    assertState(peer, 2.5f, 1);
  }

  @Test
  void shouldPublishNothingOfItsOwnWhenATornExchangeHadNoUpdate() {
    remote.fail("swap 2", false);
    assertEquals(Outcome.TORN, run(machine(), remote, null));
    assertState(home, 1f, 0);
    assertEquals(List.of("intent 1 with 1 at 1 false", "torn with 1"), journal);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldGiveTheHomesStateWithTheUpdateToBothSidesWhenThePartnerServes(boolean addressable) {
    remote = new ScriptedRemote(peer, addressable);
    assertEquals(Outcome.EXCHANGED, run(machine(Combine.SERVE), remote, update));
    assertState(home, 4f, 1);
    assertState(peer, 4f, 1);
  }

  @Test
  void shouldKeepAnUpdateForItsHomeWhenTheHomeHasBrokenTheLock() {
    remote.before("swap 2", () -> swap(peer, peer.lockWord(0), LockWord.fence(peer.lockWord(0))));
    assertEquals(Outcome.NO_PARTNER, run(machine(Combine.SERVE), remote, update));
    assertState(home, 1f, 0);
    assertState(peer, 5f, 1);
  }

  @Test
  void shouldKeepAnUpdateForItsHomeWhenTheHomeIsLost() {
    remote.before("word 3", () -> remote.state = PeerState.DEAD);
    assertEquals(Outcome.NO_PARTNER, run(machine(Combine.SERVE), remote, update));
    assertState(home, 1f, 0);
    assertState(peer, 5f, 0);
  }

  @Test
  void shouldKeepAnUpdateForItsHomeWhenAReadFails() {
    remote = new ScriptedRemote(peer, false);
    remote.fail("read 3", false);
    assertEquals(Outcome.NO_PARTNER, run(machine(Combine.SERVE), remote, update));
    assertState(home, 1f, 0);
  }

  @Test
  void shouldStopTheWorkerWhenNobodyKnowsWhetherTheHomeHasTheUpdate() {
    remote.fail("swap 2", true);
    StarlingException failure =
        assertThrows(StarlingException.class, () -> run(machine(Combine.SERVE), remote, update));
    assertTrue(failure.getMessage().contains("rank 1, the home of stripe 0"), failure.getMessage());
  }

  @Test
  void shouldWaitForWhatIsUnderWayAndStepAloneWhenAReadFails() {
    remote = new ScriptedRemote(peer, false);
    remote.fail("read 3", false);
    assertEquals(Outcome.STEPPED, run(machine(), remote, update));
    assertState(home, 0f, 1);
    assertFalse(LockWord.isFree(peer.lockWord(0)), "the peer's lock is left for its home to break");
  }

  @Test
  void shouldStopTheWorkerWhenItsOwnFabricFails() {
    own.fail("swap 1", true);
    StarlingException failure =
        assertThrows(StarlingException.class, () -> run(machine(), remote, update));
    assertTrue(failure.getMessage().startsWith("rank 0 lost the connection to its own replica"));
  }

  @Test
  void shouldStopTheWorkerWhenSomethingElseWritesItsLockWord() {
    own.before("swap 2", () -> swap(home, home.lockWord(0), LockWord.free(0, 77)));
    StarlingException failure =
        assertThrows(StarlingException.class, () -> run(machine(), remote, update));
    assertTrue(failure.getMessage().contains("version 77"), failure.getMessage());
  }

  @Test
  void shouldKeepTheFullVersionAcrossExchanges() {
    ExchangeMachine machine = machine();
    for (int i = 1; i <= 5; i++) {
      assertEquals(Outcome.EXCHANGED, run(machine, remote, update));
      assertEquals(i, machine.version(0));
    }
  }

  private static void swap(Replica replica, long from, long to) {
    long offset = replica.layout().lineOffset(0) + ControlLine.LOCK_OFFSET;
    assertEquals(from, ControlLine.compareAndSwap(replica.segment(), offset, from, to));
  }

  /** Publishes a plane of zeros, as another peer would. */
  private static void republish(Replica replica) {
    long word = replica.lockWord(0);
    long held = LockWord.acquire(word, 9, 1, 2);
    swap(replica, word, held);
    swap(replica, held, LockWord.publish(held));
  }

  private static void pin(Replica replica, int plane) {
    long line = replica.layout().lineOffset(0);
    replica.segment().set(ValueLayout.JAVA_INT, line + ControlLine.PIN_OFFSET, plane + 1);
  }
}
