package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.fabric.LinkPace;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Nesterov;
import dev.starling.engine.optimizer.Optimizer;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounds keep what others still read, go on with odd options, and count every gradient. */
class RoundsTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private static JobContext context(Algorithm algorithm, int workers, long parameters) {
    return new JobContext()
        .algorithm(algorithm)
        .workers(workers)
        .parameterCount(parameters)
        .schedule(new Schedule.Constant(0.125f));
  }

  private static void train(Worker worker, int steps, long parameters) {
    for (int step = 0; step < steps; step++) {
      try (Snapshot snapshot = worker.snapshot()) {
        MemorySegment x = snapshot.parameters();
        for (long i = 0; i < parameters; i++) {
          float pull = x.getAtIndex(FLOAT, i) - worker.rank() - i % 7;
          worker.gradient().setAtIndex(FLOAT, i, pull);
        }
        assertTrue(worker.submit());
      }
    }
  }

  private static float[] replica(LocalJob job, int rank, long parameters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(FLOAT, parameters);
      job.copyReplica(rank, copy);
      return copy.toArray(FLOAT);
    }
  }

  private static Optimizer optimizer(String name, long count) {
    return switch (name) {
      case "adamw" -> new AdamW(0f, count);
      case "nesterov" -> new Nesterov(0.9f, 0f, count);
      default -> new Sgd(0.9f, 0f, count);
    };
  }

  /** What arrives late shows what its owner made of it meanwhile. */
  @ParameterizedTest
  @CsvSource({
    "3, adamw, F32, 1000",
    "2, adamw, F32, 1000",
    "4, nesterov, F32, 1000",
    "3, sgd, BF16, 1000",
    "3, sgd, F32, 1000",
    "4, adamw, F32, 0",
  })
  void shouldKeepTheSharedMeanForANeighbourThatReadsItLate(
      int workers, String optimizer, GradientPayload payload, int linkUs) throws Exception {
    long parameters = 100_000;
    JobContext context =
        context(Algorithm.ALLREDUCE, workers, parameters)
            .optimizer(count -> optimizer(optimizer, count))
            .gradientPayload(payload);
    if (linkUs > 0) {
      context.link(new LinkPace(1e10, linkUs * 1000L, Map.of()));
    }
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(FLOAT, parameters))) {
      job.run(worker -> train(worker, 5, parameters));
      float[] first = replica(job, 0, parameters);
      for (int rank = 1; rank < workers; rank++) {
        assertArrayEquals(first, replica(job, rank, parameters), "rank " + rank + " as rank 0");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldGoThroughRoundsOverLinksWhenChunksAreSmall(Algorithm algorithm) throws Exception {
    long parameters = 3000;
    JobContext context =
        context(algorithm, 3, parameters)
            .chunkBytes(64)
            .peerTimeoutNs(5_000_000_000L)
            .link(new LinkPace(1e10, 1_000, Map.of()));
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(FLOAT, parameters))) {
      job.run(worker -> train(worker, 3, parameters));
      assertEquals(3, job.worker(0).counters().get(Counter.GRADIENTS_APPLIED));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldHaveToldTheEndOfTheRoundsWhenDrained(Algorithm algorithm) {
    for (int attempt = 0; attempt < 5; attempt++) {
      try (Arena arena = Arena.ofConfined();
          LocalJob job = LocalJob.launch(context(algorithm, 2, 4), arena.allocate(FLOAT, 4))) {
        job.allWorkers().forEach(Worker::leaveRounds);
        job.drain();
        assertTrue(job.allWorkers().stream().allMatch(Worker::areRoundsOver));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldRefuseASecondRunWhenTheRoundsAreOver(Algorithm algorithm) throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(algorithm, 2, 4), arena.allocate(FLOAT, 4))) {
      job.run(worker -> train(worker, 1, 4));
      IllegalStateException refused =
          assertThrows(IllegalStateException.class, () -> job.run(worker -> train(worker, 1, 4)));
      assertTrue(refused.getMessage().contains("launch another job"), refused.getMessage());
    }
  }

  @Test
  void shouldRefuseABoundOfStalenessThatAParameterServerCannotKeep() {
    JobContext context = context(Algorithm.A_PSGD, 2, 4).maxStaleness(5, LateGradients.DROP);
    ConfigurationException refused = assertThrows(ConfigurationException.class, context::conclude);
    assertTrue(refused.getMessage().contains("a-psgd"), refused.getMessage());
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldCountNoGradientThatWasRefusedByAnException(Algorithm algorithm) throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(algorithm, 2, 4), arena.allocate(FLOAT, 4))) {
      CountDownLatch twice = new CountDownLatch(1);
      job.run(
          worker -> {
            try (Snapshot snapshot = worker.snapshot()) {
              assertEquals(0, snapshot.version(0));
              worker.gradient().fill((byte) 0);
              if (worker.rank() == 0) {
                worker.submit();
                assertThrows(IllegalStateException.class, worker::submit);
                twice.countDown();
              } else {
                assertTrue(twice.await(10, TimeUnit.SECONDS));
                worker.submit();
              }
            }
          });
      long counted = 0;
      long submitted = 0;
      for (Worker worker : job.allWorkers()) {
        submitted += worker.counters().get(Counter.GRADIENTS_SUBMITTED);
        counted += worker.counters().get(Counter.GRADIENTS_APPLIED);
        counted += worker.counters().get(Counter.GRADIENTS_LATE);
      }
      assertEquals(submitted, counted);
    }
  }
}
