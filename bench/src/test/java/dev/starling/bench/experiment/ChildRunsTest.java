package dev.starling.bench.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs in processes of their own. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChildRunsTest {
  @TempDir Path folder;

  @Test
  void shouldKillARunThatDoesNotEnd() throws Exception {
    double oneSecond = -19.6;
    RunSpec endless =
        new RunSpec.Training(Algorithms.AD_PSGD)
            .option("--generated-samples", 100)
            .option("--model", "softmax")
            .option("--workers", 1)
            .option("--compute-ms", 100)
            .option("--steps", 1_000_000)
            .expectedSeconds(oneSecond)
            .named("endless");
    assertEquals(1, endless.limitSeconds());
    AtomicLong told = new AtomicLong();
    Set<Long> before = children();
    RunOutcome outcome = new ChildRuns().launch(endless, folder.resolve("endless"), told::set);
    assertTrue(outcome.hasFailed());
    assertTrue(outcome.failure().startsWith("the run had not ended after 1 s"), outcome.failure());
    assertTrue(told.get() >= 1_000, "ticks up to " + told);
    Set<Long> left = children();
    left.removeAll(before);
    assertEquals(Set.of(), left, "the process lives");
  }

  private static Set<Long> children() {
    return ProcessHandle.current()
        .children()
        .filter(ProcessHandle::isAlive)
        .map(ProcessHandle::pid)
        .collect(Collectors.toSet());
  }

  @Test
  void shouldTellTheSentenceOfARunThatFails() throws Exception {
    RunSpec wrong = new RunSpec("wrong", Map.of(), List.of("train", "--workers", "0"), 1, false);
    RunOutcome outcome = new ChildRuns().launch(wrong, folder.resolve("wrong"), ms -> {});
    assertTrue(outcome.failure().contains("--workers=0 is out of range"), outcome.failure());
    assertTrue(outcome.result().isMissingNode());
  }
}
