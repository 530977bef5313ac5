package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Stands here because the engine's own tests run many fabrics in one JVM, which no user does. */
class StepAllocationTest {
  private static final long PARAMETERS = 10_000;

  /**
   * What one object may take that the compiler, in some runs, keeps on the heap: 32 bytes a step.
   */
  private static final double ONE_OBJECT_BYTES = 32.5;

  /** The compute thread and both agents together. */
  @Test
  void shouldAllocateAtMostOneSmallObjectPerStepInSteadyState() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    JobContext context =
        new JobContext()
            .workers(2)
            .parameterCount(PARAMETERS)
            .optimizer(parameters -> new Sgd(0.9f, 1e-4f, parameters))
            .schedule(new Schedule.Warmup(10, new Schedule.Cosine(0.01f, 1e6)));
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(PARAMETERS * Float.BYTES))) {
      Worker worker = job.worker(0);
      long[] ids =
          Thread.getAllStackTraces().keySet().stream()
              .filter(t -> t.getName().startsWith("starling-agent-") || t == Thread.currentThread())
              .mapToLong(Thread::threadId)
              .toArray();
      assertEquals(3, ids.length);
      double perStep = Double.MAX_VALUE;
      // The compiler needs a while to remove boxes; then only the measurement's own may be left.
      for (int round = 0; round < 40 && perStep > 1; round++) {
        long before = allocated(threads, ids);
        for (int step = 0; step < 1_000; step++) {
          step(worker);
        }
        perStep = (allocated(threads, ids) - before) / 1e3;
      }
      System.out.println("StepAllocationTest: " + perStep + " bytes a step");
      assertTrue(perStep <= ONE_OBJECT_BYTES, perStep + " bytes a step");
      assertTrue(worker.counters().get(Counter.EXCHANGES) > 0);
    }
  }

  private static void step(Worker worker) {
    try (Snapshot snapshot = worker.snapshot()) {
      worker.gradient().setAtIndex(ValueLayout.JAVA_FLOAT, 7, snapshot.version(0));
      worker.submit();
    }
    long submitted = worker.counters().get(Counter.GRADIENTS_SUBMITTED);
    long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (worker.counters().get(Counter.GRADIENTS_APPLIED) < submitted) {
      if (System.nanoTime() - deadlineNs > 0) {
        throw new AssertionError("a gradient was not applied in time");
      }
      LockSupport.parkNanos(1_000);
    }
  }

  private static long allocated(ThreadMXBean threads, long[] ids) {
    long sum = 0;
    for (long bytes : threads.getThreadAllocatedBytes(ids)) {
      sum += bytes;
    }
    return sum;
  }
}
