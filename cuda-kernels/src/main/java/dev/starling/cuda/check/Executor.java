package dev.starling.cuda.check;

import java.lang.foreign.MemorySegment;

/**
 * A way to run an operation on the device. Whoever opened it closes it, when nothing runs on it.
 */
interface Executor extends AutoCloseable {
  /** Says where the vectors lie and how they get to the device. */
  String name();

  /** Whether it can run an operation. */
  boolean takes(Operation operation);

  /**
   * Runs an operation and waits until it is done.
   *
   * @param example what to run
   * @param input the values; not changed
   * @return the values afterwards, {@link Case#bytes} of them, valid until the next call
   */
  MemorySegment run(Case example, MemorySegment input);

  @Override
  void close();
}
