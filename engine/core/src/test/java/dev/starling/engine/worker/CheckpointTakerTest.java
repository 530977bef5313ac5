package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.Journal;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CheckpointTakerTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(20);
  private static final int COUNT = 100;

  private final List<String> told = Collections.synchronizedList(new ArrayList<>());

  private final class CutJournal implements Journal {
    @Override
    public void cut(long set) {
      told.add("cut " + set);
    }

    @Override
    public void checkpoint(long set, long optimizerStep, long[] versions) {
      told.add("checkpoint " + set);
    }
  }

  private JobContext context(int workers) {
    return new JobContext()
        .workers(workers)
        .parameterCount(COUNT)
        .stripeBytes(64)
        .chunkBytes(64)
        .holdLimitNs(TimeUnit.SECONDS.toNanos(3600))
        .optimizer(parameters -> new Sgd(0.5f, 0, parameters))
        .schedule(new Schedule.Constant(1f))
        .journal((rank, incarnation) -> rank == 0 ? new CutJournal() : Journal.NONE);
  }

  private static void submit(Worker worker, float value) {
    try (Snapshot snapshot = worker.snapshot()) {
      assertTrue(snapshot.version(0) >= 0);
      for (int i = 0; i < COUNT; i++) {
        worker.gradient().setAtIndex(FLOAT, i, value);
      }
      assertTrue(worker.submit());
    }
  }

  @Test
  void shouldCopyParametersStateAndVersionsOfOneMoment() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(1), arena.allocate(COUNT * Float.BYTES))) {
      Worker worker = job.worker(0);
      for (int step = 1; step <= 3; step++) {
        submit(worker, -1f);
        job.drain();
      }
      CheckpointCopy copy = worker.checkpoint(1, TIMEOUT_NS);
      assertEquals(3, copy.optimizerStep());
      assertEquals(List.of("momentum"), copy.stateNames());
      for (long version : copy.versions()) {
        assertEquals(3, version);
      }
      // Momentum 1, 1.5, 1.75: the sum is what the parameters have.
      for (int i = 0; i < COUNT; i++) {
        assertEquals(-1.75f, copy.state(0).getAtIndex(FLOAT, i));
        assertEquals(4.25f, copy.parameters().getAtIndex(FLOAT, i));
      }
      assertEquals(List.of("cut 1", "checkpoint 1"), told);
    }
  }

  /** A copy is of whole updates, although the worker trains on meanwhile. */
  @Test
  void shouldCopyTheSameUpdatesOfAllStripesWhenTheWorkerTrainsOn() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(1), arena.allocate(COUNT * Float.BYTES))) {
      Thread training =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!Thread.currentThread().isInterrupted()) {
                      submit(job.worker(0), -1f);
                    }
                  });
      try {
        for (int set = 1; set <= 50; set++) {
          CheckpointCopy copy = job.worker(0).checkpoint(set, TIMEOUT_NS);
          MemorySegment parameters = copy.parameters();
          for (int i = 0; i < COUNT; i++) {
            assertEquals(parameters.getAtIndex(FLOAT, 0), parameters.getAtIndex(FLOAT, i));
          }
          for (long version : copy.versions()) {
            assertEquals(copy.optimizerStep(), version);
          }
        }
      } finally {
        training.interrupt();
        training.join();
      }
    }
  }

  @Test
  void shouldTakeTheNextCopyWhenTheOneBeforeWasNotTakenInTime() {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context(2), arena.allocate(COUNT * Float.BYTES))) {
      Worker worker = job.worker(0);
      HeldStripe held = HeldStripe.of(worker.replica(), 1);
      StarlingException late =
          assertThrows(StarlingException.class, () -> worker.checkpoint(1, 20_000_000));
      assertTrue(
          late.getMessage().startsWith("rank 0 took no copy for checkpoint 1 within 20 ms"),
          late.getMessage());
      worker.requestCheckpoint(2);
      held.release();
      assertEquals(2, worker.checkpoint(2, TIMEOUT_NS).set());
      assertEquals(List.of("cut 1", "checkpoint 1", "cut 2", "checkpoint 2"), told);
    }
  }
}
