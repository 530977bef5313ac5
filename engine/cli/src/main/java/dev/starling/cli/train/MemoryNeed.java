package dev.starling.cli.train;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.replica.ReplicaLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much memory outside the heap a run needs, so that an absurd model is one sentence and not a
 * process that the kernel kills.
 *
 * @param bytes what the run will touch
 * @param parameters parameters of the model
 * @param workers number of workers
 */
record MemoryNeed(long bytes, long parameters, int workers) {
  private static final Path MEMINFO = Path.of("/proc/meminfo");

  /** Gradient buffers of a worker. */
  private static final int GRADIENTS = 3;

  /** The residual, the rounded gradient, and the residual's copy. */
  private static final int ROUNDING = 3;

  /** The averaged model and the job's two scratch models. */
  private static final int AVERAGES = 3;

  /**
   * Adds up what a run needs.
   *
   * @param options its options
   * @param setup its model
   * @param workers how many of its workers are on this host
   * @param pinned whether the replicas' fourth planes have their memory from the start
   * @return the need
   */
  static MemoryNeed of(TrainOptions options, RunSetup setup, int workers, boolean pinned) {
    int planes = ReplicaLayout.PLANES + (pinned ? 1 : 0);
    long parameters = setup.model().parameterCount();
    long state =
        switch (options.optimizer) {
          case TrainOptions.SGD -> 0;
          case TrainOptions.ADAMW -> 2;
          default -> options.momentum == 0 ? 0 : 1;
        };
    // What a checkpoint copies, and what rounding keeps beside each gradient.
    long copies = options.record.savesEnd() ? 1 + state : 0;
    long rounding = options.record.payload() == GradientPayload.BF16 ? ROUNDING : 0;
    long models = (long) workers * (planes + GRADIENTS + state + copies + rounding) + AVERAGES;
    return new MemoryNeed(
        Math.multiplyExact(models * Float.BYTES, parameters), parameters, workers);
  }

  /**
   * Fails when the machine has less to give.
   *
   * @throws StarlingException names need and supply
   */
  void requireAvailable() throws IOException {
    long available = availableBytes();
    if (bytes > available) {
      throw new StarlingException(
          ("%d workers with a model of %d parameters need %d MiB of memory but %d MiB are"
                  + " available: use a smaller model or fewer workers")
              .formatted(workers, parameters, bytes >> 20, available >> 20));
    }
  }

  /** {@code MemAvailable} of proc(5). */
  private static long availableBytes() throws IOException {
    for (String line : Files.readAllLines(MEMINFO)) {
      if (line.startsWith("MemAvailable:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    return Long.MAX_VALUE;
  }
}
