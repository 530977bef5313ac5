package dev.starling.engine.memory;

import dev.starling.engine.StarlingException;
import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The state of one C library call: its errno, and the arena of its arguments. Confined to the
 * calling thread.
 */
final class NativeCall implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment callState = CallState.allocate(arena);

  MemorySegment state() {
    return callState;
  }

  MemorySegment allocate(long lengthBytes) {
    return arena.allocate(lengthBytes, Long.BYTES);
  }

  MemorySegment path(String path) {
    return arena.allocateFrom(path, StandardCharsets.UTF_8);
  }

  int errno() {
    return CallState.errno(callState);
  }

  /** Builds the exception for the call that just failed. */
  StarlingException failure(String what, String cure) {
    return failure(errno(), what, cure);
  }

  static StarlingException failure(int errno, String what, String cure) {
    return new StarlingException(
        what + " failed with " + Errno.name(errno) + " (" + Errno.describe(errno) + "): " + cure);
  }

  @Override
  public void close() {
    arena.close();
  }
}
