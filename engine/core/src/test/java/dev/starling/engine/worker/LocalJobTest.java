package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.kernel.ParallelCpuKernels;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.topology.Topology;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalJobTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private static JobContext context(int workers, long parameters) {
    return new JobContext().workers(workers).parameterCount(parameters).mergeLimit(0);
  }

  private static long total(LocalJob job, Counter counter) {
    long sum = 0;
    for (int rank = 0; rank < job.workers(); rank++) {
      sum += job.worker(rank).counters().get(counter);
    }
    return sum;
  }

  private static float at(MemorySegment segment, long index) {
    return segment.getAtIndex(FLOAT, index);
  }

  private static void fill(MemorySegment segment, long count, float value) {
    for (long i = 0; i < count; i++) {
      segment.setAtIndex(FLOAT, i, value);
    }
  }

  /** Each worker pulls every parameter towards its index: the average must settle there. */
  private static void descend(Worker worker, int steps, long count) {
    for (int step = 0; step < steps; step++) {
      try (Snapshot snapshot = worker.snapshot()) {
        MemorySegment gradient = worker.gradient();
        long start = 0;
        for (int stripe = 0; start < count; stripe++) {
          MemorySegment values = snapshot.stripe(stripe);
          for (long i = 0; i < values.byteSize() / Float.BYTES; i++) {
            gradient.setAtIndex(FLOAT, start + i, at(values, i) - (start + i) % 7);
          }
          start += values.byteSize() / Float.BYTES;
        }
        assertTrue(worker.submit());
      }
      awaitApplied(worker, step - 2);
    }
  }

  /**
   * Computing takes long in life; here it takes nothing, so the loop waits instead, to keep
   * staleness lifelike.
   */
  private static void awaitApplied(Worker worker, long gradients) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (worker.counters().get(Counter.GRADIENTS_APPLIED) < gradients) {
      if (System.nanoTime() - deadlineNs > 0) {
        throw new AssertionError("gradient " + gradients + " was not applied in time");
      }
      LockSupport.parkNanos(1_000);
    }
  }

  @ParameterizedTest
  @EnumSource(Topology.Kind.class)
  void shouldTrainToTheSharedOptimumOnEveryTopology(Topology.Kind kind) throws Exception {
    long count = 1003;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(4, count).topology(kind).schedule(new Schedule.Constant(0.05f)),
                arena.allocate(count * Float.BYTES))) {
      job.run(worker -> descend(worker, 900, count));
      MemorySegment average = arena.allocate(count * Float.BYTES);
      job.average(average);
      for (long i = 0; i < count; i++) {
        assertEquals(i % 7, at(average, i), 1e-2, "parameter " + i);
      }
      assertTrue(job.consensusDistance() < 1, "consensus " + job.consensusDistance());
      assertEquals(3600, total(job, Counter.GRADIENTS_SUBMITTED));
      assertTrue(total(job, Counter.EXCHANGES) > 0, "no exchange took place");
      assertEquals(0, total(job, Counter.EXCHANGES_TORN));
      assertEquals(0, total(job, Counter.FENCES));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {64, 256, 4096})
  void shouldTrainModelsOfSeveralStripes(long stripeBytes) throws Exception {
    long count = 700;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(3, count).stripeBytes(stripeBytes).schedule(new Schedule.Constant(0.05f)),
                arena.allocate(count * Float.BYTES))) {
      job.run(worker -> descend(worker, 600, count));
      MemorySegment average = arena.allocate(count * Float.BYTES);
      job.average(average);
      for (long i = 0; i < count; i++) {
        assertEquals(i % 7, at(average, i), 5e-2, "parameter " + i);
      }
    }
  }

  /** I5 and I7 together: with a power-of-two rate and integer gradients every sum is exact. */
  @Test
  void shouldLoseNoGradientAndConserveTheSumOfReplicas_I5_I7() throws Exception {
    long count = 257;
    int workers = 4;
    int steps = 400;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(workers, count).schedule(new Schedule.Constant(1f)),
                arena.allocate(count * Float.BYTES))) {
      job.run(
          worker -> {
            for (int step = 0; step < steps; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertTrue(snapshot.version(0) >= 0);
                fill(worker.gradient(), count, -1f);
                assertTrue(worker.submit());
              }
            }
          });
      MemorySegment average = arena.allocate(count * Float.BYTES);
      job.average(average);
      for (long i = 0; i < count; i++) {
        assertEquals(steps, at(average, i), steps * 1e-4, "mean of parameter " + i);
      }
      assertEquals((long) workers * steps, total(job, Counter.GRADIENTS_SUBMITTED));
      assertEquals((long) workers * steps, total(job, Counter.GRADIENTS_APPLIED));
      assertEquals(0, total(job, Counter.GRADIENTS_REFUSED));
      long histogram = 0;
      for (int bucket = 0; bucket < 256; bucket++) {
        for (int rank = 0; rank < workers; rank++) {
          histogram += job.worker(rank).counters().staleness(bucket);
        }
      }
      assertEquals((long) workers * steps, histogram, "every gradient has its staleness recorded");
    }
  }

  @Test
  void shouldRefuseAndNameAGradientThatIsNotFinite() throws Exception {
    long count = 100;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(2, count).schedule(new Schedule.Constant(1f)),
                arena.allocate(count * Float.BYTES))) {
      job.run(
          worker -> {
            for (int step = 1; step <= 5; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertFalse(
                    snapshot.parameters().asSlice(0, 4).get(FLOAT, 0)
                        != snapshot.parameters().get(FLOAT, 0));
                fill(worker.gradient(), count, -1f);
                boolean bad = step == 3 && worker.rank() == 1;
                if (bad) {
                  worker.gradient().setAtIndex(FLOAT, 42, Float.NaN);
                  worker.gradient().setAtIndex(FLOAT, 77, Float.POSITIVE_INFINITY);
                }
                assertEquals(!bad, worker.submit());
              }
            }
          });
      assertEquals(1, job.worker(1).counters().get(Counter.GRADIENTS_REFUSED));
      assertEquals(3, job.worker(1).counters().get(Counter.LAST_REFUSED_SUBMISSION));
      assertEquals(42, job.worker(1).counters().get(Counter.LAST_REFUSED_INDEX));
      assertEquals(9, total(job, Counter.GRADIENTS_APPLIED));
      MemorySegment average = arena.allocate(count * Float.BYTES);
      job.average(average);
      assertEquals(4.5f, at(average, 42), 1e-5f);
    }
  }

  /** I6: a peer that holds a worker's stripe stops its updates, not its compute thread. */
  @Test
  void shouldNeverWaitInTheComputeThreadWhenAPeerHoldsTheStripe_I6() throws Exception {
    long count = 64;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(2, count)
                    .holdLimitNs(TimeUnit.SECONDS.toNanos(3600))
                    .schedule(new Schedule.Constant(1f)),
                arena.allocate(count * Float.BYTES))) {
      Worker worker = job.worker(0);
      HeldStripe held = HeldStripe.of(worker.replica(), 1);
      long startNs = System.nanoTime();
      for (int step = 0; step < 1000; step++) {
        try (Snapshot snapshot = worker.snapshot()) {
          assertEquals(0, snapshot.version(0));
          fill(worker.gradient(), count, -1f);
          assertTrue(worker.submit());
        }
      }
      long tookNs = System.nanoTime() - startNs;
      assertTrue(worker.counters().get(Counter.GRADIENTS_MERGED) >= 998);
      assertEquals(0, worker.counters().get(Counter.STALL_NS), "nothing was published meanwhile");
      long workNs = worker.counters().get(Counter.SUBMIT_WORK_NS);
      assertTrue(workNs > 0 && workNs <= tookNs, workNs + " of " + tookNs);
      assertEquals(0, worker.counters().get(Counter.GRADIENTS_APPLIED));
      held.release();
      job.drain();
      assertEquals(1000, worker.counters().get(Counter.GRADIENTS_APPLIED));
      MemorySegment one = arena.allocate(count * Float.BYTES);
      MemorySegment other = arena.allocate(count * Float.BYTES);
      job.copyReplica(0, one);
      job.copyReplica(1, other);
      assertEquals(1000f, at(one, 3) + at(other, 3), 0f);
    }
  }

  /**
   * I8: a lock whose holder hangs is broken after the hold limit, and the hung holder's plane is
   * quarantined.
   */
  @Test
  void shouldBreakALockThatIsHeldTooLong_I8() throws Exception {
    long count = 64;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(2, count).holdLimitNs(20_000_000).schedule(new Schedule.Constant(1f)),
                arena.allocate(count * Float.BYTES))) {
      Worker worker = job.worker(0);
      HeldStripe.of(worker.replica(), 1);
      try (Snapshot snapshot = worker.snapshot()) {
        assertEquals(0, snapshot.version(0));
        fill(worker.gradient(), count, -1f);
        assertTrue(worker.submit());
      }
      job.drain();
      assertEquals(1, worker.counters().get(Counter.FENCES));
      assertEquals(1, worker.counters().get(Counter.GRADIENTS_APPLIED));
    }
  }

  @Test
  void shouldEndTheJobAndInterruptOthersWhenATaskFails() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(2, 16), arena.allocate(64))) {
      CountDownLatch never = new CountDownLatch(1);
      IllegalStateException failure =
          assertThrows(
              IllegalStateException.class,
              () ->
                  job.run(
                      worker -> {
                        if (worker.rank() == 0) {
                          throw new IllegalStateException("data ran out");
                        }
                        never.await();
                      }));
      assertEquals("data ran out", failure.getMessage());
    }
  }

  @Test
  void shouldWaitForItsComputeThreadsWhenTheCallerIsInterrupted() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(2, 16), arena.allocate(64))) {
      CountDownLatch begun = new CountDownLatch(2);
      CountDownLatch never = new CountDownLatch(1);
      Thread caller = Thread.currentThread();
      Thread.ofPlatform()
          .start(
              () -> {
                try {
                  begun.await();
                } catch (InterruptedException ignored) {
                  return;
                }
                caller.interrupt();
              });
      assertThrows(
          InterruptedException.class,
          () ->
              job.run(
                  worker -> {
                    begun.countDown();
                    never.await();
                  }));
    }
  }

  @Test
  void shouldRefuseASecondSnapshotAndASubmitWithoutOne() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(1, 16), arena.allocate(64))) {
      Worker worker = job.worker(0);
      assertThrows(IllegalStateException.class, worker::submit);
      try (Snapshot snapshot = worker.snapshot()) {
        assertEquals(0, snapshot.version(0));
        assertThrows(IllegalStateException.class, worker::snapshot);
      }
    }
  }

  @Test
  void shouldTrainAloneWhenThereIsOneWorker() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(1, 50)
                    .optimizer(parameters -> new Sgd(0.9f, 1e-4f, parameters))
                    .schedule(new Schedule.Warmup(10, new Schedule.Cosine(0.05f, 490))),
                arena.allocate(200))) {
      job.run(worker -> descend(worker, 500, 50));
      MemorySegment average = arena.allocate(200);
      job.average(average);
      assertEquals(6, at(average, 6), 0.05);
      assertEquals(0, total(job, Counter.EXCHANGES));
      assertEquals(0, job.consensusDistance(), 1e-6);
    }
  }

  @Test
  void shouldLeaveNothingBehindWhenLaunchFailsHalfWay() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment initial = arena.allocate(64);
      StarlingException failure =
          assertThrows(
              StarlingException.class,
              () ->
                  LocalJob.launch(
                      context(4, 16)
                          .optimizer(
                              parameters -> {
                                throw new StarlingException("no optimizer today");
                              }),
                      initial));
      assertEquals("no optimizer today", failure.getMessage());
    }
  }

  /** Whatever is in flight when a job is closed ends before any memory is unmapped (P6). */
  @Test
  void shouldEndComputationsInFlightBeforeMemoryIsUnmapped() {
    long count = 3_000_000;
    for (int round = 0; round < 10; round++) {
      try (Arena arena = Arena.ofConfined();
          LocalJob job =
              LocalJob.launch(
                  context(2, count).kernels(() -> ParallelCpuKernels.of(3)),
                  arena.allocate(count * Float.BYTES))) {
        for (int rank = 0; rank < 2; rank++) {
          Worker worker = job.worker(rank);
          try (Snapshot snapshot = worker.snapshot()) {
            assertEquals(0, snapshot.version(0) >>> 8);
            worker.gradient().fill((byte) 0);
            assertTrue(worker.submit());
          }
        }
        // Closed at once, at another moment of the exchange each time.
        LockSupport.parkNanos(round * 500_000L);
      }
    }
  }

  @Test
  void shouldTrainWithKernelsOnSeveralThreads() throws Exception {
    long count = 100_000;
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(2, count)
                    .kernels(() -> ParallelCpuKernels.of(2))
                    .schedule(new Schedule.Constant(0.05f)),
                arena.allocate(count * Float.BYTES))) {
      job.run(worker -> descend(worker, 150, count));
      MemorySegment average = arena.allocate(count * Float.BYTES);
      job.average(average);
      for (long i = 0; i < count; i++) {
        assertEquals(i % 7, at(average, i), 1e-2, "parameter " + i);
      }
    }
  }

  @Test
  void shouldSayWhatIsWrongWhenOptionsAreAbsurd() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment initial = arena.allocate(64);
      assertMessage("workers=0 is out of range", context(0, 16), initial);
      assertMessage("workers=70000 is out of range", context(70_000, 16), initial);
      assertMessage("parameters=0 is out of range", context(2, 0), initial);
      assertMessage("parameters=-5 is out of range", context(2, -5), initial);
      assertMessage("the initial model has 64 bytes but", context(2, 17), initial);
      assertMessage("multiple of 64", context(2, 16).chunkBytes(100), initial);
      assertMessage(
          "needs an even number of workers",
          context(3, 16).topology(Topology.Kind.COMPLETE_BIPARTITE),
          initial);
      assertMessage(
          "missing or not writable", context(2, 16).directory(Path.of("/no/such")), initial);
    }
  }

  private static void assertMessage(String part, JobContext context, MemorySegment initial) {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> LocalJob.launch(context, initial));
    assertTrue(failure.getMessage().contains(part), failure.getMessage());
  }

  @Test
  void shouldRemoveRegionsOfDeadOwnersAtLaunch() throws Exception {
    Path dead = Path.of("/dev/shm/starling-%x-0.0".formatted(System.nanoTime()));
    Files.write(dead, new byte[4096]);
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(1, 16), arena.allocate(64))) {
      assertEquals(1, job.workers());
      assertFalse(Files.exists(dead));
    } finally {
      Files.deleteIfExists(dead);
    }
  }
}
