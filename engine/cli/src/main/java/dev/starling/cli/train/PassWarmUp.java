package dev.starling.cli.train;

import dev.starling.engine.memory.PrivateMemory;
import dev.starling.models.Pass;
import dev.starling.models.data.BatchSampler;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * Computes a few gradients before the run begins, so that the JVM has compiled the model: otherwise
 * a worker's first step takes a hundred times as long as the later ones, and {@code --slow}
 * stretches it as it does all others.
 */
final class PassWarmUp {
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(1);
  private static final int MAX_GRADIENTS = 500;
  private static final int EVALUATED = 100;

  private PassWarmUp() {}

  /**
   * Computes gradients for at most a second, or one when it takes longer. Nothing is changed.
   *
   * @param plan the run
   * @param rank whose device it runs on
   * @param parameters initial parameters
   * @param stop ends it early
   */
  static void run(RunPlan plan, int rank, MemorySegment parameters, StopSignal stop) {
    TrainOptions options = plan.options();
    RunSetup setup = plan.setup();
    long beginNs = System.nanoTime();
    BatchSampler sampler = BatchSampler.whole(setup.train(), options.batch, options.seed, 0);
    try (Pass pass = plan.device().newPass(setup.model(), options.batch, rank);
        PrivateMemory gradient =
            PrivateMemory.allocate("warm-up gradient", parameters.byteSize())) {
      int evaluated = Math.min(EVALUATED, setup.evaluation().count());
      pass.evaluate(parameters.asReadOnly(), setup.evaluation().range(0, evaluated));
      for (int done = 0;
          done < MAX_GRADIENTS && System.nanoTime() - beginNs < LIMIT_NS && !stop.isRequested();
          done++) {
        pass.gradient(parameters.asReadOnly(), sampler.next(), gradient.segment());
      }
    }
  }
}
