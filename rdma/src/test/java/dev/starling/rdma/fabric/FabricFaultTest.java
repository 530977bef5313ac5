package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.LockWord;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.jextract.verbs.Ibverbs;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection does when the device or the network fails. */
@Tag("fake")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FabricFaultTest {
  private static final int ENOMEM = 12;
  private static final int EIO = 5;
  private static final long COUNT = 50_000;
  private static final long BYTES = COUNT * Float.BYTES;
  private static final long DRAIN_NS = 2_000_000_000L;

  /** For a loaded machine, on top of every limit. */
  private static final long SLACK_NS = 3_000_000_000L;

  private final ReplicaLayout layout = ReplicaLayout.of(2, COUNT, 1 << 20);
  private final long lock = layout.lineOffset(0) + ControlLine.LOCK_OFFSET;

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    assertEquals("", FakeVerbs.misuse());
    assertEquals(0, FakeVerbs.reset(), () -> "something was not closed: " + FakeVerbs.log());
  }

  /** What is tried on a connection of rank 0 to rank 1. */
  private record Link(TwoRanks ranks, VerbsRemote remote, TwoRanks.Results results)
      implements AutoCloseable {
    static Link open(ReplicaLayout layout) {
      TwoRanks ranks = new TwoRanks(layout, false);
      VerbsRemote remote = (VerbsRemote) ranks.connect(0, 1);
      return new Link(ranks, remote, new TwoRanks.Results(remote));
    }

    void eachQueuePair(Consumer<Integer> action) {
      remote.queuePairs().forEach(action);
    }

    String sentence() {
      return ranks.told.getLast();
    }

    long word() {
      return ranks.replicas.get(1).lockWord(0);
    }

    /** Nothing is under way, everything new fails at once, and a new connection works. */
    void requireBroken(long lockOffset) {
      assertEquals(PeerState.BROKEN, remote.state());
      remote.readWord(lockOffset, 99);
      assertFalse(results.await(1).succeeded.getLast());
      assertTrue(sentence().contains("fake0 port 1"), this::sentence);
      assertTrue(sentence().contains("rank 0 to rank 1 broke"), this::sentence);
      assertFalse(sentence().contains("\n"), this::sentence);
      remote.close();
      Remote again = ranks.connect(0, 1);
      assertEquals(remote.epoch() + 1, again.epoch());
      again.readWord(lockOffset, 100);
      assertEquals(word(), new TwoRanks.Results(again).await(1).value());
    }

    @Override
    public void close() {
      ranks.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldFailEverythingInBoundedTimeWhenNothingCompletes(boolean flushes) {
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, BYTES);
      link.eachQueuePair(FakeVerbs::mute);
      link.remote.readWord(lock, 1);
      link.remote.read(layout.planeOffset(0, 0), buffer, 0, BYTES, 2);
      link.remote.write(layout.planeOffset(0, 1), buffer, 0, BYTES, 3);
      link.remote.compareAndSwap(lock, link.word(), 5, 4);
      if (!flushes) {
        // The queue pairs do not even go to ERR.
        FakeVerbs.fail("ibv_modify_qp", 1, EIO);
        FakeVerbs.fail("ibv_modify_qp", 2, EIO);
      }
      long queuePairs = FakeVerbs.live("qps");
      long startNs = System.nanoTime();
      link.results.await(4);
      long tookNs = System.nanoTime() - startNs;
      long limitNs = TwoRanks.options(false).progressLimitNs();
      assertTrue(tookNs >= limitNs, () -> "broken after " + tookNs + " ns already");
      assertTrue(
          tookNs < limitNs + (flushes ? 0 : DRAIN_NS) + SLACK_NS, () -> tookNs + " ns is late");
      assertEquals(Collections.nCopies(4, false), link.results.succeeded);
      assertEquals(List.of(1L, 2L, 3L, 4L), link.results.tags.stream().sorted().toList());
      assertEquals(queuePairs - (flushes ? 0 : 2), FakeVerbs.live("qps"));
      assertTrue(link.sentence().contains("requests made no progress for"), link::sentence);
      assertTrue(flushes || link.sentence().contains("ibv_modify_qp"), link::sentence);
      link.requireBroken(lock);
    }
  }

  @Test
  void shouldFailASwapWhoseReplyIsLostAlthoughItTookEffect() {
    try (Link link = Link.open(layout)) {
      long word = link.word();
      long held = LockWord.acquire(word, 0, link.remote.epoch(), 1);
      link.eachQueuePair(FakeVerbs::dropReply);
      link.remote.compareAndSwap(lock, word, held, 1);
      assertFalse(link.results.await(1).succeeded.getLast());
      assertEquals(held, link.word(), "uncertain: it may have happened, and did");
      assertEquals(0, link.results.values.getLast(), "nobody reads a value of what failed");
      link.requireBroken(lock);
    }
  }

  /** 49 pieces of 4 KiB in bursts of 8 on two queue pairs, of which one dies meanwhile. */
  @ParameterizedTest
  @CsvSource({"0,1", "0,20", "1,1", "1,20", "1,14"})
  void shouldFailALongReadOnceWhenOneOfItsQueuePairsDies(int victim, int polls) {
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, BYTES);
      FakeVerbs.setDelay(12);
      link.remote.read(layout.planeOffset(0, 0), buffer, 0, BYTES, 1);
      for (int i = 0; i < polls; i++) {
        assertEquals(0, link.remote.poll((tag, ok, value) -> {}));
      }
      FakeVerbs.killQp(link.remote.queuePairs().get(victim));
      link.results.await(1);
      assertEquals(List.of(false), link.results.succeeded);
      link.requireBroken(lock);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,12", "1,22", "2,12", "5,22"})
  void shouldBreakWithOneSentenceWhenAPostFails(int nth, int errno) {
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, BYTES);
      FakeVerbs.setDelay(5);
      FakeVerbs.fail("ibv_post_send", nth, errno);
      long startNs = System.nanoTime();
      link.remote.write(layout.planeOffset(0, 1), buffer, 0, BYTES, 1);
      link.remote.readWord(lock, 2);
      link.results.await(2);
      assertTrue(System.nanoTime() - startNs < DRAIN_NS, "nothing of the bad post is in flight");
      assertEquals(List.of(false, false), link.results.succeeded);
      assertTrue(link.sentence().contains("posting a WRITE to queue pair"), link::sentence);
      assertTrue(
          link.sentence().contains(errno == ENOMEM ? "ENOMEM: its send queue" : "EINVAL: a"),
          link::sentence);
      link.requireBroken(lock);
    }
  }

  @Test
  void shouldFailAMisalignedSwapAndWhatIsUnderWay() {
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, BYTES);
      FakeVerbs.setDelay(1000);
      long startNs = System.nanoTime();
      link.remote.read(layout.planeOffset(0, 0), buffer, 0, 8 * 4096, 1);
      link.remote.compareAndSwap(lock + 4, 0, 0, 2);
      link.remote.read(layout.planeOffset(0, 0), buffer, 0, BYTES, 3);
      link.results.await(3);
      assertTrue(System.nanoTime() - startNs < DRAIN_NS);
      assertEquals(List.of(false, false, false), link.results.succeeded);
      assertTrue(link.sentence().contains("COMPARE AND SWAP"), link::sentence);
      assertTrue(link.sentence().contains("EINVAL: a misaligned"), link::sentence);
      link.requireBroken(lock);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void shouldNeverOverfillASendQueueAndKeepOperationsApartWhenCompletionsComeInAnyOrder(long seed) {
    System.out.println("FabricFaultTest: seed " + seed);
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, 4 * BYTES);
      FakeVerbs.setDelay(3);
      FakeVerbs.setJitter(25, seed);
      FakeVerbs.setDelay(link.remote.queuePairs().getFirst(), (int) (10 * seed));
      for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 4; i++) {
          link.remote.read(layout.planeOffset(0, 0), buffer, i * BYTES, BYTES, 10L * round + i);
          link.remote.readWord(lock, 10L * round + 4 + i);
        }
        link.results.await(8);
        for (int i = 0; i < 8; i++) {
          int at = link.results.tags.indexOf(10L * round + i);
          assertTrue(link.results.succeeded.get(at), link.ranks.told::toString);
          assertEquals(i < 4 ? 0 : link.word(), link.results.values.get(at));
        }
        for (long i = 0; i < 4 * COUNT; i += 13) {
          assertEquals(
              TwoRanks.parameter(1, i % COUNT), buffer.getAtIndex(ValueLayout.JAVA_FLOAT, i));
        }
        buffer.fill((byte) 0);
      }
      assertEquals(16, FakeVerbs.stat("max_queued"), "the depth was used, and not more");
      assertEquals(PeerState.ALIVE, link.remote.state());
      assertFalse(
          link.results.tags.equals(link.results.tags.stream().sorted().toList()),
          "the order was not mixed at all");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldNameDevicePortRanksVerbStatusAndVendorErrorOfAFailedCompletion(int kind) {
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, BYTES);
      link.eachQueuePair(pair -> FakeVerbs.failRequest(pair, 1, Ibverbs.IBV_WC_REM_ACCESS_ERR()));
      switch (kind) {
        case 1 -> link.remote.read(layout.planeOffset(0, 0), buffer, 0, BYTES, 1);
        case 2 -> link.remote.write(layout.planeOffset(0, 1), buffer, 0, BYTES, 1);
        default -> link.remote.compareAndSwap(lock, 1, 2, 1);
      }
      assertFalse(link.results.await(1).succeeded.getLast());
      String verb = kind == 1 ? "READ" : kind == 2 ? "WRITE" : "COMPARE AND SWAP";
      for (String part :
          List.of(
              "fake0 port 1: ",
              "rank 0 to rank 1",
              verb + " failed on queue pair " + link.remote.queuePairs().getFirst(),
              "remote access error (10)",
              "vendor error 0x51")) {
        assertTrue(link.sentence().contains(part), () -> part + " in: " + link.sentence());
      }
      link.requireBroken(lock);
    }
  }

  /** The home's side: nothing of a peer lands once it is fenced, also where ERR is refused. */
  @Test
  void shouldCutAPeerOffByDestroyingItsQueuePairsWhereTheyDoNotGoToErr() {
    try (Link link = Link.open(layout)) {
      MemorySegment buffer = link.ranks.memory(0, 4096);
      buffer.fill((byte) 0x7f);
      long queuePairs = FakeVerbs.live("qps");
      FakeVerbs.fail("ibv_modify_qp", 1, EIO);
      assertTrue(link.ranks.fabrics.get(1).fence(link.ranks.regions.get(1), 0, 1));
      assertEquals(queuePairs - 1, FakeVerbs.live("qps"));
      link.remote.write(layout.planeOffset(0, 1), buffer, 0, 4096, 1);
      link.remote.write(layout.planeOffset(0, 1), buffer, 0, 4096, 2);
      assertEquals(List.of(false, false), link.results.await(2).succeeded);
      MemorySegment home = link.ranks.replicas.get(1).segment();
      assertEquals(0, home.get(ValueLayout.JAVA_INT, layout.planeOffset(0, 1)));
      link.requireBroken(lock);
    }
  }
}
