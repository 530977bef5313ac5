package dev.starling.engine.worker;

import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A worker's state between two of its updates: the optimizer's vectors, and each stripe as it was
 * under its lock. The worker owns it; the agent fills it, and whoever asked for it reads it until
 * the next one is asked for.
 */
public final class CheckpointCopy implements AutoCloseable {
  private static final long LINE_BYTES = 64;

  private final int rank;
  private final int incarnation;
  private final List<String> stateNames;
  private final PrivateMemory memory;
  private final MemorySegment[] vectors;
  private final long[] versions;
  private long set;
  private long optimizerStep;

  CheckpointCopy(int rank, int incarnation, ReplicaLayout layout, List<String> stateNames) {
    this.rank = rank;
    this.incarnation = incarnation;
    this.stateNames = List.copyOf(stateNames);
    versions = new long[layout.stripes()];
    long lengthBytes = layout.parameterCount() * Float.BYTES;
    long strideBytes = (lengthBytes + LINE_BYTES - 1) & -LINE_BYTES;
    vectors = new MemorySegment[1 + stateNames.size()];
    memory =
        PrivateMemory.allocate("the checkpoint copy of rank " + rank, vectors.length * strideBytes);
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = memory.segment().asSlice(i * strideBytes, lengthBytes);
    }
  }

  void begin(long newSet, long step) {
    set = newSet;
    optimizerStep = step;
  }

  void version(int stripe, long version) {
    versions[stripe] = version;
  }

  long[] mutableVersions() {
    return versions;
  }

  /**
   * Returns whose copy it is.
   *
   * @return the rank
   */
  public int rank() {
    return rank;
  }

  /**
   * Returns which incarnation of the rank it is a copy of.
   *
   * @return from 0
   */
  public int incarnation() {
    return incarnation;
  }

  /**
   * Returns the checkpoint set it belongs to.
   *
   * @return the set's number
   */
  public long set() {
    return set;
  }

  /**
   * Returns how many steps the optimizer had made.
   *
   * @return from 0
   */
  public long optimizerStep() {
    return optimizerStep;
  }

  /**
   * Returns the version of each stripe.
   *
   * @return a copy
   */
  public long[] versions() {
    return versions.clone();
  }

  /**
   * Returns all parameters.
   *
   * @return float32, as long as the model
   */
  public MemorySegment parameters() {
    return vectors[0];
  }

  /**
   * Returns the names of the vectors that the next update depends on besides the parameters.
   *
   * @return the optimizer's, and {@code residual} where gradients are rounded
   */
  public List<String> stateNames() {
    return stateNames;
  }

  /**
   * Returns one of these vectors.
   *
   * @param index its place among {@link #stateNames()}
   * @return float32, as long as the model
   */
  public MemorySegment state(int index) {
    return vectors[1 + index];
  }

  @Override
  public void close() {
    memory.close();
  }
}
