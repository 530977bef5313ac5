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
    String name = Errno.name(errno);
    return new StarlingException(
        what
            + " failed with "
            + name
            + " ("
            + Errno.describe(errno)
            + "): "
            + cureOfLimit(name, cure));
  }

  /** A limit on open files ends any call that opens one, and has a cure of its own. */
  private static String cureOfLimit(String name, String cure) {
    return switch (name) {
      case "EMFILE" ->
          "raise the number of files that a process may open (ulimit -n), or use fewer workers or"
              + " a graph with fewer edges";
      case "ENFILE" -> "raise the number of files that the system may open (fs.file-max)";
      default -> cure;
    };
  }

  @Override
  public void close() {
    arena.close();
  }
}
