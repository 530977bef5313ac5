package dev.starling.models;

import dev.starling.models.data.Batch;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;

/**
 * One thread's workspace for forward and backward. Not safe for use by two threads at once; it may
 * go from one thread to another as long as the first one's use happens before the second one's. In
 * steady state {@link #gradient} allocates nothing.
 *
 * <p>Whoever opens a workspace closes it. A workspace on a device fails with a {@link
 * RuntimeException} that says so in one sentence when the device does; the gradient is undefined
 * then and the workspace can only be closed.
 *
 * <p>The segments belong to the caller, are native memory in native byte order aligned to four
 * bytes, and hold at least {@link Model#parameterCount()} floats; what lies beyond is neither read
 * nor written. The parameters are only read and may be a read-only segment.
 */
public interface Pass extends AutoCloseable {
  /**
   * Computes the loss of a batch and its gradient.
   *
   * <p>When any value computed on the way forward is not finite (as happens with any parameter that
   * is not), the loss and every element of the gradient are NaN.
   *
   * @param parameters the model's parameters, left unchanged
   * @param batch samples, at least one and at most the workspace's maximum
   * @param gradient receives the mean gradient over the batch; overwritten completely. Must not
   *     overlap {@code parameters}
   * @return mean cross-entropy of the batch in nats
   * @throws IllegalArgumentException if a segment is too short, the batch is empty or too large, or
   *     its data set does not fit the model; nothing has been written then
   */
  float gradient(MemorySegment parameters, Batch batch, MemorySegment gradient);

  /**
   * Evaluates the model on every sample of a data set.
   *
   * @param parameters the model's parameters, left unchanged
   * @param data samples that fit the model
   * @return accuracy and mean loss
   * @throws IllegalArgumentException if the segment is too short or the data set does not fit the
   *     model
   */
  Evaluation evaluate(MemorySegment parameters, Dataset data);

  /**
   * Gives a device's memory back; on the CPU there is nothing to do. Closing twice does nothing.
   */
  @Override
  default void close() {}
}
