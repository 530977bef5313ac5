package dev.starling.engine.sim;

/**
 * How long things take in virtual time. A simulation that looks for faults draws every duration, so
 * that everything meets everything; one that models a cluster computes it.
 */
interface Pace {
  /** {@return from one duty cycle of a worker's agent to the next, in ns} */
  long agentNs(int rank);

  /** {@return from one action of a worker's compute thread to the next, in ns} */
  long computeNs(int rank);

  /**
   * {@return from posting an operation to its effect, from one part of its effect to the next, or
   * from its last effect to its completion, in ns}
   *
   * @param from the rank that sends what is moved; of words, the rank that posted the operation
   * @param to the rank that receives it
   * @param lengthBytes how much the part moves, 0 for words
   */
  long operationNs(int from, int to, long lengthBytes);

  /** {@return how much of a long operation takes effect at once, in bytes} */
  default long partBytes() {
    return 16;
  }
}
