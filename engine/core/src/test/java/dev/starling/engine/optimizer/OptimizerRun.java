package dev.starling.engine.optimizer;

import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One worker's parameters, moved by an optimizer as the communication agent does it: the model in
 * ranges of odd lengths, then a plain step of the combine.
 */
final class OptimizerRun implements AutoCloseable {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int[] RANGES = {256, 1, 17, 8, 333};

  private final Arena arena = Arena.ofConfined();
  private final Optimizer optimizer;
  private final Kernels kernels;
  private final int count;
  private final MemorySegment parameters;
  private final MemorySegment gradient;
  private long step;

  /** Takes the optimizer over and closes it. */
  OptimizerRun(Optimizer optimizer, float[] start) {
    this(optimizer, start, new CpuKernels());
  }

  OptimizerRun(Optimizer optimizer, float[] start, Kernels kernels) {
    this.optimizer = optimizer;
    this.kernels = kernels;
    count = start.length;
    parameters = arena.allocateFrom(FLOAT, start);
    gradient = arena.allocate(4L * count, 64);
  }

  float[] parameters() {
    return parameters.toArray(FLOAT);
  }

  /** One step with a buffer that sums {@code merged} gradients; returns the update. */
  float[] step(float[] sum, int merged, float rate) {
    MemorySegment.copy(sum, 0, gradient, FLOAT, 0, count);
    optimizer.begin(++step);
    float scale = optimizer.gradientScale(merged);
    int done = 0;
    for (int range = 0; done < count; range++) {
      int length = Math.min(RANGES[range % RANGES.length], count - done);
      if (scale != 1f) {
        kernels.scale(gradient, 4L * done, scale, length);
      }
      optimizer.advance(kernels, gradient, 4L * done, length);
      done += length;
    }
    MemorySegment update = optimizer.update(gradient);
    float keep = optimizer.keep(rate);
    kernels.step(parameters, 0, update, 0, parameters, 0, rate, keep, count);
    return update.asSlice(0, 4L * count).toArray(FLOAT);
  }

  @Override
  public void close() {
    optimizer.close();
    arena.close();
  }
}
