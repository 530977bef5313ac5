package dev.starling.engine.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.RegionHeader;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Emulated links on a clock of the test: 1 byte takes 1 ns, an operation 1 us besides. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PacedFabricTest {
  private static final int WORKERS = 4;
  private static final ReplicaLayout LAYOUT = ReplicaLayout.of(WORKERS, 10_000, 1 << 20);
  private static final long LATENCY_NS = 1_000;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final long job = ThreadLocalRandom.current().nextLong() >>> 1;
  private final List<Replica> replicas = new ArrayList<>();
  private final List<Remote> remotes = new ArrayList<>();
  private final List<Long> completed = new ArrayList<>();
  private final List<Long> values = new ArrayList<>();
  private long nowNs = Long.MAX_VALUE - 5_000; // System.nanoTime may pass the largest number
  private Path directory;
  private ShmFabric shared;
  private PacedFabric fabric;
  private Arena arena;
  private MemorySegment local;

  @BeforeEach
  void open() throws IOException {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "paced-test-");
    shared = new ShmFabric(directory);
    for (int rank = 0; rank < WORKERS; rank++) {
      replicas.add(Replica.createShared(shared.regionPath(job, rank, 0), LAYOUT, job, rank, 0));
    }
    fabric = paced(Map.of(3, 100.0));
    arena = Arena.ofShared();
    local = arena.allocate(1 << 16);
    replicas.forEach(replica -> replica.initialise(local));
  }

  @AfterEach
  void close() throws IOException {
    remotes.forEach(Remote::close);
    replicas.forEach(Replica::close);
    fabric.close();
    arena.close();
    Files.delete(directory);
  }

  private PacedFabric paced(Map<Integer, Double> factors) {
    return new PacedFabric(shared, new LinkPace(1e9, LATENCY_NS, factors), WORKERS, () -> nowNs);
  }

  private Remote connect(int from, int to) {
    Remote remote = fabric.connect(shared.describe(job, to, 0), LAYOUT, from, 0);
    remotes.add(remote);
    return remote;
  }

  private int poll(Remote remote) {
    return remote.poll(
        (tag, succeeded, value) -> {
          assertTrue(succeeded);
          completed.add(tag);
          values.add(value);
        });
  }

  /** Polls one nanosecond before a time, when nothing may be there, and then at it. */
  private void requireCompletionAt(Remote remote, long startNs, long afterNs) {
    nowNs = startNs + afterNs - 1;
    assertEquals(0, poll(remote), "too early");
    nowNs++;
    assertEquals(1, poll(remote), "too late");
  }

  private static long plane() {
    return LAYOUT.planeOffset(0, 1);
  }

  @Test
  void shouldReachPeersByOperationsOnlyAndItselfDirectly() {
    assertFalse(fabric.isAddressable());
    assertNull(connect(0, 1).direct());
    assertNotNull(connect(0, 0).direct());
  }

  @Test
  void shouldDeliverDataWhenTheLinkWouldHave() {
    Remote remote = connect(0, 1);
    long start = nowNs;
    local.set(LONG, 0, 42);
    remote.write(plane(), local, 0, 8_000, 7);
    local.set(LONG, 16_000, 0);
    requireCompletionAt(remote, start, 8_000 + LATENCY_NS);
    assertEquals(List.of(7L), completed);
    start = nowNs;
    remote.read(plane(), local, 16_000, 4_000, 8);
    nowNs = start + 4_000 + LATENCY_NS - 1;
    assertEquals(0, poll(remote));
    assertEquals(0, local.get(LONG, 16_000), "arrived before its time");
    nowNs++;
    assertEquals(1, poll(remote));
    assertEquals(42, local.get(LONG, 16_000));
  }

  @Test
  void shouldTakeTheSlowerEndForATransfer() {
    Remote toSlow = connect(0, 3);
    toSlow.write(plane(), local, 0, 1_000, 1);
    requireCompletionAt(toSlow, nowNs, 100_000 + LATENCY_NS);
    Remote fromSlow = connect(3, 0);
    fromSlow.write(plane(), local, 0, 1_000, 2);
    requireCompletionAt(fromSlow, nowNs, 100_000 + LATENCY_NS);
  }

  @Test
  void shouldQueueTheTransfersOfOneLinkAndNotThoseOfOthers() {
    Remote first = connect(0, 1);
    Remote second = connect(0, 2);
    Remote other = connect(2, 1);
    Remote back = connect(1, 0);
    long start = nowNs;
    first.write(plane(), local, 0, 10_000, 1);
    second.write(plane(), local, 0, 10_000, 2); // behind the first on the link of 0
    other.write(plane(), local, 0, 10_000, 3); // behind the first on the link of 1
    back.write(plane(), local, 0, 10_000, 4); // the other direction of both
    requireCompletionAt(first, start, 10_000 + LATENCY_NS);
    nowNs = start;
    requireCompletionAt(back, start, 10_000 + LATENCY_NS);
    nowNs = start;
    requireCompletionAt(second, start, 20_000 + LATENCY_NS);
    nowNs = start;
    requireCompletionAt(other, start, 20_000 + LATENCY_NS);
  }

  @Test
  void shouldKeepAFastLinkFreeWhileASlowPeerReceives() {
    Remote toSlow = connect(0, 3);
    Remote toFast = connect(0, 1);
    long start = nowNs;
    toSlow.write(plane(), local, 0, 1_000, 1);
    toFast.write(plane(), local, 0, 1_000, 2);
    requireCompletionAt(toFast, start, 2_000 + LATENCY_NS);
    requireCompletionAt(toSlow, start, 100_000 + LATENCY_NS);
  }

  @Test
  void shouldLetWordsPassAndTakeEffectWhenDelivered() {
    Remote remote = connect(0, 1);
    Remote rival = connect(2, 1);
    long word = LAYOUT.lineOffset(0);
    remote.readWord(word, 1);
    nowNs += LATENCY_NS;
    poll(remote);
    long found = values.getFirst();
    long start = nowNs;
    remote.write(plane(), local, 0, 50_000, 2);
    remote.compareAndSwap(word, found, found + 1, 3);
    nowNs += LATENCY_NS / 2;
    rival.compareAndSwap(word, found, found + 2, 4);
    nowNs = start + LATENCY_NS;
    assertEquals(1, poll(remote), "the word passes the transfer");
    assertEquals(List.of(1L, 3L), completed);
    assertEquals(found, values.getLast());
    nowNs += LATENCY_NS;
    assertEquals(1, poll(rival));
    assertEquals(found + 1, values.getLast(), "the second one finds what the first one left");
    nowNs = start + 50_000 + LATENCY_NS;
    assertEquals(1, poll(remote));
  }

  @Test
  void shouldDeliverInTheOrderOfTheirTimesAndTakeAsManyAsPromised() {
    Remote remote = connect(0, 1);
    for (int round = 0; round < 3; round++) {
      completed.clear();
      for (int tag = 0; tag < Remote.MAX_IN_FLIGHT / 2; tag++) {
        remote.read(plane(), local, 0, 8, tag);
        remote.readWord(LAYOUT.lineOffset(0), 100 + tag);
      }
      assertThrows(IllegalStateException.class, () -> remote.readWord(LAYOUT.lineOffset(0), 999));
      nowNs += LATENCY_NS + 8;
      poll(remote);
      nowNs += 8L * Remote.MAX_IN_FLIGHT;
      poll(remote);
      List<Long> expected = new ArrayList<>();
      for (long tag = 0; tag < Remote.MAX_IN_FLIGHT / 2; tag++) {
        expected.add((int) tag, 100 + tag);
        expected.add(tag);
      }
      assertEquals(expected, completed);
    }
  }

  @Test
  void shouldCompleteWhatWasPostedToAPeerThatDied() {
    Remote remote = connect(0, 1);
    remote.write(plane(), local, 0, 1_000, 1);
    replicas.remove(1).close();
    assertEquals(PeerState.CLOSED, remote.state());
    requireCompletionAt(remote, nowNs, 1_000 + LATENCY_NS);
    assertTrue(fabric.isDead(shared.describe(job, 1, 0)));
  }

  @Test
  void shouldTellADeadPeerAsTheFabricBelowDoes() {
    Remote remote = connect(0, 1);
    try (Remote below = shared.connect(shared.describe(job, 1, 0), LAYOUT, 2, 0)) {
      RegionHeader.poison(below.direct());
    }
    assertEquals(PeerState.DEAD, remote.state());
  }

  @Test
  void shouldCountWhatEveryLinkCarried() {
    Remote remote = connect(0, 1);
    remote.write(plane(), local, 0, 1_000, 1);
    remote.read(plane(), local, 0, 200, 2);
    remote.readWord(LAYOUT.lineOffset(0), 3);
    assertEquals(List.of(1_000L, 200L), List.of(fabric.sentBytes(0), fabric.receivedBytes(0)));
    assertEquals(List.of(200L, 1_000L), List.of(fabric.sentBytes(1), fabric.receivedBytes(1)));
    nowNs += 10_000;
    assertEquals(3, poll(remote));
  }

  @Test
  void shouldRefuseAPaceThatIsNone() {
    assertThrows(ConfigurationException.class, () -> new LinkPace(0, 0, Map.of()));
    assertThrows(ConfigurationException.class, () -> new LinkPace(1e9, -1, Map.of()));
    assertThrows(ConfigurationException.class, () -> new LinkPace(1e9, 0, Map.of(0, 0.5)));
  }
}
