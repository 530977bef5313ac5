package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.fabric.LinkPace;
import dev.starling.engine.log.Journal;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each algorithm does what its formula says, to rounding, with workers that run as they like. */
class AlgorithmTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final float RATE = 0.125f;

  private static JobContext context(Algorithm algorithm, int workers, long parameters) {
    return new JobContext()
        .algorithm(algorithm)
        .workers(workers)
        .parameterCount(parameters)
        .mergeLimit(0)
        .schedule(new Schedule.Constant(RATE));
  }

  /** Peers that cannot be addressed: everything goes through reads, writes and swaps. */
  private static JobContext behindLinks(JobContext context, boolean links) {
    return links ? context.link(new LinkPace(2e9, 1_000, Map.of())) : context;
  }

  private static long total(LocalJob job, Counter counter) {
    return job.allWorkers().stream().mapToLong(worker -> worker.counters().get(counter)).sum();
  }

  private static MemorySegment model(Arena arena, long parameters) {
    MemorySegment model = arena.allocate(FLOAT, parameters);
    for (long i = 0; i < parameters; i++) {
      model.setAtIndex(FLOAT, i, i % 5);
    }
    return model;
  }

  private static float[] replica(LocalJob job, int rank, long parameters) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocate(FLOAT, parameters);
      job.copyReplica(rank, copy);
      return copy.toArray(FLOAT);
    }
  }

  private static float[] average(LocalJob job, Arena arena, long parameters) {
    MemorySegment average = arena.allocate(FLOAT, parameters);
    job.average(average);
    return average.toArray(FLOAT);
  }

  /** Each shard as its home has it. */
  private static float[] homes(LocalJob job, long parameters) {
    float[] model = new float[(int) parameters];
    ReplicaLayout layout = job.context().layout();
    for (int shard = 0; shard < layout.stripes(); shard++) {
      int start = (int) layout.stripeStart(shard);
      float[] home = replica(job, shard % job.workers(), parameters);
      System.arraycopy(home, start, model, start, (int) layout.stripeParameters(shard));
    }
    return model;
  }

  /** The gradient of a worker in a step: a pull to a point of its own, and noise. */
  private static double gradient(double x, int rank, int step, long index) {
    double noise = new SplittableRandom(31L * step + 7 * rank + 1009 * index).nextDouble() - 0.5;
    return 0.25 * (x - rank) + noise;
  }

  private static void train(Worker worker, int steps, long parameters) {
    for (int step = 0; step < steps; step++) {
      try (Snapshot snapshot = worker.snapshot()) {
        MemorySegment x = snapshot.parameters();
        MemorySegment g = worker.gradient();
        for (long i = 0; i < parameters; i++) {
          g.setAtIndex(FLOAT, i, (float) gradient(x.getAtIndex(FLOAT, i), worker.rank(), step, i));
        }
        assertTrue(worker.submit());
      }
    }
  }

  /** What the synchronous algorithms say, in double precision: x' = W x - rate g. */
  private static double[][] reference(
      double[][] weights, boolean reduces, int steps, long parameters) {
    int workers = weights.length;
    double[][] x = new double[workers][(int) parameters];
    for (double[] row : x) {
      for (int i = 0; i < row.length; i++) {
        row[i] = i % 5;
      }
    }
    for (int step = 0; step < steps; step++) {
      double[][] next = new double[workers][(int) parameters];
      for (int i = 0; i < parameters; i++) {
        double mean = 0;
        for (int rank = 0; rank < workers; rank++) {
          mean += gradient((float) x[rank][i], rank, step, i) / workers;
        }
        for (int rank = 0; rank < workers; rank++) {
          double own = gradient((float) x[rank][i], rank, step, i);
          next[rank][i] = -RATE * (reduces ? mean : own);
          for (int other = 0; other < workers; other++) {
            next[rank][i] += weights[rank][other] * x[other][i];
          }
        }
      }
      x = next;
    }
    return x;
  }

  private static double[][] metropolis(Topology topology) {
    int workers = topology.workers();
    double[][] weights = new double[workers][workers];
    for (int i = 0; i < workers; i++) {
      weights[i][i] = 1;
      for (int j : topology.neighbours(i)) {
        int larger = Math.max(topology.neighbours(i).length, topology.neighbours(j).length);
        weights[i][j] = 1.0 / (1 + larger);
        weights[i][i] -= weights[i][j];
      }
    }
    return weights;
  }

  private static double[][] identity(int workers) {
    double[][] weights = new double[workers][workers];
    for (int i = 0; i < workers; i++) {
      weights[i][i] = 1;
    }
    return weights;
  }

  private static void assertNear(double[] expected, float[] actual, String what) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-4, what + ", parameter " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 5, false",
    "2, 1, false",
    "2, 100000, false",
    "2, 100000, true",
    "3, 1000, false",
    "3, 300000, true",
    "4, 70001, false",
    "4, 200, true",
    "5, 3, false",
    "7, 257, false"
  })
  void shouldTakeTheMeanOfAllGradientsInEveryRoundOfAllReduce(
      int workers, long parameters, boolean links) throws Exception {
    int steps = parameters > 10_000 ? 5 : 60;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                behindLinks(context(Algorithm.ALLREDUCE, workers, parameters), links),
                model(arena, parameters))) {
      job.run(worker -> train(worker, steps, parameters));
      double[][] expected = reference(identity(workers), true, steps, parameters);
      float[] first = replica(job, 0, parameters);
      assertNear(expected[0], first, "rank 0");
      for (int rank = 1; rank < workers; rank++) {
        assertArrayEquals(first, replica(job, rank, parameters), "all have the same bits");
      }
      assertEquals((long) workers * steps, total(job, Counter.GRADIENTS_APPLIED));
      assertEquals((long) workers * steps, total(job, Counter.STEPS));
      assertEquals(0, total(job, Counter.GRADIENTS_MERGED));
      assertEquals(0, total(job, Counter.STALENESS_MAX), "a round leaves nothing stale");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 5, complete, false",
    "2, 3, complete, false",
    "3, 1000, ring, false",
    "4, 70001, complete, false",
    "5, 257, star, false",
    "8, 100, bipartite-exponential, false",
    "6, 10, ring, false",
    "3, 300000, ring, true",
    "4, 70001, complete, true"
  })
  void shouldMixWithAllNeighboursInEveryRoundOfDPsgd(
      int workers, long parameters, String graph, boolean links) throws Exception {
    int steps = parameters > 10_000 ? 5 : 60;
    Topology topology = Topology.parse(graph, workers, 1);
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                behindLinks(context(Algorithm.D_PSGD, workers, parameters), links)
                    .topology(topology),
                model(arena, parameters))) {
      job.run(worker -> train(worker, steps, parameters));
      double[][] expected = reference(metropolis(topology), false, steps, parameters);
      for (int rank = 0; rank < workers; rank++) {
        assertNear(expected[rank], replica(job, rank, parameters), "rank " + rank);
      }
      assertEquals((long) workers * steps, total(job, Counter.GRADIENTS_APPLIED));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 10, false",
    "2, 10, false",
    "4, 5000, false",
    "5, 40000, false",
    "5, 40000, true"
  })
  void shouldApplyEveryGradientOnceAtTheHomesOfAPsgd(int workers, long parameters, boolean links)
      throws Exception {
    int steps = 50;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                behindLinks(context(Algorithm.A_PSGD, workers, parameters), links),
                model(arena, parameters))) {
      int shards = job.context().layout().stripes();
      assertEquals(parameters > 4000 ? workers : 1, shards, "a shard for each worker");
      job.run(
          worker -> {
            for (int step = 0; step < steps; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                for (long i = 0; i < parameters; i++) {
                  worker.gradient().setAtIndex(FLOAT, i, 1 + worker.rank() + i % 3);
                }
                assertTrue(snapshot.version(0) >= 0);
                assertTrue(worker.submit());
              }
            }
          });
      for (int shard = 0; shard < shards; shard++) {
        float[] home = replica(job, shard % workers, parameters);
        long start = job.context().layout().stripeStart(shard);
        for (long i = start; i < start + job.context().layout().stripeParameters(shard); i++) {
          double pull = steps * (workers * (1 + i % 3) + workers * (workers - 1) / 2.0);
          assertEquals(i % 5 - RATE / workers * pull, home[(int) i], 1e-2, "parameter " + i);
        }
      }
      assertArrayEquals(homes(job, parameters), average(job, arena, parameters), "the model");
      assertEquals((long) workers * steps, total(job, Counter.GRADIENTS_APPLIED));
      assertEquals(0, total(job, Counter.EXCHANGES_TORN));
      long updates = total(job, Counter.UPDATES);
      assertEquals(updates * shards, total(job, Counter.EXCHANGES) + total(job, Counter.STEPS));
    }
  }

  @ParameterizedTest
  @EnumSource(value = Algorithm.class)
  void shouldEndTogetherWhenWorkersLeaveAtDifferentSteps(Algorithm algorithm) throws Exception {
    int workers = 4;
    long parameters = 33;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(context(algorithm, workers, parameters), model(arena, parameters))) {
      job.run(
          worker -> {
            for (int step = 0; step < 20 + worker.rank(); step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                worker.gradient().fill((byte) 0);
                worker.submit();
                assertTrue(snapshot.version(0) >= 0);
              }
            }
          });
      long submitted = total(job, Counter.GRADIENTS_SUBMITTED);
      long late = total(job, Counter.GRADIENTS_LATE) + total(job, Counter.GRADIENTS_LATE_AT_SUBMIT);
      assertEquals(20 * 4 + 6, submitted);
      assertEquals(submitted, total(job, Counter.GRADIENTS_APPLIED) + late);
      if (algorithm == Algorithm.ALLREDUCE) {
        assertEquals(6, late, "rounds that not all began");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldGoOnWithZerosWhenAGradientIsRefused(Algorithm algorithm) throws Exception {
    long parameters = 10;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(algorithm, 3, parameters).optimizer(count -> new AdamW(0f, count)),
                model(arena, parameters))) {
      AtomicInteger refused = new AtomicInteger();
      job.run(
          worker -> {
            for (int step = 0; step < 30; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertTrue(snapshot.version(0) >= 0);
                boolean bad = worker.rank() == 1 && step % 3 == 0;
                for (long i = 0; i < parameters; i++) {
                  worker.gradient().setAtIndex(FLOAT, i, bad ? Float.NaN : 1);
                }
                if (!worker.submit()) {
                  refused.incrementAndGet();
                }
              }
            }
          });
      assertEquals(10, refused.get());
      assertEquals(10, total(job, Counter.GRADIENTS_REFUSED));
      assertEquals(80, total(job, Counter.GRADIENTS_APPLIED));
      for (float value : replica(job, 1, parameters)) {
        assertTrue(Float.isFinite(value), "value=" + value);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"ALLREDUCE", "D_PSGD"})
  void shouldRefuseASecondGradientForOneSnapshotInARound(Algorithm algorithm) throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(algorithm, 2, 4), model(arena, 4))) {
      Exception failed =
          assertThrows(
              IllegalStateException.class,
              () ->
                  job.run(
                      worker -> {
                        try (Snapshot snapshot = worker.snapshot()) {
                          assertTrue(snapshot.version(0) >= 0);
                          worker.gradient().fill((byte) 0);
                          worker.submit();
                          if (worker.rank() == 0) {
                            // The other may have come first: then the round is over already.
                            for (int more = 0; more < 3; more++) {
                              worker.submit();
                            }
                          }
                        }
                      }));
      assertTrue(failed.getMessage().contains("submits twice"), failed.getMessage());
    }
  }

  @Test
  void shouldCountTheWaitForOthersAsStall() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(Algorithm.ALLREDUCE, 2, 4), model(arena, 4))) {
      job.run(
          worker -> {
            for (int step = 0; step < 5; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertTrue(snapshot.version(0) >= 0);
                worker.gradient().fill((byte) 0);
                if (worker.rank() == 1) {
                  long untilNs = System.nanoTime() + 20_000_000;
                  while (System.nanoTime() - untilNs < 0) {
                    Thread.onSpinWait();
                  }
                }
                worker.submit();
              }
            }
          });
      long stallNs = job.worker(0).counters().get(Counter.STALL_NS);
      assertTrue(stallNs > 60_000_000, "rank 0 waited " + stallNs + " ns for four steps of rank 1");
    }
  }

  @Test
  void shouldEndWithASentenceWhenARoundTakesTooLong() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(Algorithm.ALLREDUCE, 2, 4).peerTimeoutNs(50_000_000), model(arena, 4))) {
      Exception failed =
          assertThrows(
              Exception.class,
              () ->
                  job.run(
                      worker -> {
                        for (int step = 0; step < 2; step++) {
                          try (Snapshot snapshot = worker.snapshot()) {
                            assertTrue(snapshot.version(0) >= 0);
                            if (worker.rank() == 1) {
                              // Stuck until the failure of the other interrupts it.
                              boolean released = new CountDownLatch(1).await(30, TimeUnit.SECONDS);
                              assertTrue(released, "nobody interrupted the worker");
                            }
                            worker.submit();
                          }
                        }
                      }));
      assertTrue(failed.getMessage().contains("for round 1"), failed.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Algorithm.class,
      names = {"AD_PSGD"},
      mode = EnumSource.Mode.EXCLUDE)
  void shouldRefuseAJournalWhenNoReplayKnowsTheAlgorithm(Algorithm algorithm) {
    JobContext context = context(algorithm, 2, 4).journal((rank, incarnation) -> Journal.NONE);
    ConfigurationException refused = assertThrows(ConfigurationException.class, context::conclude);
    assertTrue(refused.getMessage().contains(algorithm.optionName()), refused.getMessage());
  }

  @Test
  void shouldRefuseStripesWhenTheModelIsAveragedAsAWhole() {
    JobContext context = context(Algorithm.D_PSGD, 2, 4).stripes(2, 2);
    assertThrows(ConfigurationException.class, context::conclude);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ad-psgd", "allreduce", "d-psgd", "a-psgd"})
  void shouldFindAnAlgorithmByItsOptionName(String name) {
    assertEquals(name, Algorithm.parse(name).optionName());
  }

  @Test
  void shouldNameAllAlgorithmsWhenThereIsNoSuchOne() {
    ConfigurationException refused =
        assertThrows(ConfigurationException.class, () -> Algorithm.parse("sgd"));
    assertTrue(refused.getMessage().contains("a-psgd"), refused.getMessage());
    assertFalse(Algorithm.A_PSGD.isSynchronous());
  }

  @ParameterizedTest
  @EnumSource(value = Algorithm.class)
  void shouldMoveTheMeanModelAlikeForEachGradient(Algorithm algorithm) throws Exception {
    int workers = 4;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(algorithm, workers, 16).optimizer(count -> new Sgd(0f, 0f, count)),
                model(arena, 16))) {
      job.run(
          worker -> {
            for (int step = 0; step < 25; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertTrue(snapshot.version(0) >= 0);
                for (long i = 0; i < 16; i++) {
                  worker.gradient().setAtIndex(FLOAT, i, 1);
                }
                worker.submit();
              }
            }
          });
      double mean = 0;
      int counted = algorithm == Algorithm.A_PSGD ? 1 : workers;
      for (int rank = 0; rank < counted; rank++) {
        mean += replica(job, rank, 16)[3] / counted;
      }
      assertEquals(3 - 25 * RATE, mean, 1e-3);
    }
  }
}
