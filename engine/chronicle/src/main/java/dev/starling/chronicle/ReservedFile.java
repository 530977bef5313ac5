package dev.starling.chronicle;

import static dev.starling.jextract.libc.Libc.*;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.LogFullException;
import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A new file whose space is taken from the disk ahead of what is written into it, fallocate(2). Any
 * thread may reserve, one at a time does; reserving allocates nothing on the heap.
 */
final class ReservedFile implements AutoCloseable {
  private static final int MODE_PRIVATE = 0600;

  private final Path path;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment callState = CallState.allocate(arena);
  private int fd = -1;
  private volatile long reservedBytes;

  private ReservedFile(Path path) {
    this.path = path;
  }

  /**
   * Creates the file and reserves its beginning; its length stays 0.
   *
   * @throws LogFullException when the disk has no room for it; nothing is left there
   */
  static ReservedFile create(Path path, long lengthBytes) {
    ReservedFile file = new ReservedFile(path);
    try {
      file.open();
      if (!file.tryReserve(lengthBytes)) {
        Files.deleteIfExists(path);
        throw new LogFullException(file.full(lengthBytes));
      }
      return file;
    } catch (IOException failure) {
      file.close();
      throw new StarlingException(
          "removing " + path + " failed (" + failure + "): remove it by hand", failure);
    } catch (Throwable failure) {
      file.close();
      throw failure;
    }
  }

  private void open() {
    int flags = O_RDWR() | O_CREAT() | O_EXCL() | O_CLOEXEC();
    MemorySegment name = arena.allocateFrom(path.toString(), StandardCharsets.UTF_8);
    fd = dev.starling.jextract.libc.Libc.open(callState, name, flags, MODE_PRIVATE);
    if (fd < 0) {
      throw failure(
          "creating " + path,
          "give the log a directory of its own that is empty and can be written");
    }
  }

  /**
   * Has the file's space up to an offset.
   *
   * @return whether the disk had the room, and the file is open
   */
  boolean tryReserve(long endBytes) {
    return endBytes <= reservedBytes || tryReserveMore(endBytes);
  }

  private synchronized boolean tryReserveMore(long endBytes) {
    if (endBytes <= reservedBytes) {
      return true;
    }
    if (!arena.scope().isAlive()) {
      return false;
    }
    int result;
    do {
      result =
          fallocate(callState, fd, FALLOC_FL_KEEP_SIZE(), reservedBytes, endBytes - reservedBytes);
    } while (result != 0 && CallState.errno(callState) == EINTR());
    if (result == 0) {
      reservedBytes = endBytes;
      return true;
    }
    String name = Errno.name(CallState.errno(callState));
    if (name.equals("ENOSPC") || name.equals("EDQUOT")) {
      return false;
    }
    throw failure(
        "reserving " + endBytes + " bytes for " + path,
        "put the log on a file system that has fallocate(2), such as ext4, xfs or tmpfs");
  }

  long reservedBytes() {
    return reservedBytes;
  }

  /** Says that the disk is full. */
  String full(long wantedBytes) {
    Path directory = path.toAbsolutePath().getParent();
    String free;
    try {
      free = Files.getFileStore(directory).getUsableSpace() + " bytes are free";
    } catch (IOException unknown) {
      free = "its free space could not be read (" + unknown.getMessage() + ")";
    }
    return "the disk under "
        + directory
        + " is full: "
        + path.getFileName()
        + " needs "
        + (wantedBytes - reservedBytes)
        + " bytes more and "
        + free
        + "; free some, or give the log a budget or another disk";
  }

  private StarlingException failure(String what, String cure) {
    int errno = CallState.errno(callState);
    return new StarlingException(
        what + " failed with " + Errno.name(errno) + " (" + Errno.describe(errno) + "): " + cure);
  }

  /** Closes the descriptor; the file stays. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      if (fd >= 0) {
        dev.starling.jextract.libc.Libc.close(callState, fd);
      }
      arena.close();
    }
  }
}
