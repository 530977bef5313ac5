package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.PeerState;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Workers that join one by one, here in one process; the soak runs them in processes of their own.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JoinedWorkerTest {
  private static final long COUNT = 300;

  private final ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
  private final long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
  private final JobBoard board = JobBoard.create(fabric, jobId, 3, 100);
  private final List<String> peers = new CopyOnWriteArrayList<>();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment initial = arena.allocate(COUNT * Float.BYTES);

  @AfterEach
  void close() {
    board.close();
    arena.close();
  }

  private JobContext context() {
    return new JobContext()
        .workers(3)
        .parameterCount(COUNT)
        .stripeBytes(256)
        .peerCheckNs(1_000_000)
        .peerListener(
            (rank, peer, incarnation, state) ->
                peers.add(rank + " " + peer + "." + incarnation + " " + state))
        .schedule(new Schedule.Constant(1f));
  }

  private JoinedWorker join(int rank, int incarnation) {
    return join(context(), rank, incarnation);
  }

  private JoinedWorker join(JobContext context, int rank, int incarnation) {
    return JoinedWorker.join(context, board, rank, incarnation, initial);
  }

  private static void step(JoinedWorker joined, float gradient) {
    Worker worker = joined.worker();
    long before = worker.counters().get(Counter.GRADIENTS_APPLIED);
    try (Snapshot snapshot = worker.snapshot()) {
      assertTrue(snapshot.version(0) >= 0);
      for (long i = 0; i < COUNT; i++) {
        worker.gradient().setAtIndex(ValueLayout.JAVA_FLOAT, i, gradient);
      }
      assertTrue(worker.submit());
    }
    await("applied", () -> worker.counters().get(Counter.GRADIENTS_APPLIED) > before);
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "not " + what + " in time");
      LockSupport.parkNanos(100_000);
    }
  }

  private Path region(int rank, int incarnation) {
    return fabric.regionPath(jobId, rank, incarnation);
  }

  @Test
  void shouldConnectToWhoeverJoinsLater() {
    try (JoinedWorker first = join(0, 0)) {
      step(first, -1f);
      assertEquals(0, first.worker().counters().get(Counter.PEERS_JOINED));
      try (JoinedWorker second = join(1, 0)) {
        assertEquals(RankRecord.INITIAL, second.source());
        await("connected", () -> first.worker().counters().get(Counter.PEERS_JOINED) == 1);
        step(first, -1f);
        assertTrue(first.worker().counters().get(Counter.EXCHANGES) > 0);
      }
      await("lost", () -> first.worker().counters().get(Counter.PEERS_LOST) == 1);
      assertTrue(peers.contains("0 1.0 " + PeerState.ALIVE), peers.toString());
      assertTrue(peers.contains("0 1.0 " + PeerState.CLOSED), peers.toString());
      step(first, -1f);
      assertEquals(RankRecord.State.LEFT, board.rank(1).state());
    }
  }

  /** Rank 2 is the one that rank 0 reads from in the ring, and a neighbour in the graph. */
  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldSayWhoIsGoneWhenARankLeavesBeforeTheFirstRound(Algorithm algorithm) {
    try (JoinedWorker first = join(context().algorithm(algorithm), 0, 0)) {
      Worker worker = first.worker();
      try (JoinedWorker second = join(context().algorithm(algorithm), 2, 0)) {
        await("connected", () -> worker.counters().get(Counter.PEERS_JOINED) == 1);
        assertTrue(second.worker().isHealthy());
      }
      await("lost", () -> worker.counters().get(Counter.PEERS_LOST) == 1);
      try (Snapshot snapshot = worker.snapshot()) {
        assertEquals(0, snapshot.version(0));
        worker.gradient().fill((byte) 0);
        assertTrue(worker.submit());
      }
      StarlingException gone = assertThrows(StarlingException.class, worker::snapshot);
      assertTrue(
          gone.getMessage().contains("rank 2, which every round needs, was gone"),
          gone.getMessage());
    }
  }

  @Test
  void shouldCopyALivingReplicaWhenARankJoinsAgain() {
    try (JoinedWorker first = join(0, 0)) {
      step(first, -7f);
      join(2, 0).close();
      try (JoinedWorker again = join(2, 1)) {
        assertEquals(0, again.source());
        try (Snapshot snapshot = again.worker().snapshot()) {
          assertEquals(7f, snapshot.stripe(0).getAtIndex(ValueLayout.JAVA_FLOAT, 3));
          assertEquals(0, snapshot.version(0));
        }
        await("connected to the new incarnation", () -> peers.contains("0 2.1 " + PeerState.ALIVE));
        step(first, -1f);
        step(again, -1f);
        assertTrue(
            first.worker().counters().get(Counter.EXCHANGES)
                    + again.worker().counters().get(Counter.EXCHANGES)
                > 0);
      }
    }
  }

  @Test
  void shouldCopyALivingReplicaWhenARankJoinsAfterTheJobHasBegun() {
    try (JoinedWorker first = join(0, 0)) {
      board.phase(JobBoard.Phase.RUNNING);
      step(first, -7f);
      try (JoinedWorker late = join(1, 0)) {
        assertEquals(0, late.source(), "the initial model would undo what the others learned");
        try (Snapshot snapshot = late.worker().snapshot()) {
          assertEquals(7f, snapshot.stripe(0).getAtIndex(ValueLayout.JAVA_FLOAT, 3));
        }
      }
    }
  }

  @Test
  void shouldNotWaitForTheStartWhenAskedToLeave() {
    try (JoinedWorker joined = join(0, 0)) {
      int[] asked = {0};
      assertFalse(joined.awaitStart(() -> ++asked[0] == 5));
      assertEquals(5, asked[0]);
      assertEquals(JobBoard.Phase.GATHERING, board.phase());
    }
  }

  @Test
  void shouldStartFromTheInitialModelWhenNobodyElseLives() {
    try (JoinedWorker alone = join(1, 4)) {
      assertEquals(RankRecord.INITIAL, alone.source());
      assertTrue(Files.exists(region(1, 4)));
    }
    assertFalse(Files.exists(region(1, 4)));
  }

  @Test
  void shouldRefuseToJoinWhileThePredecessorLives() {
    try (JoinedWorker first = join(0, 0)) {
      StarlingException failure = assertThrows(StarlingException.class, () -> join(0, 1));
      assertTrue(
          failure.getMessage().contains("while its predecessor still owns"), failure.getMessage());
      step(first, -1f);
    }
  }

  @Test
  void shouldAddUpWhatTheIncarnationsOfARankCounted() {
    try (JobObserver observer = new JobObserver(board, context().conclude().layout())) {
      for (int incarnation = 0; incarnation < 3; incarnation++) {
        try (JoinedWorker joined = join(1, incarnation)) {
          step(joined, -1f);
          step(joined, -2f);
          observer.refresh();
          assertEquals(incarnation, observer.incarnation(1));
          assertEquals(2 * (incarnation + 1), observer.count(1, Counter.GRADIENTS_APPLIED));
          assertEquals(
              2 * (incarnation + 1) * context().conclude().layout().stripes(),
              observer.published(1));
        }
      }
      assertEquals(6, observer.count(1, Counter.GRADIENTS_APPLIED));
      assertEquals(6, board.rank(1).submitted());
      assertEquals(2.0, board.meanSteps());
    }
  }

  @Test
  void shouldShareTheWorkAndStopWhenItIsUsedUpOrTheCoordinatorWants() {
    try (JoinedWorker first = join(0, 0)) {
      board.phase(JobBoard.Phase.RUNNING);
      assertTrue(first.awaitStart());
      int taken = 0;
      while (board.takeWork(7)) {
        taken++;
      }
      assertEquals(15, taken);
      assertTrue(board.workLeft() <= 0);
      assertFalse(first.isStopRequested());
      board.phase(JobBoard.Phase.STOPPING);
      assertTrue(first.isStopRequested());
      board.phase(JobBoard.Phase.RELEASED);
      first.finish(() -> false);
      assertEquals(RankRecord.State.FINISHED, board.rank(0).state());
    }
  }

  @Test
  void shouldEndAndCleanUpWhenTheCoordinatorDies() {
    JobBoard orphan = JobBoard.create(fabric, jobId + 1, 3, 1);
    JoinedWorker joined = null;
    try (JobBoard seen = JobBoard.open(fabric, orphan.path())) {
      joined = JoinedWorker.join(context(), seen, 0, 0, initial);
      assertFalse(joined.isCoordinatorDead());
      // Closing gives the lock up as a death does; the file comes back to look like one.
      Path path = orphan.path();
      orphan.close();
      orphan = null;
      JoinedWorker waiting = joined;
      await("seen dead", waiting::isCoordinatorDead);
      assertFalse(joined.awaitStart(), "nobody will ever let it begin");
      joined.finish(() -> false);
      Files.write(path, new byte[16]);
      joined.close();
      joined = null;
      assertFalse(Files.exists(path), "the dead coordinator's board is removed");
    } catch (java.io.IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    } finally {
      if (joined != null) {
        joined.close();
      }
      if (orphan != null) {
        orphan.close();
      }
    }
  }

  @Test
  void shouldKnowNobodyBeforeTheyJoin() {
    for (int rank = 0; rank < 3; rank++) {
      assertEquals(Membership.ABSENT, board.incarnation(rank));
      assertEquals(RankRecord.State.ABSENT, board.rank(rank).state());
    }
    assertEquals(3, board.workers());
    assertEquals(JobBoard.Phase.GATHERING, board.phase());
    try (JobBoard seen = JobBoard.open(fabric, board.path())) {
      assertEquals(jobId, seen.jobId());
      assertTrue(seen.isCoordinatorAlive());
    }
  }
}
