package dev.starling.engine.worker;

import dev.starling.engine.StarlingException;
import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.replica.ReplicaLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Reads the replicas of a job for evaluation: copies, averages, distances. A rank may be missing.
 * Belongs to one thread, which is neither a compute thread nor an agent.
 */
final class ReplicaSet implements AutoCloseable {
  private final ReplicaReader[] readers;
  private final ReplicaLayout layout;
  private final long count;
  private final PrivateMemory scratch;
  private final PrivateMemory incoming;
  private final Fabric.Registration known;

  /**
   * Creates a set without replicas.
   *
   * @param layout the layout of every replica
   * @param reach how they are read
   */
  ReplicaSet(ReplicaLayout layout, Fabric reach) {
    this.layout = layout;
    readers = new ReplicaReader[layout.workers()];
    count = layout.parameterCount();
    scratch = PrivateMemory.allocate("averages", 2 * count * Float.BYTES);
    PrivateMemory read = null;
    try {
      read =
          reach.isAddressable()
              ? null
              : PrivateMemory.allocate("incoming replicas", count * Float.BYTES);
      known = read == null ? () -> {} : reach.register("replicas", read.segment());
    } catch (Throwable failure) {
      if (read != null) {
        read.close();
      }
      scratch.close();
      throw failure;
    }
    incoming = read;
  }

  /** Replaces a rank's reader, which the set closes; null when the rank has no replica. */
  void set(int rank, ReplicaReader reader) {
    ReplicaReader old = readers[rank];
    readers[rank] = reader;
    if (old != null) {
      old.close();
    }
  }

  /** {@return the reader of a rank's replica, or null} */
  ReplicaReader get(int rank) {
    return readers[rank];
  }

  /**
   * Copies one replica.
   *
   * @param timeoutNs how long to try for each stripe
   * @return whether there was one and it could be read
   */
  boolean copy(int rank, MemorySegment target, long timeoutNs) {
    if (readers[rank] == null) {
      return false;
    }
    if (incoming == null) {
      return readers[rank].tryCopyTo(target, timeoutNs);
    }
    if (!readers[rank].tryCopyTo(incoming.segment(), timeoutNs)) {
      return false;
    }
    MemorySegment.copy(incoming.segment(), 0, target, 0, count * Float.BYTES);
    return true;
  }

  /**
   * Averages all replicas that can be read; where stripes have homes, takes the homes' instead.
   *
   * @return how many there were; the target is undefined when there was none
   */
  int average(MemorySegment target, long timeoutNs) {
    int replicas = mean(target, timeoutNs);
    for (int rank = 0; layout.hasHomes() && rank < readers.length; rank++) {
      takeHomes(rank, target, timeoutNs);
    }
    return replicas;
  }

  /** Copies the stripes that a rank is the home of; those of a rank that is lost stay averages. */
  private void takeHomes(int rank, MemorySegment target, long timeoutNs) {
    MemorySegment one = scratch.segment().asSlice(0, count * Float.BYTES);
    if (rank >= layout.stripes() || !copy(rank, one, timeoutNs)) {
      return;
    }
    for (int stripe = 0; stripe < layout.stripes(); stripe++) {
      if (layout.home(stripe) == rank) {
        long at = layout.stripeStart(stripe) * Float.BYTES;
        MemorySegment.copy(one, at, target, at, layout.stripeLengthBytes(stripe));
      }
    }
  }

  /** The running mean of all replicas that can be read. */
  private int mean(MemorySegment target, long timeoutNs) {
    MemorySegment one = scratch.segment().asSlice(0, count * Float.BYTES);
    int replicas = 0;
    for (int rank = 0; rank < readers.length; rank++) {
      if (!copy(rank, replicas == 0 ? target : one, timeoutNs)) {
        continue;
      }
      replicas++;
      if (replicas > 1) {
        // Running mean: mean += (one - mean) / replicas, as step with the difference folded into
        // the factors.
        float weight = 1f / replicas;
        VectorKernels.step(target, 0, one, 0, target, 0, -weight, 1f - weight, count);
      }
    }
    return replicas;
  }

  /**
   * Computes the root of the mean squared distance of the replicas from their average.
   *
   * @return the distance, NaN when no replica could be read
   */
  double consensusDistance(long timeoutNs) {
    MemorySegment mean = scratch.segment().asSlice(count * Float.BYTES, count * Float.BYTES);
    MemorySegment one = scratch.segment().asSlice(0, count * Float.BYTES);
    average(mean, timeoutNs);
    double sum = 0;
    int replicas = 0;
    for (int rank = 0; rank < readers.length; rank++) {
      if (copy(rank, one, timeoutNs)) {
        sum += VectorKernels.squaredDistance(one, 0, mean, 0, count);
        replicas++;
      }
    }
    return Math.sqrt(sum / replicas);
  }

  @Override
  public void close() {
    StarlingException failed =
        new StarlingException("closing readers failed: see the suppressed failures");
    for (ReplicaReader reader : readers) {
      try {
        if (reader != null) {
          reader.close();
        }
      } catch (RuntimeException failure) {
        failed.addSuppressed(failure);
      }
    }
    Arrays.fill(readers, null);
    try {
      known.close();
    } catch (RuntimeException failure) {
      failed.addSuppressed(failure);
    }
    if (incoming != null) {
      incoming.close();
    }
    scratch.close();
    if (failed.getSuppressed().length > 0) {
      throw failed;
    }
  }
}
