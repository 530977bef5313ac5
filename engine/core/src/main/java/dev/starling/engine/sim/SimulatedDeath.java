package dev.starling.engine.sim;

/** Takes a worker that dies in the middle of a call out of that call. No code may catch it. */
final class SimulatedDeath extends Error {
  private static final long serialVersionUID = 1;

  SimulatedDeath(int rank) {
    super("rank " + rank + " dies", null, false, false);
  }
}
