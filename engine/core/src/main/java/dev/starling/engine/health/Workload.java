package dev.starling.engine.health;

import dev.starling.engine.replica.ReplicaLayout;

/**
 * The run that a machine shall be fit for.
 *
 * @param workers workers on this machine
 * @param parameters parameters of the model
 */
public record Workload(int workers, long parameters) {
  /** Gradient buffers of a worker. */
  private static final long GRADIENTS = 3;

  /**
   * Tells how much memory one replica takes in {@code /dev/shm}; a network card registers as much.
   *
   * @return bytes
   */
  public long replicaBytes() {
    return ReplicaLayout.of(workers, parameters, ReplicaLayout.DEFAULT_STRIPE_BYTES)
        .reservedBytes();
  }

  /**
   * Tells how much memory all replicas take in {@code /dev/shm}.
   *
   * @return bytes
   */
  public long sharedBytes() {
    return Math.multiplyExact(workers, replicaBytes());
  }

  /**
   * Tells how much memory training takes at least: the replicas and three gradients for each.
   *
   * @return bytes
   */
  public long trainingBytes() {
    long gradients = Math.multiplyExact(workers * GRADIENTS * Float.BYTES, parameters);
    return Math.addExact(sharedBytes(), gradients);
  }

  @Override
  public String toString() {
    return "%d workers with %,d parameters".formatted(workers, parameters);
  }
}
