package example;

import dev.starling.engine.optimizer.Schedule;
import dev.starling.engine.worker.JobContext;
import dev.starling.engine.worker.LocalJob;
import dev.starling.engine.worker.Snapshot;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Four workers find the line y = 3 x - 1 in noisy points, each with points of its own. */
public final class LinearRegression {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private LinearRegression() {}

  /**
   * Trains and prints the line.
   *
   * @param args none
   * @throws Exception when the job fails
   */
  public static void main(String[] args) throws Exception {
    // @start region="usage"
    JobContext context =
        new JobContext().workers(4).parameterCount(2).schedule(new Schedule.Constant(0.1f));
    try (Arena arena = Arena.ofConfined();
        LocalJob job = LocalJob.launch(context, arena.allocate(FLOAT, 2))) {
      job.run(
          worker -> {
            Random points = new Random(worker.rank());
            for (int step = 0; step < 2_000; step++) {
              try (Snapshot snapshot = worker.snapshot()) {
                gradient(snapshot.parameters(), points, worker.gradient());
                worker.submit();
              }
            }
          });
      MemorySegment line = arena.allocate(FLOAT, 2);
      job.average(line);
      print(line.getAtIndex(FLOAT, 0), line.getAtIndex(FLOAT, 1));
    }
    // @end
  }

  /**
   * The mean gradient over 256 points; parameters are slope and intercept. Gradients that the
   * engine cannot apply one by one it applies in sum, at most four gradients' worth at once: the
   * learning rate leaves room for that.
   */
  private static void gradient(MemorySegment line, Random points, MemorySegment gradient) {
    double slope = 0;
    double intercept = 0;
    for (int i = 0; i < 256; i++) {
      double x = points.nextDouble(-1, 1);
      double y = 3 * x - 1 + 0.1 * points.nextGaussian();
      double error = line.getAtIndex(FLOAT, 0) * x + line.getAtIndex(FLOAT, 1) - y;
      slope += error * x / 256;
      intercept += error / 256;
    }
    gradient.setAtIndex(FLOAT, 0, (float) slope);
    gradient.setAtIndex(FLOAT, 1, (float) intercept);
  }

  private static void print(float slope, float intercept) {
    System.out.printf("y = %.2f x %+.2f%n", slope, intercept);
    if (Math.abs(slope - 3) > 0.1 || Math.abs(intercept + 1) > 0.1) {
      throw new IllegalStateException("the line should be y = 3 x - 1");
    }
  }
}
