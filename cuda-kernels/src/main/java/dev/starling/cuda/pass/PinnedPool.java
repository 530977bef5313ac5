package dev.starling.cuda.pass;

import dev.starling.cuda.CudaContext;
import dev.starling.cuda.HostRegistration;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Mapped memory of the host that a context knows. Closed when the device has done its last work on
 * it, before or after the context. Belongs to the thread of the context.
 */
final class PinnedPool implements AutoCloseable {
  private static final long PAGE_BYTES = 4096;

  private final CudaContext context;
  private final Deque<Block> blocks = new ArrayDeque<>();

  PinnedPool(CudaContext context) {
    this.context = context;
  }

  /**
   * What belongs to one allocation.
   *
   * @param memory the pages
   * @param registration their registration
   */
  private record Block(PrivateMemory memory, HostRegistration registration) {}

  /**
   * Maps and registers zeroed memory, whole pages.
   *
   * @throws dev.starling.cuda.CudaException if it cannot be pinned
   */
  MemorySegment allocate(String what, long lengthBytes) {
    long pagesBytes = (lengthBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
    PrivateMemory memory = PrivateMemory.allocate(what, pagesBytes);
    try {
      blocks.push(new Block(memory, context.register(what, memory.segment())));
    } catch (RuntimeException refused) {
      memory.close();
      throw refused;
    }
    return memory.segment();
  }

  /**
   * Unregisters and unmaps everything. Memory that the driver refuses to unregister stays mapped;
   * closing again goes on with the rest.
   */
  @Override
  public void close() {
    while (!blocks.isEmpty()) {
      Block block = blocks.pop();
      block.registration().close();
      block.memory().close();
    }
  }
}
