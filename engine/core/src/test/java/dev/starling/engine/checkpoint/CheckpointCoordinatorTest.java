package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckpointCoordinatorTest {
  private static final long JOB = 0x5eed;
  private static final int COUNT = 64;

  @TempDir Path run;
  private final List<String> told = Collections.synchronizedList(new ArrayList<>());
  private CheckpointSets sets;
  private Path shared;
  private ShmFabric fabric;
  private JobBoard board;

  @BeforeEach
  void open() throws IOException {
    sets = CheckpointSets.of(run);
    shared = Files.createTempDirectory(Path.of("/dev/shm"), "coordinator-test-");
    fabric = new ShmFabric(shared);
    board = JobBoard.create(fabric, JOB, 2, 0);
    for (int rank = 0; rank < 2; rank++) {
      board.rank(rank).cut(0);
      board.rank(rank).joined(0, RankRecord.INITIAL);
    }
  }

  @AfterEach
  void close() throws IOException {
    board.close();
    Files.delete(shared);
  }

  private CheckpointCoordinator coordinator() {
    return new CheckpointCoordinator(board, sets, 0, CheckpointInterval.NEVER, told::add);
  }

  private void await(String what, BooleanSupplier there) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!there.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadlineNs, () -> what + " did not come: " + told);
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Saves a rank as a worker process does. */
  private void save(int rank, long set) {
    try (Arena arena = Arena.ofConfined()) {
      CheckpointFiles.write(
          sets.file(set, rank, 0),
          new RankCheckpoint(
              "job", rank, 0, set, 1, List.of(1L), List.of((long) COUNT), 0, Map.of()),
          List.of(),
          arena.allocate(COUNT * Float.BYTES),
          List.of());
    }
    board.rank(rank).cut(set);
  }

  @Test
  void shouldCompleteASetWhenEveryRankHasSavedItsState() {
    try (CheckpointCoordinator coordinator = coordinator()) {
      board.askForCut();
      await("set 1", () -> board.cutWanted() == 1);
      save(0, 1);
      assertEquals(0, coordinator.newest(), "rank 1 has not saved its state");
      save(1, 1);
      await("the set", () -> board.cutComplete() == 1);
      assertEquals(1, coordinator.newest());
    }
    assertEquals(List.of(), sets.check(1));
    assertEquals(2, sets.read(1).ranks().size());
    assertTrue(
        told.getFirst().startsWith("checkpoint 1 is complete: 2 of 2 ranks"), told::toString);
  }

  @Test
  void shouldGiveTheSetUpWhenAWorkerDiesMeanwhile() {
    try (CheckpointCoordinator coordinator = coordinator()) {
      board.askForCut();
      await("set 1", () -> board.cutWanted() == 1);
      save(0, 1);
      board.rank(1).lost();
      await("a word", () -> !told.isEmpty());
      assertEquals(
          List.of("checkpoint 1 was given up: rank 1 was lost meanwhile"), List.copyOf(told));
      assertEquals(0, coordinator.newest());
      assertFalse(sets.list().getFirst().complete());

      // The next one has another number and does without the rank.
      board.askForCut();
      await("set 2", () -> board.cutWanted() == 2);
      save(0, 2);
      await("the set", () -> board.cutComplete() == 2);
    }
    CheckpointManifest manifest = sets.read(2);
    assertEquals(1, manifest.ranks().size());
    assertEquals(
        List.of(new CheckpointManifest.Missing(1, "lost before the set")), manifest.missing());
  }

  @Test
  void shouldGiveTheSetUpWhenARankCannotSaveItsState() {
    try (CheckpointCoordinator coordinator = coordinator()) {
      board.askForCut();
      await("set 1", () -> board.cutWanted() == 1);
      board.rank(1).cutFailed(1);
      await("a word", () -> !told.isEmpty());
      assertEquals(
          List.of("checkpoint 1 was given up: rank 1 could not save its state"), List.copyOf(told));
      assertEquals(0, coordinator.newest());
    }
  }

  @Test
  void shouldSayThatNoSetIsMadeWhenNobodyIsLeft() {
    board.rank(0).lost();
    board.rank(1).lost();
    try (CheckpointCoordinator coordinator = coordinator()) {
      assertEquals(-1, coordinator.makeOne(2));
      assertEquals(2, told.size());
      assertTrue(told.getFirst().contains("no rank has a state to save"), told::toString);
    }
  }

  @Test
  void shouldSayWhyWhenTheDirectoryCannotBeMade() throws IOException {
    Files.writeString(run.resolve("checkpoints"), "in the way");
    try (CheckpointCoordinator coordinator = coordinator()) {
      assertEquals(-1, coordinator.makeOne(1));
    }
    assertTrue(
        told.getFirst().startsWith("checkpoint 1 was given up: creating the checkpoint directory"),
        told::toString);
  }

  @Test
  void shouldMakeSetsWhileWorkersTrain() throws Exception {
    JobContext context =
        new JobContext()
            .workers(3)
            .parameterCount(COUNT)
            .optimizer(parameters -> new Sgd(0.9f, 0, parameters));
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(COUNT * Float.BYTES))) {
      CountDownLatch made = new CountDownLatch(3);
      WorkerCheckpoints saving =
          new WorkerCheckpoints(
              job.board(),
              sets,
              job.allWorkers(),
              List.of(),
              rank -> Map.of("note", "rank " + rank),
              set -> made.countDown(),
              told::add);
      CheckpointInterval often = CheckpointInterval.parse("5ms");
      CheckpointCoordinator coordinator =
          new CheckpointCoordinator(job.board(), sets, 0, often, result -> {});
      try (saving;
          coordinator) {
        job.run(worker -> train(worker, made));
      }
      assertTrue(coordinator.newest() >= 3);
    }
    assertEquals(List.of(), told);
    for (CheckpointSets.CheckpointSet set : sets.list()) {
      if (set.complete()) {
        assertEquals(List.of(), sets.check(set.number()));
        assertEquals(3, sets.read(set.number()).ranks().size());
      }
    }
  }

  @Test
  void shouldSaveTheNextSetWhenWhatFollowsOneFails() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                new JobContext().workers(2).parameterCount(COUNT),
                arena.allocate(COUNT * Float.BYTES))) {
      WorkerCheckpoints saving =
          new WorkerCheckpoints(
              job.board(),
              sets,
              job.allWorkers(),
              List.of(),
              rank -> Map.of(),
              set -> {
                throw new IllegalStateException("the listener fails");
              },
              told::add);
      CheckpointCoordinator coordinator =
          new CheckpointCoordinator(job.board(), sets, 0, CheckpointInterval.NEVER, result -> {});
      try (saving;
          coordinator) {
        assertEquals(1, coordinator.makeOne(1));
        await("the first failure", () -> told.size() == 1);
        assertEquals(2, coordinator.makeOne(1));
        await("the second failure", () -> told.size() == 2);
      }
    }
    assertEquals("after checkpoint 1: the listener fails", told.getFirst());
  }

  private static void train(Worker worker, CountDownLatch made) {
    while (made.getCount() > 0) {
      try (Snapshot snapshot = worker.snapshot()) {
        assertTrue(snapshot.version(0) >= 0);
        worker.gradient().fill((byte) 0);
        assertTrue(worker.submit());
      }
    }
  }
}
