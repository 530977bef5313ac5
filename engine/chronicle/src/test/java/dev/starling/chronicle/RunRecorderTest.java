package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.UpdateLog;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logs that cannot be begun, as on a disk that is full when a worker comes back. */
class RunRecorderTest {
  private static final int PARAMETERS = 100;

  @TempDir private Path directory;

  private final List<String> told = new CopyOnWriteArrayList<>();

  @BeforeEach
  void putAFileInTheWay() throws IOException {
    Files.writeString(directory.resolve(RunRecorder.LOG), "in the way");
  }

  private JobContext context(UpdateLog.OnFailure onFailure) {
    JobContext context =
        new JobContext()
            .workers(2)
            .stripes(new long[] {PARAMETERS})
            .schedule(new Schedule.Constant(0.05f));
    new RunRecorder(directory, SampleRun::settings, onFailure, Map.of(), told::add).record(context);
    return context;
  }

  @Test
  void shouldTrainWithoutALogWhenItCannotBeBegunAndThatIsAsked() throws Exception {
    try (Arena arena = Arena.ofConfined();
        LocalJob job = launch(UpdateLog.OnFailure.CONTINUE, arena)) {
      job.run(
          worker -> {
            try (Snapshot snapshot = worker.snapshot()) {
              worker.gradient().fill((byte) 0);
              assertTrue(snapshot.version(0) >= 0 && worker.submit());
            }
          });
      job.allWorkers()
          .forEach(worker -> assertEquals(1, worker.counters().get(Counter.GRADIENTS_SUBMITTED)));
    }
    assertEquals(2, told.size(), told::toString);
    Collections.sort(told);
    assertTrue(told.getFirst().startsWith("rank 0: "), told::toString);
    assertTrue(told.getFirst().contains(directory.resolve(RunRecorder.LOG).toString()));
    assertTrue(told.getFirst().endsWith("; training goes on without the log"), told::toString);
  }

  @Test
  void shouldEndWhenALogCannotBeBegunAndNothingElseIsAsked() {
    try (Arena arena = Arena.ofConfined()) {
      StarlingException failure =
          assertThrows(
              StarlingException.class, () -> launch(UpdateLog.OnFailure.STOP, arena).close());
      assertTrue(failure.getMessage().contains("of a log failed"), failure.getMessage());
    }
    assertEquals(List.of(), told);
  }

  private LocalJob launch(UpdateLog.OnFailure onFailure, Arena arena) {
    MemorySegment initial = arena.allocate(PARAMETERS * (long) Float.BYTES);
    return LocalJob.launch(context(onFailure), initial);
  }
}
