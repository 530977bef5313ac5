package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LateGradients;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BacklogLimitTest {
  private static final long COUNT = 64;

  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private static void submit(LocalJob job, float value) {
    job.worker(0).gradient().fill((byte) 0);
    job.worker(0).gradient().set(ValueLayout.JAVA_FLOAT, 0, value);
    job.worker(0).submit();
    job.drain();
  }

  private LocalJob launch(Arena arena) {
    MemorySegment initial = arena.allocate(COUNT * Float.BYTES);
    return LocalJob.launch(
        new JobContext()
            .workers(1)
            .parameterCount(COUNT)
            .directory(shared.directory())
            .maxStaleness(1, LateGradients.DROP),
        initial);
  }

  @Test
  void shouldNotWaitForGradientsThatWereDroppedAsTooLate() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(arena)) {
      Worker worker = job.worker(0);
      try (Snapshot snapshot = worker.snapshot()) {
        for (int i = 0; i < 10; i++) {
          submit(job, 1);
        }
        assertEquals(0, snapshot.version(0));
      }
      long late =
          worker.counters().get(Counter.GRADIENTS_LATE_AT_SUBMIT)
              + worker.counters().get(Counter.GRADIENTS_LATE);
      assertEquals(8, late, "two are in time: the first, and one with the largest staleness");
      BacklogLimit limit = new BacklogLimit(2, () -> false);
      limit.await(worker);
      assertEquals(0, limit.waitedNs());
    }
  }

  @Test
  void shouldNotWaitForGradientsThatWereRefused() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(arena)) {
      try (Snapshot snapshot = job.worker(0).snapshot()) {
        for (int i = 0; i < 5; i++) {
          submit(job, Float.NaN);
        }
        assertEquals(0, snapshot.version(0));
      }
      assertEquals(5, job.worker(0).counters().get(Counter.GRADIENTS_REFUSED));
      BacklogLimit limit = new BacklogLimit(2, () -> false);
      limit.await(job.worker(0));
      assertEquals(0, limit.waitedNs());
    }
  }
}
