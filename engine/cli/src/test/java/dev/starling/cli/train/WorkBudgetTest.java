package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkBudgetTest {
  @Test
  void shouldGiveExactlyTheStepsWhenThreadsCompete() throws InterruptedException {
    WorkBudget budget = WorkBudget.ofSteps(100_003);
    AtomicLong taken = new AtomicLong();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          new Thread(
              () -> {
                long mine = 0;
                while (budget.take(32)) {
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
    assertEquals(100_003, budget.taken());
  }

  @Test
  void shouldExceedTheSamplesByLessThanABatchWhenItDoesNotDivideThem() {
    WorkBudget budget = WorkBudget.ofSamples(100);
    long drawn = 0;
    while (budget.take(32)) {
      drawn += 32;
    }
    assertEquals(128, drawn);
    assertEquals(100, budget.taken());
    assertFalse(budget.take(1));
  }

  @Test
  void shouldCountStepsPerWorkerWhenItIsInSamplesOrSteps() {
    assertEquals(62.5, WorkBudget.ofSamples(8_000).stepsPerWorker(32, 4));
    assertEquals(2_000, WorkBudget.ofSteps(8_000).stepsPerWorker(32, 4));
    assertTrue(WorkBudget.ofSteps(1).take(1_000));
  }
}
