package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of gradients that are late, too many at once, or too long. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StalenessTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final long COUNT = 40;

  private static JobContext context(int workers) {
    return new JobContext()
        .workers(workers)
        .parameterCount(COUNT)
        .schedule(new Schedule.Constant(1f));
  }

  private static LocalJob launch(JobContext context, Arena arena) {
    return LocalJob.launch(context, arena.allocate(COUNT * Float.BYTES));
  }

  private static void fill(MemorySegment segment, float value) {
    for (long i = 0; i < COUNT; i++) {
      segment.setAtIndex(FLOAT, i, value);
    }
  }

  private static boolean submit(Worker worker, float gradient) {
    try (Snapshot snapshot = worker.snapshot()) {
      assertTrue(snapshot.version(0) >= 0);
      fill(worker.gradient(), gradient);
      return worker.submit();
    }
  }

  private static float value(Worker worker) {
    try (Snapshot snapshot = worker.snapshot()) {
      return snapshot.parameters().getAtIndex(FLOAT, COUNT / 2);
    }
  }

  private static long version(Worker worker) {
    return LockWord.version(worker.replica().lockWord(0));
  }

  /** Averages with the other worker until a replica was published that many times. */
  private static void age(LocalJob job, long versions) {
    long target = version(job.worker(0)) + versions;
    while (version(job.worker(0)) < target) {
      assertTrue(submit(job.worker(1), 0f));
      job.drain();
    }
    assertEquals(target, version(job.worker(0)));
  }

  /** Submits a gradient that was computed so many versions ago. */
  private static boolean submitLate(LocalJob job, long versions, float gradient) {
    Worker worker = job.worker(0);
    try (Snapshot snapshot = worker.snapshot()) {
      assertTrue(snapshot.version(0) >= 0);
      fill(worker.gradient(), gradient);
      age(job, versions);
      return worker.submit();
    }
  }

  private static long count(LocalJob job, Counter counter) {
    return job.worker(0).counters().get(counter);
  }

  /** The sum over both replicas, which exchanges conserve. */
  private static float sum(LocalJob job) {
    return value(job.worker(0)) + value(job.worker(1));
  }

  @Test
  void shouldApplyEveryGradientWhenThereIsNoBound() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(context(2), arena)) {
      assertTrue(submitLate(job, 9, -4f));
      job.drain();
      assertEquals(4f, sum(job));
      assertEquals(1, count(job, Counter.GRADIENTS_APPLIED));
      assertEquals(9, count(job, Counter.STALENESS_MAX));
      assertEquals(1, job.worker(0).counters().staleness(9));
    }
  }

  @Test
  void shouldApplyAGradientUnchangedWhenItIsWithinTheBound() {
    for (LateGradients late : LateGradients.values()) {
      try (Arena arena = Arena.ofConfined();
          LocalJob job = launch(context(2).maxStaleness(5, late), arena)) {
        assertTrue(submitLate(job, 5, -4f));
        job.drain();
        assertEquals(4f, sum(job), late.toString());
        assertEquals(0, count(job, Counter.GRADIENTS_SCALED));
        assertEquals(0, count(job, Counter.GRADIENTS_LATE_AT_SUBMIT));
      }
    }
  }

  @Test
  void shouldDropAGradientAtSubmissionWhenItIsTooLate() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(context(2).maxStaleness(5, LateGradients.DROP), arena)) {
      assertFalse(submitLate(job, 6, -4f));
      job.drain();
      assertEquals(0f, sum(job));
      assertEquals(1, count(job, Counter.GRADIENTS_LATE_AT_SUBMIT));
      assertEquals(0, count(job, Counter.GRADIENTS_APPLIED));
      assertTrue(submit(job.worker(0), -4f), "the next one is in time");
      job.drain();
      assertEquals(4f, sum(job));
      requireAccounts(job);
    }
  }

  @Test
  void shouldScaleAGradientByTheBoundOverItsStalenessWhenItIsTooLate() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(context(2).maxStaleness(4, LateGradients.SCALE), arena)) {
      assertTrue(submitLate(job, 16, -4f));
      job.drain();
      assertEquals(1f, sum(job), "a quarter of it");
      assertEquals(1, count(job, Counter.GRADIENTS_SCALED));
      assertEquals(1, count(job, Counter.GRADIENTS_APPLIED));
      requireAccounts(job);
    }
  }

  /** In time when it was handed in, too late when the agent could take it. */
  @Test
  void shouldDropAGradientInTheAgentWhenItGrewTooStaleWaiting() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            launch(
                context(1)
                    .maxStaleness(2, LateGradients.DROP)
                    .holdLimitNs(TimeUnit.SECONDS.toNanos(3600)),
                arena)) {
      Worker worker = job.worker(0);
      // While a peer that is none of the job's holds the stripe, the agent keeps the first gradient
      // and the second one waits; each publish of the holder makes it staler.
      HeldStripe held = HeldStripe.of(worker.replica(), 1);
      assertTrue(submit(worker, -1f));
      awaitTaken(worker);
      assertTrue(submit(worker, -8f));
      held.publishAndHoldAgain();
      held.publishAndHoldAgain();
      held.release();
      job.drain();
      assertEquals(1, count(job, Counter.GRADIENTS_LATE), "after two publishes and its own step");
      assertEquals(1, count(job, Counter.GRADIENTS_APPLIED));
      requireAccounts(job);
    }
  }

  private static void awaitTaken(Worker worker) {
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (worker.counters().get(Counter.UPDATES) == 0) {
      assertTrue(System.nanoTime() - deadlineNs < 0, "the agent never took the gradient");
      Thread.onSpinWait();
    }
  }

  private static void requireAccounts(LocalJob job) {
    Counters counters = job.worker(0).counters();
    assertEquals(
        counters.get(Counter.GRADIENTS_SUBMITTED),
        counters.get(Counter.GRADIENTS_APPLIED)
            + counters.get(Counter.GRADIENTS_REFUSED)
            + counters.get(Counter.GRADIENTS_LATE)
            + counters.get(Counter.GRADIENTS_LATE_AT_SUBMIT));
  }

  /** Hands in so many gradients that the agent finds them added up. */
  private static float applyMerged(JobContext context, int gradients) {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(context.holdLimitNs(TimeUnit.SECONDS.toNanos(3600)), arena)) {
      Worker worker = job.worker(0);
      HeldStripe held = HeldStripe.of(worker.replica(), 1);
      assertTrue(submit(worker, 0f));
      awaitTaken(worker);
      for (int i = 0; i < gradients; i++) {
        assertTrue(submit(worker, -1f));
      }
      held.release();
      job.drain();
      assertEquals(gradients + 1, count(job, Counter.GRADIENTS_APPLIED));
      assertEquals(2, count(job, Counter.UPDATES));
      return value(worker);
    }
  }

  @Test
  void shouldScaleTheSumToTheLimitWhenMoreGradientsComeTogether() {
    assertEquals(4f, applyMerged(context(1), 4), "the limit itself");
    assertEquals(4f, applyMerged(context(1), 16), "a quarter of sixteen");
    assertEquals(16f, applyMerged(context(1).mergeLimit(0), 16), "no limit");
    assertEquals(1f, applyMerged(context(1).mergeLimit(1), 8), "an average");
  }

  @Test
  void shouldAverageWhatComesTogetherWhenTheOptimizerDoes() {
    float one = applyMerged(context(1).optimizer(n -> new AdamW(0f, n)), 1);
    float many = applyMerged(context(1).optimizer(n -> new AdamW(0f, n)), 8);
    assertEquals(one, many, "Adam sees the mean");
  }

  @Test
  void shouldShortenAGradientToTheNormBeforeDecayIsAdded() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job =
            launch(context(1).maxGradientNorm(2).optimizer(n -> new Sgd(0f, 0.5f, n)), arena)) {
      Worker worker = job.worker(0);
      assertTrue(submit(worker, -100f));
      job.drain();
      float each = (float) (2 / Math.sqrt(COUNT));
      assertEquals(each, value(worker), 1e-6);
      assertEquals(1, count(job, Counter.GRADIENTS_CLIPPED));
      // Decay alone would be longer than the norm allows: it is added afterwards.
      assertTrue(submit(worker, 0f));
      job.drain();
      assertEquals(each - 0.5f * each, value(worker), 1e-6);
      assertEquals(1, count(job, Counter.GRADIENTS_CLIPPED));
    }
  }

  @Test
  void shouldLeaveAShortGradientAsItIsWhenNormsAreLimited() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(context(1).maxGradientNorm(100), arena)) {
      float odd = -0.123456f;
      assertTrue(submit(job.worker(0), odd));
      job.drain();
      assertEquals(-odd, value(job.worker(0)));
      assertEquals(0, count(job, Counter.GRADIENTS_CLIPPED));
    }
  }

  @Test
  void shouldNameTheFirstBadIndexWhenNormsAreLimited() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(context(1).maxGradientNorm(1), arena)) {
      Worker worker = job.worker(0);
      for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
        try (Snapshot snapshot = worker.snapshot()) {
          assertEquals(0, snapshot.version(0));
          fill(worker.gradient(), 1e30f);
          worker.gradient().setAtIndex(FLOAT, 23, bad);
          assertFalse(worker.submit());
        }
        assertEquals(23, count(job, Counter.LAST_REFUSED_INDEX));
      }
      assertEquals(2, count(job, Counter.GRADIENTS_REFUSED));
      assertTrue(submit(worker, Float.MAX_VALUE), "however long, it is finite");
      job.drain();
      assertEquals(-1 / Math.sqrt(COUNT), value(worker), 1e-6);
    }
  }

  @Test
  void shouldKnowItsRulesByName() {
    assertEquals(LateGradients.DROP, LateGradients.parse("drop"));
    assertEquals(LateGradients.SCALE, LateGradients.parse("scale"));
    assertThrows(ConfigurationException.class, () -> LateGradients.parse("DROP"));
  }
}
