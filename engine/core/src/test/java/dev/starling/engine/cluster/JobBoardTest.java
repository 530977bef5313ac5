package dev.starling.engine.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.metrics.PairingTable;
import dev.starling.engine.replica.Replica;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JobBoardTest {
  private static final int RANKS = 3;
  private static final long JOB = 0x5eed;

  private Path directory;
  private ShmFabric fabric;

  @BeforeEach
  void open() throws IOException {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "board-test-");
    fabric = new ShmFabric(directory);
  }

  @AfterEach
  void close() throws IOException {
    Files.delete(directory);
  }

  @Test
  void shouldGiveOutExactlyTheWorkWhenRanksCompete() throws InterruptedException {
    long work = 200_003;
    AtomicLong taken = new AtomicLong();
    try (JobBoard board = JobBoard.create(fabric, JOB, RANKS, work)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      // Each through a mapping of its own, as processes do.
                      try (JobBoard seen = JobBoard.open(fabric, board.path())) {
                        long mine = 0;
                        while (seen.takeWork(1)) {
                          mine++;
                        }
                        taken.addAndGet(mine);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(work, taken.get());
      assertTrue(board.workLeft() <= 0);
      assertFalse(board.takeWork(1));
    }
  }

  @Test
  void shouldShowToOthersWhatARankSaysOfItself() {
    try (JobBoard board = JobBoard.create(fabric, JOB, RANKS, 10);
        JobBoard seen = JobBoard.open(fabric, board.path())) {
      assertEquals(JOB, seen.jobId());
      assertEquals(RANKS, seen.workers());
      assertEquals(10, seen.workLeft());
      RankRecord own = board.rank(1);
      RankRecord others = seen.rank(1);
      assertEquals(Membership.ABSENT, seen.incarnation(1));
      own.joined(4, 2);
      own.submitted(30);
      own.progress(29, 464, 0.125, 1_000, 2_000, 300);
      assertEquals(RankRecord.State.JOINED, others.state());
      assertEquals(4, seen.incarnation(1));
      assertEquals(2, others.source());
      assertEquals(ProcessHandle.current().pid(), others.pid());
      assertEquals(29, others.steps());
      assertEquals(464, others.samples());
      assertEquals(0.125, others.loss());
      assertEquals(1_000, others.beginNs());
      assertEquals(2_000, others.endNs());
      assertEquals(300, others.backlogNs());
      assertEquals(10.0, seen.meanSteps(), "30 gradients of three ranks");
      own.finished();
      assertEquals(RankRecord.State.FINISHED, others.state());
      own.left();
      assertEquals(RankRecord.State.LEFT, others.state());
      own.lost();
      assertEquals(RankRecord.State.ABSENT, others.state());
      assertEquals(Membership.ABSENT, seen.incarnation(1));
      assertEquals(29, others.steps(), "what was done stays");
      assertEquals(RankRecord.State.ABSENT, seen.rank(0).state(), "others are not touched");
      assertEquals(0, seen.rank(2).steps());
    }
  }

  @Test
  void shouldTellThePhaseAndWhetherTheCoordinatorLives() throws IOException {
    JobBoard board = JobBoard.create(fabric, JOB, RANKS, 1);
    Path path = board.path();
    try (JobBoard seen = JobBoard.open(fabric, path)) {
      for (JobBoard.Phase phase : JobBoard.Phase.values()) {
        board.phase(phase);
        assertEquals(phase, seen.phase());
      }
      assertTrue(seen.isCoordinatorAlive());
      board.close();
      assertFalse(seen.isCoordinatorAlive());
      assertEquals(JobBoard.Phase.RELEASED, seen.phase(), "what was mapped stays readable");
    }
    assertFalse(Files.exists(path));
  }

  @Test
  void shouldDescribeTheRegionOfEveryIncarnation() {
    try (JobBoard board = JobBoard.create(fabric, JOB, RANKS, 1)) {
      assertEquals(fabric.regionPath(JOB, 2, 7).toString(), board.region(2, 7).address());
      assertEquals(7, board.region(2, 7).incarnation());
      assertEquals(JOB, board.region(2, 7).jobId());
    }
  }

  @Test
  void shouldRefuseWhatIsNoBoard() throws IOException {
    for (int length : new int[] {1, 64, 100_000}) {
      Path foreign = Files.write(directory.resolve("foreign"), new byte[length]);
      StarlingException failure =
          assertThrows(StarlingException.class, () -> JobBoard.open(fabric, foreign).close());
      assertTrue(failure.getMessage().contains("is no job board"), failure.getMessage());
      Files.delete(foreign);
    }
    assertThrows(
        StarlingException.class, () -> JobBoard.open(fabric, directory.resolve("missing")).close());
    assertThrows(ConfigurationException.class, () -> JobBoard.create(fabric, JOB, 0, 1).close());
  }

  @Test
  void shouldShowTheCountersOfARegionWithoutConnecting() {
    ReplicaLayout layout = ReplicaLayout.of(RANKS, 100, 1 << 20);
    Path path = fabric.regionPath(JOB, 1, 0);
    try (Replica replica = Replica.createShared(path, layout, JOB, 1, 0)) {
      new Counters(replica.segment(), ReplicaLayout.COUNTERS_OFFSET).add(Counter.EXCHANGES, 12);
      PairingTable pairings = new PairingTable(replica.segment(), layout.pairingsOffset());
      pairings.published(0, 500);
      pairings.published(2, 600);
      pairings.published(2, 700);
      pairings.busy(2);
      pairings.torn(0);
      replica.heartbeat(800);
      byte[] before = bytes(replica);
      try (RegionView view = RegionView.open(path)) {
        assertEquals(12, view.counters().get(Counter.EXCHANGES));
        assertEquals(1, view.pairings().published(0));
        assertEquals(0, view.pairings().published(1));
        assertEquals(2, view.pairings().published(2));
        assertEquals(700, view.pairings().lastPublishedNs(2));
        assertEquals(1, view.pairings().busyAttempts(2));
        assertEquals(1, view.pairings().tornExchanges(0));
        assertEquals(0, view.pairings().tornExchanges(2));
        assertEquals(800, view.heartbeatNs());
        assertTrue(view.isOwnerAlive());
      }
      org.junit.jupiter.api.Assertions.assertArrayEquals(
          before, bytes(replica), "looking changes nothing");
    }
    assertThrows(StarlingException.class, () -> RegionView.open(path).close());
  }

  private static byte[] bytes(Replica replica) {
    return replica.segment().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }
}
