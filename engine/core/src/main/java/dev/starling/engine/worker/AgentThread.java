package dev.starling.engine.worker;

import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Libc;
import dev.starling.jextract.libc.sched_attr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the thread of a communication agent asks of the operating system.
 *
 * <p>Where compute threads take all processors, an agent that wakes up waits for the end of
 * somebody's time slice, and gradients grow stale meanwhile. A thread that asks for a short slice
 * is served first when it wakes, and still gets no more than its share.
 */
final class AgentThread {
  /** The time slice that agents ask for. */
  static final long SLICE_NS = 100_000;

  private AgentThread() {}

  /**
   * Asks for a short slice for the calling thread: sched_setattr(2), Linux 6.12 and later, no
   * privilege needed. Older kernels ignore the request, and one that refuses it changes nothing but
   * speed.
   *
   * @return whether the kernel accepted the call
   */
  static boolean requestShortSlice() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = sched_attr.allocate(arena);
      sched_attr.size(attributes, (int) sched_attr.sizeof());
      sched_attr.sched_runtime(attributes, SLICE_NS);
      return Libc.syscall(CallState.allocate(arena), Libc.SYS_sched_setattr(), 0, attributes, 0)
          == 0;
    }
  }
}
