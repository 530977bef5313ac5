package dev.starling.engine.worker;

import dev.starling.engine.fabric.Fabric;
import dev.starling.engine.kernel.Kernels;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.memory.PrivateMemory;
import dev.starling.engine.optimizer.Optimizer;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Allocates what an agent needs beside its replica, known to whoever computes on it. Belongs to the
 * thread that sets the worker up.
 */
final class AgentMemory {
  private static final int STAGED_CHUNKS = 4;

  private final int rank;
  private final JobContext context;
  private final Kernels kernels;
  private final Fabric fabric;
  private final List<AutoCloseable> opened;

  /**
   * Allocates nothing yet.
   *
   * @param rank the worker
   * @param context the job's options
   * @param kernels who computes
   * @param fabric how to reach the peers
   * @param opened where everything is put that is to be closed, in the order in which it was opened
   */
  AgentMemory(
      int rank, JobContext context, Kernels kernels, Fabric fabric, List<AutoCloseable> opened) {
    this.rank = rank;
    this.context = context;
    this.kernels = kernels;
    this.fabric = fabric;
    this.opened = opened;
  }

  /**
   * {@return memory for incoming chunks where peers' memory cannot be addressed, otherwise null}
   */
  MemorySegment staging() {
    if (fabric.isAddressable()) {
      return null;
    }
    // Rounds read pieces of a length of their own, however short chunks are.
    long longest =
        context.algorithm().isSynchronous()
            ? Math.max(context.chunkBytes(), RingRounds.PIECE_BYTES)
            : context.chunkBytes();
    MemorySegment staging = allocate("the staging ring", STAGED_CHUNKS * longest);
    opened.add(fabric.register("the staging ring of rank " + rank, staging));
    return staging;
  }

  /**
   * Allocates memory for this worker's copy of a mean that others may still read after it is
   * complete here, where the optimizer or the rounding would change it.
   *
   * @param optimizer the worker's
   * @return as long as the model, or null where nobody would see a change
   */
  MemorySegment gradientCopy(Optimizer optimizer) {
    int workers = context.workers();
    boolean isRead = workers > 2 || workers == 2 && !fabric.isAddressable();
    boolean isChanged =
        optimizer.changesGradient() || context.gradientPayload() == GradientPayload.BF16;
    return context.algorithm() == Algorithm.ALLREDUCE && isRead && isChanged
        ? allocate("the copy of the mean", context.layout().parameterCount() * Float.BYTES)
        : null;
  }

  private MemorySegment allocate(String what, long lengthBytes) {
    PrivateMemory memory = PrivateMemory.allocate(what, lengthBytes);
    opened.add(memory);
    opened.add(kernels.register(what + " of rank " + rank, memory.pages()));
    return memory.segment();
  }
}
