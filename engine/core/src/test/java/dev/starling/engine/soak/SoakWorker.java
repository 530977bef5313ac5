package dev.starling.engine.soak;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.JoinedWorker;
import dev.starling.engine.worker.Snapshot;
import dev.starling.engine.worker.Worker;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * One worker process of the soak: {@code BOARD RANK INCARNATION}. Every gradient has the same value
 * in all its elements, so every published plane must have one value too (P3); it looks at each
 * snapshot twice and ends with code 3 and a line on standard error when that does not hold.
 */
public final class SoakWorker {
  static final int WORKERS = 4;
  static final int VIOLATION = 3;
  static final long HOLD_LIMIT_NS = 30_000_000;
  private static final long PARAMETERS = 40_000;
  private static final long STRIPE_BYTES = 64 << 10;
  private static final long STEP_NS = 300_000;

  private SoakWorker() {}

  static JobContext context() {
    return new JobContext()
        .workers(WORKERS)
        .parameterCount(PARAMETERS)
        .stripeBytes(STRIPE_BYTES)
        .holdLimitNs(HOLD_LIMIT_NS)
        .peerCheckNs(5_000_000)
        .schedule(new Schedule.Constant(1e-3f));
  }

  /**
   * Trains until the coordinator stops the job.
   *
   * @param arguments board, rank, incarnation
   */
  public static void main(String[] arguments) {
    Path path = Path.of(arguments[0]);
    int rank = Integer.parseInt(arguments[1]);
    int incarnation = Integer.parseInt(arguments[2]);
    try (Arena arena = Arena.ofConfined();
        JobBoard board = JobBoard.open(new ShmFabric(path.getParent()), path);
        JoinedWorker joined =
            JoinedWorker.join(
                context(), board, rank, incarnation, arena.allocate(PARAMETERS * Float.BYTES))) {
      long steps = board.rank(rank).steps();
      if (joined.awaitStart()) {
        while (!joined.isStopRequested()) {
          step(joined.worker());
          steps++;
          board.rank(rank).progress(steps, steps, 0, 1, System.nanoTime(), 0);
        }
      }
      joined.finish(() -> false);
    }
  }

  private static void step(Worker worker) {
    try (Snapshot snapshot = worker.snapshot()) {
      float value = requireUniform(worker.rank(), snapshot, "when opened");
      LockSupport.parkNanos(STEP_NS);
      MemorySegment gradient = worker.gradient();
      for (long i = 0; i < PARAMETERS; i++) {
        // Towards 1, so that no value grows without bound.
        gradient.setAtIndex(ValueLayout.JAVA_FLOAT, i, value - 1);
      }
      requireUniform(worker.rank(), snapshot, "before it was closed");
      worker.submit();
    }
  }

  private static float requireUniform(int rank, Snapshot snapshot, String when) {
    long stripes = (PARAMETERS * Float.BYTES + STRIPE_BYTES - 1) / STRIPE_BYTES;
    for (int stripe = 0; stripe < stripes; stripe++) {
      MemorySegment values = snapshot.stripe(stripe);
      float first = values.get(ValueLayout.JAVA_FLOAT, 0);
      for (long i = 1; i < values.byteSize() / Float.BYTES; i++) {
        float value = values.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        if (value != first || !Float.isFinite(value)) {
          System.err.println(
              "P3: stripe "
                  + stripe
                  + " of rank "
                  + rank
                  + " is torn "
                  + when
                  + ": "
                  + first
                  + " beside "
                  + value
                  + " at "
                  + i);
          Runtime.getRuntime().halt(VIOLATION);
        }
      }
    }
    return snapshot.stripe(0).get(ValueLayout.JAVA_FLOAT, 0);
  }
}
