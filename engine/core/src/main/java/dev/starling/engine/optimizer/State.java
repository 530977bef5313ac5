package dev.starling.engine.optimizer;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;

/**
 * The vectors an optimizer remembers, zero at first, in one mapping, so that either all of them
 * exist or none does.
 *
 * <pre>
 *   |  vector 0: parameterCount floats  |pad|  vector 1                         |
 *   ^ page                                  ^ 64 bytes
 * </pre>
 */
final class State implements AutoCloseable {
  private static final long LINE_BYTES = 64;
  private static final long MAX_PARAMETERS = 1L << 42;

  private final PrivateMemory memory;
  private final MemorySegment[] vectors;

  /**
   * Maps the vectors.
   *
   * @param name what they are, as failures name them
   * @param count how many
   * @param parameterCount floats in each
   */
  State(String name, int count, long parameterCount) {
    ConfigurationException.requireRange("parameters", parameterCount, 1, MAX_PARAMETERS);
    long lengthBytes = parameterCount * Float.BYTES;
    long strideBytes = (lengthBytes + LINE_BYTES - 1) & -LINE_BYTES;
    vectors = new MemorySegment[count];
    memory = PrivateMemory.allocate(name, (count - 1) * strideBytes + lengthBytes);
    for (int i = 0; i < count; i++) {
      vectors[i] = memory.segment().asSlice(i * strideBytes, lengthBytes);
    }
  }

  /**
   * Refuses a step that cannot be begun.
   *
   * @param step what {@link Optimizer#begin} was called with
   * @return the step
   * @throws IllegalArgumentException if it is below 1
   */
  static long requireStep(long step) {
    if (step < 1) {
      throw new IllegalArgumentException(
          "Optimizer step " + step + " cannot be begun; count the steps of a worker from 1.");
    }
    return step;
  }

  /** Returns a vector; valid until the state is closed. */
  MemorySegment vector(int index) {
    return vectors[index];
  }

  /** Returns the memory of the whole state. */
  MemorySegment pages() {
    return memory.pages();
  }

  /** Returns the bytes of the whole state. */
  long lengthBytes() {
    return memory.segment().byteSize();
  }

  @Override
  public void close() {
    memory.close();
  }
}
