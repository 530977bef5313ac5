package dev.starling.engine.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.rendezvous.ControlLink;
import dev.starling.engine.rendezvous.Endpoint;
import dev.starling.engine.rendezvous.TestJob;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The boards of several ranks in one JVM, over real links; ranks 0 and 1 share a host. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterBoardTest {
  private static final long SECOND_NS = 1_000_000_000L;
  private static final long WORK = 100_000;

  private final ShmFabric regions = new ShmFabric(Path.of("/dev/shm"));
  private final List<Rank> ranks = new ArrayList<>();
  private final List<PrivateMemory> memories = new ArrayList<>();
  private TestJob job;

  /** One process of the job, as far as this test needs it. */
  private final class Rank implements AutoCloseable {
    final List<String> told = new CopyOnWriteArrayList<>();
    final ControlLink link;
    final RollCall roll;
    ClusterBoard cluster;

    Rank(ControlLink link, int workers) {
      this.link = link;
      roll = new RollCall(link, workers);
      roll.announce();
      ranks.add(this);
    }

    Rank open(long gatherLimitNs) {
      cluster = new ClusterBoard(link, roll, regions, regions, WORK, gatherLimitNs, told::add);
      return this;
    }

    Rank join() {
      own().joined(link.incarnation(), RankRecord.INITIAL);
      return this;
    }

    RankRecord own() {
      return board().rank(link.rank());
    }

    JobBoard board() {
      return cluster.board();
    }

    /** As kill -9 does: the board's thread says nothing more either. */
    void kill() {
      TestJob.kill(link);
      close();
      ranks.remove(this);
    }

    @Override
    public void close() {
      if (cluster != null) {
        cluster.close();
        cluster = null;
      }
    }
  }

  @AfterEach
  void close() {
    List.copyOf(ranks).forEach(Rank::close);
    memories.forEach(PrivateMemory::close);
    job.close();
  }

  private ControlLink.Context context(int rank) {
    return job.context(rank).progressLongs(ClusterBoard.PROGRESS_WORDS);
  }

  private List<Rank> start(int workers, int present) {
    job = new TestJob(workers);
    List<CompletableFuture<ControlLink>> links = new ArrayList<>();
    for (int rank = 0; rank < present; rank++) {
      links.add(job.openLater(context(rank)));
    }
    links.forEach(link -> new Rank(TestJob.get(link), workers));
    return List.copyOf(ranks);
  }

  private List<Rank> run(int workers) {
    List<Rank> all = start(workers, workers);
    all.forEach(rank -> rank.open(10 * SECOND_NS).join());
    all.forEach(rank -> awaitPhase(rank, JobBoard.Phase.RUNNING));
    return all;
  }

  private static void awaitPhase(Rank rank, JobBoard.Phase phase) {
    TestJob.await(phase + " at rank " + rank.link.rank(), () -> rank.board().phase() == phase);
  }

  private static void awaitTold(Rank rank, String part) {
    TestJob.await(
        part + " at rank " + rank.link.rank(),
        () -> rank.told.stream().anyMatch(line -> line.contains(part)));
  }

  @Test
  void shouldBeginTogetherWhenEveryRankHasJoined() {
    List<Rank> all = start(3, 3);
    TestJob.await("all there", () -> all.stream().allMatch(rank -> rank.roll.isComplete()));
    assertFalse(all.get(0).roll.hasBegun());
    all.forEach(rank -> rank.open(10 * SECOND_NS));
    all.get(0).join();
    all.get(1).join();
    TestJob.await("joined", () -> all.get(2).board().rank(0).state() == RankRecord.State.JOINED);
    assertEquals("shm", all.get(2).roll.fabricInUse().orElseThrow());
    assertEquals(JobBoard.Phase.GATHERING, all.get(0).board().phase());
    all.get(2).join();
    for (Rank rank : all) {
      awaitPhase(rank, JobBoard.Phase.RUNNING);
      TestJob.await("begun", rank.roll::hasBegun);
      assertEquals(List.of(), rank.told);
    }
  }

  @Test
  void shouldShowToOthersWhatARankSaysOfItself() {
    List<Rank> all = run(3);
    RankRecord own = all.get(1).own();
    own.submitted(30);
    own.progress(29, 464, 0.125, 1_000, 2_000, 300);
    for (int reader : new int[] {0, 2}) {
      RankRecord copy = all.get(reader).board().rank(1);
      TestJob.await("29 steps", () -> copy.steps() == 29 && copy.submitted() == 30);
      assertEquals(464, copy.samples());
      assertEquals(0.125, copy.loss());
      assertEquals(1_000, copy.endNs() - copy.beginNs());
      assertEquals(300, copy.backlogNs());
      assertEquals(10.0, all.get(reader).board().meanSteps(), "30 gradients of three ranks");
      assertEquals(0, all.get(reader).board().rank(0).steps(), "others are not touched");
    }
    assertEquals(1_000, all.get(0).board().rank(1).beginNs(), "the same host has the same clock");
    own.finished();
    TestJob.await(
        "finished", () -> all.get(2).board().rank(1).state() == RankRecord.State.FINISHED);
  }

  @Test
  void shouldTakeTogetherWhatThereWasWhenRanksShareTheWork() throws InterruptedException {
    List<Rank> all = run(3);
    AtomicLong taken = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    for (Rank rank : all) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    long mine = 0;
                    while (rank.board().takeWork(10)) {
                      mine += 10;
                      LockSupport.parkNanos(100_000);
                    }
                    taken.addAndGet(mine);
                  }));
    }
    for (Thread thread : threads) {
      thread.join(40_000);
      assertFalse(thread.isAlive(), "work does not end");
    }
    System.out.println("taken " + taken + " of " + WORK);
    // A heartbeat of 50 ms and a look of 10 ms, at 10 per 100 us for each of three; twice that.
    assertTrue(taken.get() >= WORK && taken.get() < WORK + 2 * 3 * 6_000, "taken " + taken);
    for (Rank rank : all) {
      TestJob.await("the same", () -> rank.board().workLeft() == WORK - taken.get());
    }
  }

  @Test
  void shouldBeginWithoutAMissingRankAfterTheLimitAndTakeItInLater() {
    List<Rank> all = start(3, 2);
    all.forEach(rank -> rank.open(SECOND_NS / 2).join());
    for (Rank rank : all) {
      awaitPhase(rank, JobBoard.Phase.RUNNING);
      awaitTold(rank, "ranks [2] have not joined in time: the others begin without them");
      assertEquals(RankRecord.State.ABSENT, rank.board().rank(2).state());
    }
    assertTrue(all.get(0).board().takeWork(70));
    Rank late = new Rank(job.open(context(2)), 3);
    TestJob.await("the job has begun", late.roll::hasBegun);
    late.open(10 * SECOND_NS);
    assertEquals(
        JobBoard.Phase.RUNNING, late.board().phase(), "at once, so that it copies a living model");
    assertEquals(0, late.board().incarnation(0));
    late.join();
    awaitTold(all.get(0), "rank 2 has joined");
    TestJob.await("work", () -> late.board().workLeft() == WORK - 70);
  }

  @Test
  void shouldGoOnWithoutARankThatIsKilled() {
    List<Rank> all = run(3);
    all.get(0).board().takeWork(40);
    all.get(0).own().progress(4, 40, 1, 1, 2, 0);
    TestJob.await("4 steps", () -> all.get(2).board().rank(0).steps() == 4);
    assertEquals(0, all.get(2).cluster.leader());
    all.get(0).kill();
    for (Rank rank : all.subList(1, 3)) {
      awaitTold(rank, "rank 0 was lost after 4 steps; the others go on without it");
      assertEquals(RankRecord.State.ABSENT, rank.board().rank(0).state());
      assertEquals(Membership.ABSENT, rank.board().incarnation(0));
      assertFalse(rank.cluster.isAlive(0));
      assertEquals(1, rank.cluster.leader());
      assertEquals(4, rank.board().rank(0).steps(), "what was done stays");
      assertEquals(WORK - 40, rank.board().workLeft());
    }
  }

  @Test
  void shouldGoOnCountingWhenARankReturns() {
    List<Rank> all = run(3);
    Rank killed = all.get(2);
    Counters counters = counters();
    killed.cluster.watch(counters, () -> 7);
    counters.add(Counter.EXCHANGES, 12);
    killed.board().takeWork(500);
    killed.own().submitted(55);
    killed.own().progress(50, 500, 0.5, 1_000, 2_000, 9);
    TestJob.await(
        "12 exchanges",
        () ->
            all.get(0).cluster.count(2, Counter.EXCHANGES) == 12
                && all.get(0).board().rank(2).steps() == 50);
    killed.kill();
    awaitTold(all.get(0), "rank 2 was lost");

    Rank back = new Rank(job.open(context(2)), 3);
    assertEquals(1, back.link.incarnation());
    TestJob.await("the job has begun", back.roll::hasBegun);
    back.open(10 * SECOND_NS);
    assertEquals(50, back.own().steps());
    assertEquals(500, back.own().samples());
    assertEquals(55, back.own().submitted());
    assertEquals(1_000, back.own().endNs() - back.own().beginNs());
    assertEquals(WORK - 500, back.board().workLeft(), "its own share counts");
    assertEquals(RankRecord.State.ABSENT, back.own().state());
    back.join();
    awaitTold(all.get(0), "rank 2 is back (incarnation 1)");
    assertEquals(1, all.get(0).board().incarnation(2));

    Counters anew = counters();
    anew.add(Counter.EXCHANGES, 3);
    back.cluster.watch(anew, () -> 2);
    back.board().takeWork(20);
    for (Rank rank : all.subList(0, 2)) {
      TestJob.await("both lives", () -> rank.cluster.count(2, Counter.EXCHANGES) == 15);
      assertEquals(9, rank.cluster.published(2));
      TestJob.await("both shares", () -> rank.board().workLeft() == WORK - 520);
    }
  }

  private Counters counters() {
    PrivateMemory memory = PrivateMemory.allocate("counters of a test", 4096);
    memories.add(memory);
    return new Counters(memory.segment(), 0);
  }

  @Test
  void shouldTellALateRankWhatTheDeadHadDone() {
    List<Rank> all = start(3, 2);
    all.forEach(rank -> rank.open(SECOND_NS / 10).join());
    awaitPhase(all.get(0), JobBoard.Phase.RUNNING);
    all.get(1).own().progress(30, 300, 1, 1, 2, 0);
    all.get(1).board().takeWork(300);
    TestJob.await("300", () -> all.get(0).board().workLeft() == WORK - 300);
    all.get(1).kill();
    awaitTold(all.get(0), "rank 1 was lost");
    Rank late = new Rank(job.open(context(2)), 3);
    late.open(10 * SECOND_NS).join();
    TestJob.await("the dead one's share", () -> late.board().workLeft() == WORK - 300);
    assertEquals(30, late.board().rank(1).steps());
    assertEquals(RankRecord.State.ABSENT, late.board().rank(1).state());
    assertEquals(List.of(), late.told);
  }

  @Test
  void shouldLetEverybodyGoWhenOneSaysThatItIsDone() {
    List<Rank> all = run(3);
    all.get(0).cluster.done();
    for (Rank rank : all) {
      TestJob.await("done", rank.cluster::isDone);
      awaitPhase(rank, JobBoard.Phase.STOPPING);
    }
    all.get(0).close();
    all.get(0).link.close();
    TestJob.await("left", () -> all.get(1).board().rank(0).state() == RankRecord.State.LEFT);
    assertEquals(List.of(), all.get(1).told, "that is as it should be");
    all.get(1).kill();
    // Rank 0, whom it would ask by default, has left.
    List<Endpoint> seeds = List.of(all.get(2).link.listensAt());
    Rank late = new Rank(job.open(context(1).seeds(seeds)), 3);
    TestJob.await("it learns that the job is done", late.roll::isDone);
    assertTrue(late.roll.hasBegun());
    ranks.remove(all.get(0));
  }

  @Test
  void shouldTellWhoLeavesEarlyAndWhoEvaluates() {
    List<Rank> all = run(3);
    all.get(0).cluster.leaving();
    assertTrue(all.get(0).cluster.isLeaving(0));
    TestJob.await("told", () -> all.get(2).cluster.isLeaving(0));
    assertFalse(all.get(2).cluster.isLeaving(1));
    assertEquals(0, all.get(2).cluster.leader());
    all.get(1).cluster.evaluating();
    TestJob.await("who has begun leads", () -> all.get(2).cluster.leader() == 1);
    TestJob.await("also for lower ranks", () -> all.get(0).cluster.leader() == 1);
    all.get(0).close();
    all.get(0).link.close();
    ranks.remove(all.get(0));
    awaitTold(all.get(2), "rank 0 left after 0 steps; the others go on without it");
    Rank back = new Rank(job.open(context(0).foundAfterNs(5 * SECOND_NS)), 3);
    back.open(10 * SECOND_NS).join();
    awaitTold(all.get(2), "rank 0 is back (incarnation 1)");
    assertFalse(all.get(2).cluster.isLeaving(0), "what its last incarnation meant is over");
  }

  @Test
  void shouldEndItsThreadAndStayReadable() {
    List<Rank> all = run(2);
    all.get(0).cluster.end();
    all.get(0).cluster.end();
    assertEquals(
        1,
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("starling-board"))
            .count());
    assertEquals(RankRecord.State.JOINED, all.get(0).board().rank(1).state());
  }
}
