package dev.starling.example;

import dev.starling.chronicle.RecordedJob;
import dev.starling.chronicle.RecordedRun;
import dev.starling.chronicle.RunVerifier;
import dev.starling.chronicle.VerifyReport;
import dev.starling.engine.checkpoint.CheckpointInterval;
import dev.starling.engine.worker.ComputeTask;
import dev.starling.engine.worker.JobContext;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** A job that records every update, and the proof of what it saved. */
final class RecordedTraining {
  private RecordedTraining() {}

  static VerifyReport train(
      JobContext context, MemorySegment initialModel, ComputeTask loop, Path directory)
      throws Exception {
    CheckpointInterval interval = CheckpointInterval.parse("30s");
    try (RecordedJob recorded =
        RecordedJob.launch(context, initialModel, directory, interval, System.err::println)) {
      recorded.job().run(loop);
      recorded.checkpoint();
    }
    try (RecordedRun run = RecordedRun.open(directory)) {
      return RunVerifier.verify(run, bytes -> {});
    }
  }
  // @end
}
