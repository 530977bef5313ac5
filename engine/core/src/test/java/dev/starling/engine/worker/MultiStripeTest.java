package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.starling.engine.log.Journal;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models of one and of many stripes, several of which are under way at once. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MultiStripeTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  /** Stripes of unequal lengths. */
  private static long[] stripes(int count) {
    long[] lengths = new long[count];
    Arrays.setAll(lengths, i -> 17 + 31L * i % 113);
    return lengths;
  }

  private static JobContext context(int workers, int stripes, int inFlight) {
    return new JobContext()
        .workers(workers)
        .stripes(stripes(stripes))
        .stripesInFlight(inFlight)
        .mergeLimit(0)
        .schedule(new Schedule.Constant(1f));
  }

  private static void fill(MemorySegment segment, float value) {
    for (long i = 0; i < segment.byteSize() / Float.BYTES; i++) {
      segment.setAtIndex(FLOAT, i, value);
    }
  }

  private static long total(LocalJob job, Counter counter) {
    long sum = 0;
    for (int rank = 0; rank < job.workers(); rank++) {
      sum += job.worker(rank).counters().get(counter);
    }
    return sum;
  }

  /** I5, I7: integers and a rate of one make every sum exact enough to be counted. */
  @ParameterizedTest
  @CsvSource({"1,1", "1,4", "3,1", "3,2", "3,4", "40,1", "40,3", "40,16"})
  void shouldApplyEveryGradientOnceToEveryStripe_I5_I7(int stripes, int inFlight) throws Exception {
    int steps = 150;
    int workers = 4;
    long count = Arrays.stream(stripes(stripes)).sum();
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(workers, stripes, inFlight), arena.allocate(count * Float.BYTES))) {
      job.run(
          worker -> {
            for (int step = 0; step < steps; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertTrue(snapshot.version(stripes - 1) >= 0);
                fill(worker.gradient(), -1f);
                assertTrue(worker.submit());
              }
            }
          });
      MemorySegment average = arena.allocate(count * Float.BYTES);
      job.average(average);
      for (long i = 0; i < count; i++) {
        assertEquals(steps, average.getAtIndex(FLOAT, i), steps * 1e-4, "parameter " + i);
      }
      assertEquals((long) workers * steps, total(job, Counter.GRADIENTS_APPLIED));
      assertEquals(
          total(job, Counter.UPDATES) * stripes,
          total(job, Counter.EXCHANGES)
              + total(job, Counter.STEPS)
              + total(job, Counter.EXCHANGES_TORN),
          "every update is published once on every stripe");
      assertTrue(total(job, Counter.EXCHANGES) > 0);
    }
  }

  /** What each worker's exchanges look like from its journal, which its agent tells in order. */
  private static final class Watch implements Journal {
    private final Map<Integer, Integer> partnerOfStripe = new HashMap<>();
    private final AtomicInteger mostAtOnce;
    private final List<String> wrong;

    Watch(AtomicInteger mostAtOnce, List<String> wrong) {
      this.mostAtOnce = mostAtOnce;
      this.wrong = wrong;
    }

    @Override
    public void intent(
        int stripe, long version, int peer, int incarnation, long peerVersion, boolean withUpdate) {
      if (partnerOfStripe.containsValue(peer)) {
        wrong.add("rank " + peer + " is the partner of two stripes: " + partnerOfStripe);
      }
      if (partnerOfStripe.put(stripe, peer) != null) {
        wrong.add("stripe " + stripe + " is in two exchanges");
      }
      mostAtOnce.accumulateAndGet(partnerOfStripe.size(), Math::max);
    }

    @Override
    public void commit(int stripe, long version) {
      partnerOfStripe.remove(stripe);
    }

    @Override
    public void torn(int stripe, int peer, boolean mayBePublished) {
      partnerOfStripe.remove(stripe);
    }
  }

  @Test
  void shouldNeverAverageTwoStripesWithTheSamePartnerAtOnce() throws Exception {
    AtomicInteger mostAtOnce = new AtomicInteger();
    List<String> wrong = new CopyOnWriteArrayList<>();
    long count = Arrays.stream(stripes(40)).sum();
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(5, 40, 3).journal((rank, incarnation) -> new Watch(mostAtOnce, wrong)),
                arena.allocate(count * Float.BYTES))) {
      job.run(
          worker -> {
            for (int step = 0; step < 200; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                assertTrue(snapshot.version(0) >= 0);
                fill(worker.gradient(), 0f);
                assertTrue(worker.submit());
              }
            }
          });
    }
    assertEquals(List.of(), wrong);
    assertTrue(mostAtOnce.get() > 1, "never two at once: " + mostAtOnce);
    assertTrue(mostAtOnce.get() <= 3, "more at once than allowed: " + mostAtOnce);
  }

  /** A stripe whose lock hangs waits alone; the gradient stays taken until it too is published. */
  @Test
  void shouldPublishTheOtherStripesWhileOneIsHeld() throws Exception {
    long count = Arrays.stream(stripes(8)).sum();
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            LocalJob.launch(
                context(3, 8, 4).holdLimitNs(TimeUnit.SECONDS.toNanos(3600)),
                arena.allocate(count * Float.BYTES))) {
      Worker worker = job.worker(0);
      HeldStripe held = HeldStripe.of(worker.replica(), 1);
      submit(worker, -1f);
      await(() -> published(worker) == 7, "the seven stripes that nobody holds");
      submit(worker, -2f);
      assertEquals(0, worker.counters().get(Counter.GRADIENTS_APPLIED));
      assertEquals(
          7, published(worker), "the second gradient waits for the first one's last stripe");
      held.release();
      job.drain();
      assertEquals(2, worker.counters().get(Counter.GRADIENTS_APPLIED));
      assertEquals(16, published(worker));
      MemorySegment sum = arena.allocate(count * Float.BYTES);
      job.average(sum);
      for (long i = 0; i < count; i++) {
        assertEquals(1f, sum.getAtIndex(FLOAT, i), 1e-6, "a third of three at parameter " + i);
      }
    }
  }

  private static void submit(Worker worker, float gradient) {
    try (Snapshot snapshot = worker.snapshot()) {
      assertTrue(snapshot.version(0) >= 0);
      fill(worker.gradient(), gradient);
      assertTrue(worker.submit());
    }
  }

  private static long published(Worker worker) {
    return worker.counters().get(Counter.EXCHANGES)
        + worker.counters().get(Counter.STEPS)
        + worker.counters().get(Counter.EXCHANGES_TORN);
  }

  private static void await(java.util.function.BooleanSupplier condition, String what) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, () -> what + " were not published in time");
      LockSupport.parkNanos(100_000);
    }
  }

  /** One stripe longer than 2^31 bytes. */
  @Test
  void shouldExchangeAModelOfMoreThanTwoToThe31Bytes() throws Exception {
    long stripeBytes = 1L << 33;
    long count = (1L << 29) + 12_345;
    long bytes = count * Float.BYTES;
    requireMemory(9 * bytes);
    // Untouched memory is all zeros and takes no space; the same for most of the gradient.
    try (PrivateMemory initial = PrivateMemory.allocate("an untouched model", bytes);
        LocalJob job =
            LocalJob.launch(
                new JobContext()
                    .workers(2)
                    .parameterCount(count)
                    .stripeBytes(stripeBytes)
                    .chunkBytes(16L << 20)
                    .holdLimitNs(TimeUnit.SECONDS.toNanos(60))
                    .schedule(new Schedule.Constant(1f)),
                initial.segment())) {
      long[] places = {0, 1, (1L << 29) - 1, 1L << 29, (1L << 29) + 1, count - 1};
      Worker worker = job.worker(0);
      try (Snapshot snapshot = worker.snapshot()) {
        assertEquals(0, snapshot.version(0));
        for (int i = 0; i < places.length; i++) {
          worker.gradient().setAtIndex(FLOAT, places[i], -2f * (i + 1));
        }
        assertTrue(worker.submit());
      }
      await(worker::isQuiescent, "all stripes");
      assertEquals(1, job.context().layout().stripes());
      assertEquals(1, worker.counters().get(Counter.EXCHANGES));
      for (int rank = 0; rank < 2; rank++) {
        try (Snapshot snapshot = job.worker(rank).snapshot()) {
          for (int i = 0; i < places.length; i++) {
            assertEquals(
                i + 1f, snapshot.parameters().getAtIndex(FLOAT, places[i]), "place " + places[i]);
          }
          assertEquals(0f, snapshot.stripe(0).getAtIndex(FLOAT, 2));
        }
      }
    }
  }

  private static void requireMemory(long bytes) throws IOException {
    long available =
        Files.readAllLines(Path.of("/proc/meminfo")).stream()
            .filter(line -> line.startsWith("MemAvailable:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
            .findFirst()
            .orElse(0);
    long free = Files.getFileStore(Path.of("/dev/shm")).getUsableSpace();
    assumeTrue(
        Math.min(available, free) > bytes,
        () ->
            "a model of 2 GiB needs %d MiB, %d MiB of memory and %d MiB of /dev/shm are free"
                .formatted(bytes >> 20, available >> 20, free >> 20));
  }
}
