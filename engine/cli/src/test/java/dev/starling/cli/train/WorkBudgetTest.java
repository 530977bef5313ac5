package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.PrivateSharedMemory;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(60)
class WorkBudgetTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private JobBoard board(WorkBudget budget) {
    return JobBoard.create(new ShmFabric(shared.directory()), 1, 4, budget.total());
  }

  @Test
  void shouldGiveExactlyTheStepsWhenThreadsCompete() throws InterruptedException {
    WorkBudget budget = WorkBudget.ofSteps(100_003);
    AtomicLong taken = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    try (JobBoard board = board(budget)) {
      for (int i = 0; i < 4; i++) {
        threads.add(
            new Thread(
                () -> {
                  long mine = 0;
                  while (budget.take(board, 32)) {
                    mine++;
                  }
                  taken.addAndGet(mine);
                }));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(100_003, taken.get());
      assertEquals(100_003, budget.taken(board));
    }
  }

  @Test
  void shouldExceedTheSamplesByLessThanABatchWhenItDoesNotDivideThem() {
    WorkBudget budget = WorkBudget.ofSamples(100);
    try (JobBoard board = board(budget)) {
      long drawn = 0;
      while (budget.take(board, 32)) {
        drawn += 32;
      }
      assertEquals(128, drawn);
      assertEquals(100, budget.taken(board));
      assertFalse(budget.take(board, 1));
    }
  }

  @Test
  void shouldCountStepsPerWorkerWhenItIsInSamplesOrSteps() {
    assertEquals(62.5, WorkBudget.ofSamples(8_000).stepsPerWorker(32, 4));
    assertEquals(2_000, WorkBudget.ofSteps(8_000).stepsPerWorker(32, 4));
    WorkBudget one = WorkBudget.ofSteps(1);
    try (JobBoard board = board(one)) {
      assertTrue(one.take(board, 1_000));
      assertFalse(one.take(board, 1_000));
    }
  }
}
