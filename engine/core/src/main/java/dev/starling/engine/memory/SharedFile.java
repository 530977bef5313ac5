package dev.starling.engine.memory;

import static dev.starling.jextract.libc.Libc.*;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.flock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that several processes map, by default in {@code /dev/shm}.
 *
 * <p>The creator owns it: it holds an open-file-description write lock (fcntl(2), {@code
 * F_OFD_SETLK}) until it closes the file or dies, and unlinks the name on close. Everyone else
 * attaches with {@link #open}.
 *
 * <p>Threads: any thread may use {@link #segment()} until the owner of this object closes it.
 */
public final class SharedFile implements Region {
  private static final int MODE_PRIVATE = 0600;
  private static final long MAX_BYTES = 1L << 46;

  private final Path path;
  private final boolean owner;
  private final Arena arena;
  private final MemorySegment segment;
  private final MemorySegment callState;
  private final MemorySegment lockQuery;
  private int fd;

  private SharedFile(Path path, boolean owner, int fd, Arena arena, MemorySegment segment) {
    this.path = path;
    this.owner = owner;
    this.fd = fd;
    this.arena = arena;
    this.segment = segment;
    callState = CallState.allocate(arena);
    lockQuery = arena.allocate(flock.layout());
  }

  /**
   * Creates the file, locks it, reserves its first bytes and maps all of it.
   *
   * @param path where; nothing may be there
   * @param lengthBytes the length of file and mapping
   * @param reservedBytes how many bytes from the start get their space now; touching later ones
   *     needs {@link #reserve}
   * @return the file, owned by the caller
   */
  public static SharedFile create(Path path, long lengthBytes, long reservedBytes) {
    ConfigurationException.requireRange(
        "length of " + path + " in bytes", lengthBytes, 1, MAX_BYTES);
    try (NativeCall call = new NativeCall()) {
      int fd =
          dev.starling.jextract.libc.Libc.open(
              call.state(),
              call.path(path.toString()),
              O_RDWR() | O_CREAT() | O_EXCL() | O_CLOEXEC(),
              MODE_PRIVATE);
      if (fd < 0) {
        throw call.failure(
            "creating " + path,
            "make the directory writable, or remove the file if nobody uses it");
      }
      Arena arena = Arena.ofShared();
      try {
        if (!tryLock(call, fd)) {
          throw call.failure(
              "locking " + path, "another process opened it at the same time, start again");
        }
        if (ftruncate(call.state(), fd, lengthBytes) != 0) {
          throw call.failure(
              "setting the length of " + path + " to " + lengthBytes + " bytes",
              shortOfSpace(path));
        }
        reserve(call, path, fd, 0, reservedBytes);
        return new SharedFile(path, true, fd, arena, map(call, path, fd, lengthBytes, arena));
      } catch (Throwable failure) {
        arena.close();
        release(path, fd, true);
        throw failure;
      }
    }
  }

  /**
   * Attaches to a file that another owner created.
   *
   * @param path the file
   * @return the attached file; closing it leaves the owner's file in place
   */
  public static SharedFile open(Path path) {
    try (NativeCall call = new NativeCall()) {
      int fd =
          dev.starling.jextract.libc.Libc.open(
              call.state(), call.path(path.toString()), O_RDWR() | O_CLOEXEC(), 0);
      if (fd < 0) {
        throw call.failure("opening " + path, "its owner must be running, under the same user");
      }
      Arena arena = Arena.ofShared();
      try {
        long lengthBytes = length(path);
        if (lengthBytes == 0) {
          throw new StarlingException(
              path + " is empty: its owner was killed while it created the file, remove it");
        }
        return new SharedFile(path, false, fd, arena, map(call, path, fd, lengthBytes, arena));
      } catch (Throwable failure) {
        arena.close();
        release(path, fd, false);
        throw failure;
      }
    }
  }

  /**
   * Tells whether anyone owns the file at a path: whether its owner's lock is held.
   *
   * @param path the file
   * @return false when nobody holds the lock or no such file exists any more
   */
  public static boolean isOwned(Path path) {
    try (NativeCall call = new NativeCall()) {
      int fd =
          dev.starling.jextract.libc.Libc.open(
              call.state(), call.path(path.toString()), O_RDWR() | O_CLOEXEC(), 0);
      if (fd < 0) {
        if (call.errno() == ENOENT()) {
          return false;
        }
        throw call.failure(
            "opening " + path + " to test its lock", "run as the user that owns the file");
      }
      try {
        return isLocked(call.state(), writeLock(call), path, fd);
      } finally {
        release(path, fd, false);
      }
    }
  }

  /**
   * Tells whether the owner still lives: whether its lock is held. On the owner's own object the
   * answer is true. Does not allocate; one thread at a time may ask.
   *
   * @return whether the owner lives
   */
  public boolean isOwnerAlive() {
    if (owner) {
      return fd >= 0;
    }
    asWriteLock(lockQuery);
    return isLocked(callState, lockQuery, path, fd);
  }

  /**
   * Gives a range of the file its space, so that touching it cannot fault.
   *
   * @param offsetBytes start of the range
   * @param lengthBytes its length
   * @throws StarlingException when the file system is full
   */
  @Override
  public void reserve(long offsetBytes, long lengthBytes) {
    try (NativeCall call = new NativeCall()) {
      reserve(call, path, fd, offsetBytes, lengthBytes);
    }
  }

  @Override
  public boolean tryReserve(long offsetBytes, long lengthBytes) {
    try (NativeCall call = new NativeCall()) {
      int errno = allocate(call, fd, offsetBytes, lengthBytes);
      if (errno != 0 && errno != ENOSPC()) {
        throw reserveFailure(errno, path, lengthBytes);
      }
      return errno == 0;
    }
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  /**
   * Returns where the file lies.
   *
   * @return its path
   */
  public Path path() {
    return path;
  }

  /** Unmaps and closes the file; its owner also unlinks it. Closing twice does nothing. */
  @Override
  public void close() {
    if (fd < 0) {
      return;
    }
    int closing = fd;
    fd = -1;
    try {
      arena.close();
    } finally {
      release(path, closing, owner);
    }
  }

  private static MemorySegment map(
      NativeCall call, Path path, int fd, long lengthBytes, Arena arena) {
    MemorySegment address =
        mmap(
            call.state(),
            MemorySegment.NULL,
            lengthBytes,
            PROT_READ() | PROT_WRITE(),
            MAP_SHARED(),
            fd,
            0);
    if (address.address() == MAP_FAILED().address()) {
      throw call.failure(
          "mapping " + lengthBytes + " bytes of " + path,
          "use a smaller model or raise the limit on the address space (ulimit -v)");
    }
    return Mappings.own(call, address, lengthBytes, arena);
  }

  private static void reserve(
      NativeCall call, Path path, int fd, long offsetBytes, long lengthBytes) {
    int errno = allocate(call, fd, offsetBytes, lengthBytes);
    if (errno != 0) {
      throw reserveFailure(errno, path, lengthBytes);
    }
  }

  /** Returns the errno, 0 when the range has its space. */
  private static int allocate(NativeCall call, int fd, long offsetBytes, long lengthBytes) {
    while (fallocate(call.state(), fd, 0, offsetBytes, lengthBytes) != 0) {
      int errno = call.errno();
      if (errno != EINTR()) {
        return errno;
      }
    }
    return 0;
  }

  private static StarlingException reserveFailure(int errno, Path path, long lengthBytes) {
    return NativeCall.failure(
        errno, "reserving " + lengthBytes + " bytes for " + path, shortOfSpace(path));
  }

  private static String shortOfSpace(Path path) {
    Path directory = path.toAbsolutePath().getParent();
    String free;
    try {
      free = Files.getFileStore(directory).getUsableSpace() + " bytes are free in " + directory;
    } catch (IOException unknown) {
      free = "the free space of " + directory + " could not be read (" + unknown.getMessage() + ")";
    }
    return free + ", free some, enlarge it (mount -o remount,size=...) or use a smaller model";
  }

  private static boolean tryLock(NativeCall call, int fd) {
    return fcntl(call.state(), fd, F_OFD_SETLK(), writeLock(call)) == 0;
  }

  private static boolean isLocked(MemorySegment callState, MemorySegment lock, Path path, int fd) {
    if (fcntl(callState, fd, F_OFD_GETLK(), lock) != 0) {
      throw NativeCall.failure(
          CallState.errno(callState),
          "testing the lock of " + path,
          "the file system must support F_OFD_GETLK (Linux 3.15)");
    }
    return flock.l_type(lock) != (short) F_UNLCK();
  }

  private static MemorySegment writeLock(NativeCall call) {
    return asWriteLock(call.allocate(flock.sizeof()));
  }

  private static MemorySegment asWriteLock(MemorySegment lock) {
    lock.fill((byte) 0);
    flock.l_type(lock, (short) F_WRLCK());
    flock.l_whence(lock, (short) SEEK_SET());
    return lock;
  }

  private static long length(Path path) {
    try {
      return Files.size(path);
    } catch (IOException failure) {
      throw new StarlingException(
          "reading the length of "
              + path
              + " failed ("
              + failure.getMessage()
              + "): its owner must be running",
          failure);
    }
  }

  private static void release(Path path, int fd, boolean unlinkIt) {
    try (NativeCall call = new NativeCall()) {
      // Unlink before close: while the name exists, whoever finds it also finds the lock held.
      int unlinked = unlinkIt ? unlink(call.state(), call.path(path.toString())) : 0;
      int errno = unlinked == 0 ? 0 : call.errno();
      dev.starling.jextract.libc.Libc.close(call.state(), fd);
      if (unlinked != 0 && errno != ENOENT()) {
        throw NativeCall.failure(errno, "removing " + path, "remove it by hand");
      }
    }
  }
}
