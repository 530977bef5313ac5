package dev.starling.engine.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.LinkPace;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A job whose workers reach each other over emulated links. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinkedJobTest {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final int COUNT = 25_000;
  private static final int WORKERS = 3;
  private static final double BYTES_PER_SECOND = 1e9;

  @Test
  void shouldAverageOverLinksNoFasterThanTheyAre() throws Exception {
    double slow = 20;
    JobContext context =
        new JobContext()
            .workers(WORKERS)
            .parameterCount(COUNT)
            .schedule(new Schedule.Constant(0.1f))
            .link(new LinkPace(BYTES_PER_SECOND, 20_000, Map.of(2, slow)));
    assertTrue(context.toString().contains("emulated links=8.0 Gbit/s"), context::toString);
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(COUNT * Float.BYTES))) {
      long startNs = System.nanoTime();
      job.run(LinkedJobTest::descend);
      double seconds = (System.nanoTime() - startNs) / 1e9;
      MemorySegment average = arena.allocate(COUNT * Float.BYTES);
      job.average(average);
      for (int i = 0; i < COUNT; i += 997) {
        assertEquals(i % 7, average.getAtIndex(FLOAT, i), 1e-2, "parameter " + i);
      }
      long slowExchanges = 0;
      for (int rank = 0; rank < WORKERS; rank++) {
        assertEquals(0, job.worker(rank).counters().get(Counter.EXCHANGES_TORN));
        assertTrue(job.worker(rank).counters().get(Counter.EXCHANGES) > 0, "rank " + rank);
        slowExchanges += rank == 2 ? job.worker(rank).counters().get(Counter.EXCHANGES) : 0;
      }
      double bytes = (double) COUNT * Float.BYTES;
      double most = seconds * BYTES_PER_SECOND / slow / bytes + 1;
      assertTrue(slowExchanges <= most, slowExchanges + " exchanges, the link takes " + most);
    }
  }

  private static void descend(Worker worker) {
    for (int step = 0; step < 150; step++) {
      try (Snapshot snapshot = worker.snapshot()) {
        MemorySegment parameters = snapshot.parameters();
        MemorySegment gradient = worker.gradient();
        for (int i = 0; i < COUNT; i++) {
          gradient.setAtIndex(FLOAT, i, parameters.getAtIndex(FLOAT, i) - i % 7);
        }
        worker.submit();
      }
      LockSupport.parkNanos(1_000_000);
    }
  }
}
