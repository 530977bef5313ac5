package dev.starling.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.JobObserver;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class JoinedTrainingTest {
  private static final int RANKS = 3;
  private static final long WORK = 600;

  private static JobContext context() {
    return new JobContext().workers(RANKS).parameterCount(1).schedule(new Schedule.Constant(0.05f));
  }

  /** The coordinator's side, as the README's words describe it; ranks are threads here. */
  @Test
  void shouldTrainTogetherWhenEveryRankJoins() throws Exception {
    ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    long jobId = ThreadLocalRandom.current().nextLong() >>> 1;
    List<Thread> ranks = new ArrayList<>();
    try (Arena arena = Arena.ofShared();
        JobBoard board = JobBoard.create(fabric, jobId, RANKS, WORK);
        JobObserver observer = new JobObserver(board, context().conclude().layout())) {
      MemorySegment initial = arena.allocate(Float.BYTES);
      for (int rank = 0; rank < RANKS; rank++) {
        int own = rank;
        ranks.add(
            Thread.ofPlatform()
                .name("starling-rank-" + rank)
                .start(
                    () ->
                        JoinedTraining.train(
                            board.path(),
                            context(),
                            own,
                            0,
                            initial,
                            (snapshot, gradient) ->
                                towardsSeven(snapshot.parameters(), gradient))));
      }
      await(board, RankRecord.State.JOINED);
      board.phase(JobBoard.Phase.RUNNING);
      await(board, RankRecord.State.FINISHED);
      observer.refresh();
      MemorySegment average = arena.allocate(Float.BYTES);
      assertEquals(RANKS, observer.average(average, TimeUnit.SECONDS.toNanos(1)));
      assertEquals(7, average.get(ValueLayout.JAVA_FLOAT, 0), 0.1);
      assertEquals(WORK, Math.round(board.meanSteps() * RANKS));
      board.phase(JobBoard.Phase.RELEASED);
      for (Thread rank : ranks) {
        rank.join();
      }
    }
  }

  private static void towardsSeven(MemorySegment parameters, MemorySegment gradient) {
    float value = parameters.get(ValueLayout.JAVA_FLOAT, 0);
    gradient.set(ValueLayout.JAVA_FLOAT, 0, value - 7);
    LockSupport.parkNanos(100_000);
  }

  private static void await(JobBoard board, RankRecord.State state) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    for (int rank = 0; rank < RANKS; rank++) {
      while (board.rank(rank).state().compareTo(state) < 0) {
        assertTrue(System.nanoTime() - deadlineNs < 0, "rank " + rank + " is not " + state);
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  @Test
  void shouldBeTheCodeThatTheReadmeShows() throws Exception {
    Path module = Path.of("").toAbsolutePath();
    String source =
        Files.readString(module.resolve("src/test/java/dev/starling/example/JoinedTraining.java"));
    String region =
        source.substring(source.indexOf("  static void"), source.indexOf("\n  // @end"));
    String readme = Files.readString(module.resolve("../../README.md").normalize());
    assertTrue(
        readme.contains("```java\n" + region.stripTrailing().stripIndent() + "\n```"),
        "the README shows other code");
  }
}
