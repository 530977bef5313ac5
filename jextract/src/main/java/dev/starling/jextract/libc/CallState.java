package dev.starling.jextract.libc;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * The memory into which a call of {@link Libc} saves errno.
 *
 * <p>One segment serves any number of calls of one thread; two threads must not share one. A call
 * that succeeds leaves whatever value was there, so read it only after a call that reports failure.
 */
public final class CallState {
  static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

  private static final StructLayout LAYOUT = Linker.Option.captureStateLayout();
  private static final ValueLayout.OfInt ERRNO_LAYOUT =
      (ValueLayout.OfInt) LAYOUT.select(PathElement.groupElement("errno"));
  private static final long ERRNO_OFFSET = LAYOUT.byteOffset(PathElement.groupElement("errno"));

  private CallState() {}

  /**
   * Allocates a call state.
   *
   * @param arena owner of the memory
   * @return a segment to pass as first argument of the bindings
   */
  public static MemorySegment allocate(Arena arena) {
    return arena.allocate(LAYOUT);
  }

  /**
   * Reads the errno of the last failed call.
   *
   * @param callState the segment that was passed to the call
   * @return the errno value; {@link Errno} gives its name and text
   */
  public static int errno(MemorySegment callState) {
    return callState.get(ERRNO_LAYOUT, ERRNO_OFFSET);
  }
}
