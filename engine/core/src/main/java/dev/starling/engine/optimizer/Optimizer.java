package dev.starling.engine.optimizer;

import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Turns gradients into updates. Belongs to the communication agent of one worker, which also closes
 * it.
 *
 * <p>Once per taken buffer the agent calls, in this order: {@link #begin}; for every range of the
 * model, {@link Kernels#scale} by {@link #gradientScale} unless that is 1, and {@link #advance};
 * and when all tickets are complete {@link #update} and {@link #keep}, for the combine {@code x' =
 * fma(-rate, u, x * keep)}.
 */
public interface Optimizer extends AutoCloseable {
  /**
   * Begins a step, before the first {@link #advance} of it.
   *
   * @param step how many steps this worker has begun, this one included: 1, 2, 3, ...; after a
   *     restore it goes on where the restored state was
   * @throws IllegalArgumentException if the step is below 1
   */
  void begin(long step);

  /**
   * Returns the factor by which a buffer of merged gradients is multiplied before {@link #advance}.
   *
   * @param gradients how many gradients the buffer sums, from 1
   * @return 1 where every gradient counts in full, {@code 1f / gradients} where the mean is wanted
   */
  default float gradientScale(int gradients) {
    return 1f;
  }

  /**
   * Advances the state over a range of the model by one step.
   *
   * @param kernels who computes
   * @param gradient the summed gradients, all parameters; the range may become the update
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
   * Tells whether {@link #advance} writes to the gradient; one that others still read is copied
   * before.
   *
   * @return whether the gradient becomes something else
   */
  default boolean changesGradient() {
    return true;
  }

  /**
   * Returns the part of a parameter that decoupled weight decay keeps in a step.
   *
   * @param learningRate the learning rate of the step
   * @return the factor, 1 for no decoupled decay
   */
  default float keep(float learningRate) {
    return 1f;
  }

  /**
   * Returns the decay that {@code submit} adds to each gradient: {@code g' = fma(decay, x, g)}.
   *
   * @return the factor, 0 for none
   */
  float l2Decay();

  /**
   * Returns the memory that the state takes outside the heap.
   *
   * @return its length in bytes, 0 for an optimizer without state
   */
  long stateBytes();

  /**
   * Returns the memory that {@link #advance} computes on besides the gradient, so that it can be
   * made known to a device ({@link Kernels#register}).
   *
   * @return whole pages; null when there is none
   */
  default MemorySegment stateMemory() {
    return null;
  }

  /**
   * Returns the names of the state's vectors, which checkpoints keep.
   *
   * @return one for each vector, in a fixed order; empty without state
   */
  default List<String> stateNames() {
    return List.of();
  }

  /**
   * Returns a vector of the state, to be copied between two steps or filled before the first.
   *
   * @param index its place among {@link #stateNames()}
   * @return float32, as long as the model; valid until the optimizer is closed
   */
  default MemorySegment state(int index) {
    throw new IndexOutOfBoundsException("this optimizer has no state vector " + index);
  }

  /**
   * Returns a text that {@link Optimizers#parse} makes an equal optimizer from: replay does.
   *
   * @return the name and the factors, for instance {@code sgd momentum=0.9 l2=0.001}; of an
   *     optimizer that is not the engine's, its class
   */
  default String specification() {
    return getClass().getName();
  }

  /** Gives the state's memory back. A second call does nothing. */
  @Override
  void close();
}
