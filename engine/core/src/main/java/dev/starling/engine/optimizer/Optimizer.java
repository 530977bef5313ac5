package dev.starling.engine.optimizer;

import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;

/**
 * Turns gradients into updates. Belongs to the communication agent of one worker, which also closes
 * it.
 */
public interface Optimizer extends AutoCloseable {
  /**
   * Advances the state over a range of the model by one step.
   *
   * @param kernels who computes
   * @param gradient the summed gradients, all parameters
   * @param offsetBytes start of the range
   * @param count its length in parameters
   * @return the ticket of the computation, or {@link #DONE}
   */
  long advance(Kernels kernels, MemorySegment gradient, long offsetBytes, long count);

  /** The ticket of a computation that was not needed. */
  long DONE = -1;

  /**
   * Returns the update of the last step.
   *
   * @param gradient the gradients of the last step
   * @return {@code u}, all parameters; valid until the next {@link #advance}
   */
  MemorySegment update(MemorySegment gradient);

  /**
   * Returns the decay that {@code submit} adds to each gradient: {@code g' = fma(decay, x, g)}.
   *
   * @return the factor, 0 for none
   */
  float l2Decay();

  @Override
  void close();
}
