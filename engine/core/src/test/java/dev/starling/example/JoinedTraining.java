package dev.starling.example;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.JoinedWorker;
import dev.starling.engine.worker.Snapshot;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.BiConsumer;

/** One rank of a job whose ranks are processes of their own; the README shows {@code train}. */
final class JoinedTraining {
  private JoinedTraining() {}

  // @start
  static void train(
      Path boardPath,
      JobContext context,
      int rank,
      int incarnation,
      MemorySegment initialModel,
      BiConsumer<Snapshot, MemorySegment> gradient) {
    try (JobBoard board = JobBoard.open(new ShmFabric(boardPath.getParent()), boardPath);
        JoinedWorker joined = JoinedWorker.join(context, board, rank, incarnation, initialModel)) {
      if (joined.awaitStart()) {
        while (!joined.isStopRequested() && board.takeWork(1)) {
          try (Snapshot snapshot = joined.worker().snapshot()) {
            gradient.accept(snapshot, joined.worker().gradient());
            joined.worker().submit();
          }
        }
      }
      joined.finish(() -> false);
    }
  }

  // @end
}
