package dev.starling.example;

// @start region="embedding"
import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Four workers learn the weights 0, 1, 2, ... 9 from noisy samples, each on its own data. */
public final class LinearRegression {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int WEIGHTS = 10;

  public static float[] train() throws Exception {
    JobContext context =
        new JobContext()
            .workers(4)
            .parameterCount(WEIGHTS)
            .optimizer(parameters -> new Sgd(0f, 0f, parameters))
            .schedule(new Schedule.Warmup(20, new Schedule.Cosine(0.05f, 4_980)));
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(FLOAT, WEIGHTS))) {
      job.run(
          worker -> {
            Random data = new Random(worker.rank());
            for (int step = 0; step < 5_000; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                gradient(snapshot.parameters(), data, worker.gradient());
                worker.submit();
              }
            }
          });
      MemorySegment average = arena.allocate(FLOAT, WEIGHTS);
      job.average(average);
      return average.toArray(FLOAT);
    }
  }

  private static void gradient(MemorySegment weights, Random data, MemorySegment gradient) {
    gradient.fill((byte) 0);
    for (int sample = 0; sample < 32; sample++) {
      double[] x = data.doubles(WEIGHTS, -1, 1).toArray();
      double error = 0.01 * data.nextGaussian();
      for (int i = 0; i < WEIGHTS; i++) {
        error += (weights.getAtIndex(FLOAT, i) - i) * x[i];
      }
      for (int i = 0; i < WEIGHTS; i++) {
        float sum = gradient.getAtIndex(FLOAT, i) + (float) (error * x[i] / 32);
        gradient.setAtIndex(FLOAT, i, sum);
      }
    }
  }
}
// @end
