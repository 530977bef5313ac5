package dev.starling.rdma.fabric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.engine.fabric.CompletionHandler;
import dev.starling.engine.fabric.Remote;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.replica.ControlLine;
import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.worker.JobContext;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The communication agent's thread makes no garbage once the compiler has seen its code. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int ROUNDS = 60;
  private static final int ROUND = 2_000;

  /** Of a whole round: the measurement itself, and what the compiler does meanwhile. */
  private static final double NONE_BYTES = 1;

  /** One small object that the compiler, in some runs, keeps on the heap. */
  private static final double ONE_OBJECT_BYTES = 32.5;

  @BeforeEach
  void enter() {
    FakeVerbs.enter();
  }

  @AfterEach
  void requireNoLeak() {
    if (FakeVerbs.isFake()) {
      assertEquals(0, FakeVerbs.reset());
    }
  }

  /** Bytes for each of a round's turns, in the first round that is quiet enough, or the best. */
  private static double perTurn(String what, double limit, LongSupplier allocated, Runnable round) {
    double best = Double.MAX_VALUE;
    for (int i = 0; i < ROUNDS && best > limit; i++) {
      long before = allocated.getAsLong();
      round.run();
      best = Math.min(best, (allocated.getAsLong() - before) / (double) ROUND);
    }
    System.out.println("AllocationTest: " + best + " bytes per " + what);
    return best;
  }

  private static final class Waiter implements CompletionHandler {
    private final Remote remote;
    private int done;
    private int failed;

    Waiter(Remote remote) {
      this.remote = remote;
    }

    @Override
    public void onCompletion(long tag, boolean succeeded, long value) {
      done++;
      failed += succeeded ? 0 : 1;
    }

    void await(int count) {
      done = 0;
      long deadlineNs = System.nanoTime() + 20_000_000_000L;
      while (done < count) {
        remote.poll(this);
        if (System.nanoTime() - deadlineNs > 0) {
          throw new AssertionError("operations did not complete in time");
        }
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void shouldAllocateNothingForOperationsOfEveryKind() {
    ReplicaLayout layout = ReplicaLayout.of(2, 10_000, 1 << 20);
    long lock = layout.lineOffset(0) + ControlLine.LOCK_OFFSET;
    try (TwoRanks ranks = new TwoRanks(layout, false)) {
      Remote remote = ranks.connect(0, 1);
      MemorySegment buffer = ranks.memory(0, 40_000);
      Waiter waiter = new Waiter(remote);
      long word = ranks.replicas.get(1).lockWord(0);
      double bytes =
          perTurn(
              "a READ of 10 pieces, a WRITE of 10, a READ of a word and a COMPARE AND SWAP",
              NONE_BYTES,
              THREADS::getCurrentThreadAllocatedBytes,
              () -> {
                for (int i = 0; i < ROUND; i++) {
                  remote.readWord(lock, 1);
                  remote.compareAndSwap(lock, word, word, 2);
                  remote.read(layout.planeOffset(0, 0), buffer, 0, 40_000, 3);
                  remote.write(layout.planeOffset(0, 1), buffer, 0, 40_000, 4);
                  waiter.await(4);
                  remote.state();
                  remote.settle();
                }
              });
      assertEquals(0, waiter.failed, ranks.told::toString);
      assertTrue(bytes <= NONE_BYTES, bytes + " bytes per four operations");
    }
  }

  @Test
  void shouldAllocateAtMostOneSmallObjectPerExchange() {
    JobContext context =
        new JobContext()
            .workers(2)
            .stripes(5_000, 3_001)
            .chunkBytes(8192)
            .holdLimitNs(TimeUnit.SECONDS.toNanos(30))
            .schedule(new Schedule.Constant(0.1f));
    try (VerbsWorkers job = new VerbsWorkers(context, false, (rank, i) -> rank)) {
      long[] agents = {job.start(0).threadId(), job.start(1).threadId()};
      job.awaitConnected();
      long exchanges = job.total(Counter.EXCHANGES);
      double bytes =
          perTurn(
              "an update of two stripes",
              ONE_OBJECT_BYTES,
              () -> {
                long sum = 0;
                for (long allocated : THREADS.getThreadAllocatedBytes(agents)) {
                  assertTrue(allocated > 0, "the agent's thread is gone");
                  sum += allocated;
                }
                return sum;
              },
              () -> {
                for (int i = 0; i < ROUND; i++) {
                  job.step(job.workers.get(i & 1), (index, x) -> 0);
                }
                job.drain();
              });
      assertTrue(job.total(Counter.EXCHANGES) - exchanges > ROUND, "most updates are exchanged");
      assertTrue(bytes <= ONE_OBJECT_BYTES, bytes + " bytes per update");
    }
  }
}
