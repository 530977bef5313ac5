package dev.starling.engine.sim;

/** The compute side of a simulated worker, in actions between which everything else goes on. */
interface SimCompute {
  /** Does the next action: takes a snapshot, looks at it, or hands a gradient in. */
  void act();

  /** {@return how many gradients were handed in} */
  int submitted();

  /** {@return whether every gradient was handed in and no snapshot is open} */
  boolean isFinished();
}
