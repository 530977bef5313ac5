package dev.starling.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.chronicle.VerifyReport;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RecordedTrainingTest {
  private static final int COUNT = 1_000;
  private static final int STEPS = 50;

  @TempDir Path directory;

  private static void loop(Worker worker) {
    for (int step = 0; step < STEPS; step++) {
      try (Snapshot snapshot = worker.snapshot()) {
        for (long i = 0; i < COUNT; i++) {
          float x = snapshot.parameters().getAtIndex(ValueLayout.JAVA_FLOAT, i);
          worker.gradient().setAtIndex(ValueLayout.JAVA_FLOAT, i, x - worker.rank() - i % 7);
        }
        worker.submit();
      }
    }
  }

  @Test
  void shouldProveWhatItSavedWhenTheJobHasEnded() throws Exception {
    Path run = directory.resolve("run");
    try (Arena arena = Arena.ofConfined()) {
      VerifyReport report =
          RecordedTraining.train(
              new JobContext().workers(3).parameterCount(COUNT),
              arena.allocate(COUNT * Float.BYTES),
              RecordedTrainingTest::loop,
              run);
      assertTrue(report.ok(), report.toString());
      assertEquals(3, report.ranks());
      assertEquals(1, report.setsCompared());
      assertTrue(report.gradients() > 0, report.toString());
      assertEquals(List.of(), report.tails());
      assertThrows(
          ConfigurationException.class,
          () ->
              RecordedTraining.train(
                  new JobContext().workers(1).parameterCount(COUNT),
                  arena.allocate(COUNT * Float.BYTES),
                  RecordedTrainingTest::loop,
                  run));
    }
  }

  @Test
  void shouldBeTheCodeThatTheReadmeShows() throws Exception {
    Path module = Path.of("").toAbsolutePath();
    String source =
        Files.readString(
            module.resolve("src/test/java/dev/starling/example/RecordedTraining.java"));
    String region =
        source.substring(source.indexOf("  static VerifyReport"), source.indexOf("\n  // @end"));
    String readme = Files.readString(module.resolve("../../README.md").normalize());
    assertTrue(
        readme.contains("```java\n" + region.stripTrailing().stripIndent() + "\n```"),
        "the README shows other code");
  }
}
