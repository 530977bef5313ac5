package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.AttachmentTable;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("device")
class VerbsFabricTest {
  private static final long COUNT = 50_000;

  private final ReplicaLayout layout = ReplicaLayout.of(2, COUNT, 1 << 20);

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    if (FakeVerbs.isFake()) {
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.reset(), "something was not closed: " + FakeVerbs.log());
    }
  }

  private long lockOffset() {
    return layout.lineOffset(0) + ControlLine.LOCK_OFFSET;
  }

  @Test
  void shouldReadWriteAndSwapAPeersReplica() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote remote = ranks.connect(0, 1);
      assertEquals(1, remote.rank());
      assertEquals(1, remote.epoch());
      assertEquals(PeerState.ALIVE, remote.state());
      assertNull(remote.direct());
      TwoRanks.Results results = new TwoRanks.Results(remote);

      remote.readWord(lockOffset(), 7);
      long word = results.await(1).value();
      assertEquals(ranks.replicas.get(1).lockWord(0), word);
      assertEquals(7, results.tags.getLast());

      long held = LockWord.acquire(word, 0, remote.epoch(), 1);
      remote.compareAndSwap(lockOffset(), word, held, 8);
      assertEquals(word, results.await(1).value(), "what was found");
      remote.compareAndSwap(lockOffset(), word, held, 9);
      assertEquals(held, results.await(1).value(), "a swap that fails tells what is there");
      assertEquals(held, ranks.replicas.get(1).lockWord(0));

      long bytes = COUNT * Float.BYTES;
      MemorySegment buffer = ranks.memory(0, bytes);
      remote.read(layout.planeOffset(0, 0), buffer, 0, bytes, 10);
      results.await(1);
      for (long i = 0; i < COUNT; i++) {
        assertEquals(
            TwoRanks.parameter(1, i), buffer.getAtIndex(ValueLayout.JAVA_FLOAT, i), "at " + i);
        buffer.setAtIndex(ValueLayout.JAVA_FLOAT, i, -i);
      }
      remote.write(layout.planeOffset(0, 1), buffer, 0, bytes, 11);
      results.await(1);
      MemorySegment home = ranks.replicas.get(1).segment();
      for (long i = 0; i < COUNT; i++) {
        assertEquals(
            -i, home.get(ValueLayout.JAVA_FLOAT, layout.planeOffset(0, 1) + i * 4), "at " + i);
      }
      assertFalse(results.succeeded.contains(false));
    }
  }

  @Test
  void shouldChangeItsOwnLockWordsThroughTheDevice() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote own = ranks.connect(1, 1);
      TwoRanks.Results results = new TwoRanks.Results(own);
      long word = ranks.replicas.get(1).lockWord(0);
      long atomics = FakeVerbs.isFake() ? FakeVerbs.stat("compares") : 0;
      own.compareAndSwap(lockOffset(), word, LockWord.acquire(word, 1, own.epoch(), 1), 1);
      assertEquals(word, results.await(1).value());
      assertTrue(LockWord.owner(ranks.replicas.get(1).lockWord(0)) == 1);
      if (FakeVerbs.isFake()) {
        assertEquals(atomics + 1, FakeVerbs.stat("compares"), "not by the processor");
      }
      assertNotNull(own.direct(), "its data is its own");
    }
  }

  @Test
  void shouldLetRanksOfOneHostMapEachOtherAndLockThroughTheDevice() {
    try (TwoRanks ranks = new TwoRanks(layout, true)) {
      Remote remote = ranks.connect(0, 1);
      assertEquals(
          TwoRanks.parameter(1, 5),
          remote.direct().get(ValueLayout.JAVA_FLOAT, layout.planeOffset(0, 0) + 20));
      TwoRanks.Results results = new TwoRanks.Results(remote);
      long word = ranks.replicas.get(1).lockWord(0);
      remote.compareAndSwap(lockOffset(), word, LockWord.acquire(word, 0, remote.epoch(), 1), 1);
      assertEquals(word, results.await(1).value());
      assertFalse(
          ranks.fabrics.get(1).fence(ranks.regions.get(1), 0, remote.epoch()),
          "stores of a peer on this host cannot be cut off");
      ranks.replicas.get(1).countFence(0);
      remote.settle();
      assertEquals(1, AttachmentTable.acknowledged(ranks.replicas.get(1).segment(), 0));
    }
  }

  @Test
  void shouldNotLetAFencedPeersWriteLandAndLetItConnectAnewWithAHigherEpoch() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote remote = ranks.connect(0, 1);
      TwoRanks.Results results = new TwoRanks.Results(remote);
      MemorySegment buffer = ranks.memory(0, 4096);
      buffer.fill((byte) 0x7f);
      assertTrue(ranks.fabrics.get(1).fence(ranks.regions.get(1), 0, remote.epoch()));
      ranks.fabrics.get(1).fenced(ranks.regions.get(1), 0, 0, 1);
      remote.write(layout.planeOffset(0, 1), buffer, 0, 4096, 1);
      results.await(1);
      assertFalse(results.succeeded.getLast());
      assertEquals(PeerState.BROKEN, remote.state(), "the peer lives, the connection does not");
      assertEquals(
          0, ranks.replicas.get(1).segment().get(ValueLayout.JAVA_INT, layout.planeOffset(0, 1)));
      String sentence = ranks.told.getLast();
      assertTrue(sentence.contains(FakeVerbs.device() + " port 1"), sentence);
      assertTrue(sentence.contains("rank 0 to rank 1"), sentence);
      assertTrue(sentence.contains("WRITE"), sentence);
      assertTrue(sentence.contains("vendor error 0x"), sentence);
      assertTrue(sentence.contains("(12)") || !FakeVerbs.isFake(), sentence);

      remote.readWord(lockOffset(), 2);
      results.await(1);
      assertFalse(results.succeeded.getLast(), "it fails at once from now on");
      remote.close();
      Remote again = ranks.connect(0, 1);
      assertEquals(remote.epoch() + 1, again.epoch());
      assertTrue(
          ranks.told.getLast().contains("has broken 1 locks of rank 0"), ranks.told::getLast);
      again.readWord(lockOffset(), 3);
      new TwoRanks.Results(again).await(1).value();
    }
  }

  @Test
  void shouldCutOffAnOlderConnectionWhenTheSameRankConnectsAgain() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote first = ranks.connect(0, 1);
      Remote second = ranks.connect(0, 1);
      first.readWord(lockOffset(), 1);
      assertFalse(new TwoRanks.Results(first).await(1).succeeded.getLast());
      second.readWord(lockOffset(), 1);
      assertTrue(new TwoRanks.Results(second).await(1).succeeded.getLast());
    }
  }

  @Test
  void shouldServeSeveralReadersAtOnce() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      int reader = layout.readerRank();
      try (Remote one = ranks.fabrics.get(0).connect(ranks.regions.get(1), layout, reader, 0);
          Remote two = ranks.fabrics.get(0).connect(ranks.regions.get(1), layout, reader, 0)) {
        one.readWord(lockOffset(), 1);
        assertTrue(new TwoRanks.Results(one).await(1).succeeded.getLast());
        two.readWord(lockOffset(), 1);
        assertTrue(new TwoRanks.Results(two).await(1).succeeded.getLast());
      }
    }
  }

  @Test
  void shouldLetAReaderOfTheSameHostReadAHomeThatReservesNoFourthPlane() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      ranks.channel.colocated(true);
      try (Remote reader =
          ranks.fabrics.get(0).connect(ranks.regions.get(0), layout, layout.readerRank(), 0)) {
        reader.readWord(lockOffset(), 1);
        assertTrue(new TwoRanks.Results(reader).await(1).succeeded.getLast());
      }
    }
  }

  @Test
  void shouldRefuseAReplicaOfAnotherShape() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      StarlingException refused =
          assertThrows(
              StarlingException.class,
              () ->
                  ranks
                      .fabrics
                      .get(0)
                      .connect(ranks.regions.get(1), ReplicaLayout.of(2, 7, 1 << 20), 0, 0));
      assertTrue(refused.getMessage().contains("shape"), refused.getMessage());
      assertTrue(refused.getMessage().contains("start every rank with the same model"));
    }
  }

  @Test
  void shouldRefuseMemoryThatIsNotRegisteredAndOffsetsThatAreNotServed() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote remote = ranks.connect(0, 1);
      MemorySegment buffer = ranks.memory(0, 4096);
      StarlingException unknown =
          assertThrows(
              StarlingException.class,
              () -> remote.read(layout.planeOffset(0, 0), buffer, 0, 8192, 1));
      assertTrue(unknown.getMessage().contains("Fabric.register"), unknown.getMessage());
      StarlingException outside =
          assertThrows(StarlingException.class, () -> remote.read(0, buffer, 0, 64, 1));
      assertTrue(outside.getMessage().contains("only control lines and planes"));
      assertThrows(
          StarlingException.class,
          () -> remote.write(lockOffset(), buffer, 0, 8, 1),
          "control lines are never written");
    }
  }

  @Test
  void shouldConnectWithoutWaitingAndTryAgainWhenThePeerDoesNotAnswer() throws Exception {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      ranks.channel.silent(true);
      VerbsFabric fabric = ranks.fabrics.get(0);
      long deadlineNs = System.nanoTime() + 10_000_000_000L;
      while (ranks.told.stream().noneMatch(line -> line.contains("tries again"))) {
        assertFalse(fabric.prepare(ranks.regions.get(1), layout, 0, 0));
        assertTrue(System.nanoTime() - deadlineNs < 0, ranks.told::toString);
        Thread.onSpinWait();
      }
      ranks.channel.silent(false);
      while (!fabric.prepare(ranks.regions.get(1), layout, 0, 0)) {
        assertTrue(System.nanoTime() - deadlineNs < 0, ranks.told::toString);
        Thread.onSpinWait();
      }
      Remote remote = ranks.connect(0, 1);
      remote.readWord(lockOffset(), 1);
      assertTrue(new TwoRanks.Results(remote).await(1).succeeded.getLast());
    }
  }

  @Test
  void shouldSayThatAPeerIsDeadWhenTheChannelDoes() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote remote = ranks.connect(0, 1);
      ranks.channel.state(1, PeerState.DEAD);
      assertEquals(PeerState.DEAD, remote.state());
      assertTrue(ranks.fabrics.get(0).isDead(ranks.regions.get(1)));
      assertEquals(PeerState.ALIVE, ranks.connect(0, 0).state(), "itself it never takes for dead");
    }
  }

  @Test
  void shouldPrintEveryLimitWhenItOpens() {
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      String line = ranks.told.getFirst();
      for (String part :
          new String[] {"port 1", "GID index 1", "2 queue pairs", "16 requests", "ms x 7 tries"}) {
        assertTrue(line.contains(part), line);
      }
    }
  }

  @Test
  void shouldRefuseOptionsOutsideTheirRange() {
    ConfigurationException refused =
        assertThrows(
            ConfigurationException.class, () -> new VerbsOptions().retryCount(7).conclude());
    assertTrue(refused.getMessage().contains("retry count"), refused.getMessage());
    assertThrows(ConfigurationException.class, () -> new VerbsOptions().queuePairs(17).conclude());
  }
}
