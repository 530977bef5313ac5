package dev.starling.bench.perf;

/** One operation of the engine at one size, with loops of its own. Belongs to one thread. */
abstract class Operation {
  /**
   * Does it again and again, one at a time. Allocates nothing.
   *
   * @param iterations how often
   * @param samples takes the latency of each
   */
  abstract void latency(long iterations, Samples samples);

  /**
   * Does it as fast as possible. Allocates nothing.
   *
   * @param iterations how often
   * @param depth how many are begun and not over at any time
   * @param meter takes the rate
   */
  abstract void bandwidth(long iterations, int depth, Meter meter);

  /**
   * Asks the engine how many operations took effect since this object was made.
   *
   * @return the count, which must equal the iterations of all loops
   */
  abstract long counted();

  /**
   * Looks at what the operations have done.
   *
   * @throws dev.starling.engine.StarlingException when it is not what they should have done
   */
  abstract void check();
}
