package dev.starling.rdma.disni;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory of stateful verb calls, which DiSNI's users make and free by the request. Pieces of a
 * power of two bytes are kept for the next call; one that a user forgets to free goes with the
 * garbage.
 *
 * <p>Threads: any.
 */
final class CallMemory {
  private static final int SMALLEST_SHIFT = 8;
  private static final int LARGEST_SHIFT = 20;
  private static final int KEPT_OF_A_SIZE = 64;
  private static final long ALIGNMENT_BYTES = 64;

  private static final List<ArrayDeque<MemorySegment>> KEPT = new ArrayList<>();

  static {
    for (int shift = SMALLEST_SHIFT; shift <= LARGEST_SHIFT; shift++) {
      KEPT.add(new ArrayDeque<>());
    }
  }

  private CallMemory() {}

  /** Gives zeroed memory of at least a length, aligned to 64 bytes. */
  static MemorySegment take(long lengthBytes) {
    int shift = Math.max(SMALLEST_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(lengthBytes - 1));
    MemorySegment memory = shift <= LARGEST_SHIFT ? poll(shift) : null;
    return memory == null
        ? Arena.ofAuto().allocate(1L << shift, ALIGNMENT_BYTES)
        : memory.fill((byte) 0);
  }

  private static MemorySegment poll(int shift) {
    synchronized (KEPT) {
      return KEPT.get(shift - SMALLEST_SHIFT).pollLast();
    }
  }

  /** Takes memory back; null is ignored, as of a call that was freed before. */
  static void give(MemorySegment memory) {
    if (memory == null) {
      return;
    }
    int shift = Long.numberOfTrailingZeros(memory.byteSize());
    if (shift > LARGEST_SHIFT) {
      return;
    }
    synchronized (KEPT) {
      ArrayDeque<MemorySegment> kept = KEPT.get(shift - SMALLEST_SHIFT);
      if (kept.size() < KEPT_OF_A_SIZE) {
        kept.addLast(memory);
      }
    }
  }
}
