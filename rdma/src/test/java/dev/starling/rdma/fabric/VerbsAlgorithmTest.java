package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.worker.Algorithm;
import dev.starling.engine.worker.JobContext;
import dev.starling.rdma.FakeVerbs;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The algorithms that AD-PSGD is compared with reach their models through the device too. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VerbsAlgorithmTest {
  private static final long PARAMETERS = 150_001;

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
    if (FakeVerbs.isFake()) {
      FakeVerbs.reset();
      FakeVerbs.setQuirks(FakeVerbs.QUIRK_CAS_STORES_BACK);
      FakeVerbs.setJitter(3, 7);
    }
  }

  @AfterEach
  void requireNothingLost() {
    if (FakeVerbs.isFake()) {
      assertEquals("", FakeVerbs.misuse());
      assertEquals(0, FakeVerbs.stat("undone"), "releases that a failed swap undid");
      assertEquals(0, FakeVerbs.reset(), "something was not closed");
    }
  }

  /** The gradients pull each worker elsewhere: only what all know together leads to the goal. */
  @ParameterizedTest
  @CsvSource({
    "ALLREDUCE, 2, false",
    "ALLREDUCE, 3, false",
    "ALLREDUCE, 2, true",
    "D_PSGD, 3, false",
    "D_PSGD, 2, true",
    "A_PSGD, 3, false",
    "A_PSGD, 2, true"
  })
  void shouldApplyEveryGradientThroughTheDevice(
      Algorithm algorithm, int workers, boolean colocated) {
    JobContext context =
        new JobContext()
            .algorithm(algorithm)
            .workers(workers)
            .parameterCount(PARAMETERS)
            .mergeLimit(0)
            .holdLimitNs(TimeUnit.SECONDS.toNanos(30))
            .schedule(new Schedule.Constant(0.25f));
    int steps = 12;
    try (VerbsWorkers job = new VerbsWorkers(context, colocated, (rank, i) -> i % 7)) {
      job.startAll();
      job.train(
          worker -> {
            for (int step = 0; step < steps; step++) {
              job.step(worker, (i, x) -> worker.rank() + i % 3);
            }
          });
      job.drain();
      assertEquals((long) steps * workers, job.total(Counter.GRADIENTS_APPLIED), "I7");
      assertEquals(0, job.total(Counter.EXCHANGES_TORN));
      assertEquals(0, job.total(Counter.FENCES));
      for (long i = 0; i < PARAMETERS; i += 97) {
        double mean = 0;
        for (int rank = 0; rank < workers; rank++) {
          int holder = algorithm == Algorithm.A_PSGD ? home(job, i) : rank;
          mean += (double) job.parameter(holder, i) / workers;
        }
        double pull = i % 3 + (workers - 1) / 2.0;
        assertEquals(i % 7 - 0.25 * steps * pull, mean, 1e-3, "parameter " + i);
      }
    }
  }

  private static int home(VerbsWorkers job, long parameter) {
    for (int stripe = 0; stripe < job.layout.stripes(); stripe++) {
      if (parameter < job.layout.stripeStart(stripe) + job.layout.stripeParameters(stripe)) {
        return stripe % job.workers.size();
      }
    }
    throw new AssertionError("no stripe has parameter " + parameter);
  }
}
