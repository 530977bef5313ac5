package dev.starling.rdma.disni;

import static dev.starling.jextract.libc.Libc.*;

import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Errno;
import dev.starling.jextract.libc.rlimit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The errno and the argument memory of calls that are off the hot path. Confined to the thread that
 * opened it; nothing allocated here outlives it.
 */
final class VerbCall implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment callState = CallState.allocate(arena);

  /** Where calls that report through errno leave it. */
  MemorySegment state() {
    return callState;
  }

  /** Memory for arguments. */
  Arena arena() {
    return arena;
  }

  /** The errno of the call that just failed. */
  int errno() {
    return CallState.errno(callState);
  }

  /** The exception for the call that just failed through errno. */
  VerbsException failure(String device, String verb, String what, String cure) {
    return failure(errno(), device, verb, what, cure);
  }

  /** The exception for a call that gave an error number. */
  static VerbsException failure(int errno, String device, String verb, String what, String cure) {
    String where = device.isEmpty() ? "" : " on RDMA device " + device;
    return new VerbsException(
        device,
        verb,
        errno,
        "%s%s failed: %s gave %s (%s): %s"
            .formatted(
                what, where, verb, Errno.name(errno), Errno.describe(errno), cure(errno, cure)));
  }

  /** Errors whose cure does not depend on what was asked for. */
  private static String cure(int errno, String cure) {
    return switch (Errno.name(errno)) {
      case "EACCES", "EPERM" ->
          "let this user open the files in /dev/infiniband (usually by the group rdma)";
      case "EMFILE" -> "raise the number of files that a process may open (ulimit -n)";
      case "ENFILE" -> "raise the number of files that the system may open (fs.file-max)";
      case "ENODEV" ->
          "see with 'rdma link' that the device is there, its port is active and its driver is"
              + " loaded";
      default -> cure;
    };
  }

  /** What to do when locked memory ran out, with the limit of this process. */
  String lockedMemoryCure() {
    MemorySegment limit = rlimit.allocate(arena);
    String value = "unknown";
    if (getrlimit(callState, RLIMIT_MEMLOCK(), limit) == 0) {
      long bytes = rlimit.rlim_cur(limit);
      value = bytes == RLIM_INFINITY() ? "unlimited" : bytes + " bytes";
    }
    return "the limit on locked memory (RLIMIT_MEMLOCK) is "
        + value
        + " for this process; raise it (ulimit -l unlimited, or LimitMEMLOCK=infinity of the"
        + " service), grant CAP_IPC_LOCK, or free memory";
  }

  @Override
  public void close() {
    arena.close();
  }
}
