package dev.starling.bench.perf;

/** What is measured at several sizes, with all that its operations need. */
interface Subject extends AutoCloseable {
  /**
   * Says who takes part.
   *
   * @return one phrase, for instance {@code fabric shm, both ends in this process}
   */
  String ends();

  /**
   * Returns the fabric.
   *
   * @return its name, or null when none takes part
   */
  String fabric();

  /**
   * Prepares the operation of one size; the one before is not used any more.
   *
   * @param index which of the sizes that the subject was opened with
   * @return the operation
   */
  Operation operation(int index);

  @Override
  void close();
}
