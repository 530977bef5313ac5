package dev.starling.jextract.libc;

import dev.starling.jextract.NativeAccessException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@link Libc} on files, of {@code <fcntl.h>} and {@code <unistd.h>}; apart from
 * it as the jextract tool splits a large header class.
 */
class LibcFiles extends LibcTypes {
  LibcFiles() {}

  private static final class open {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_INT, C_INT);
    static final MethodHandle HANDLE =
        link("open", DESC, CallState.ERRNO, Linker.Option.firstVariadicArg(2));
  }

  /** {@return the C signature of {@code open}} */
  static FunctionDescriptor open$descriptor() {
    return open.DESC;
  }

  /**
   * Opens or creates a file: {@code open(2)}.
   *
   * {@snippet lang=c :
   * int open(const char *path, int flags, mode_t mode)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param path NUL-terminated path
   * @param flags {@code O_} constants
   * @param mode permission bits of a file that is created
   * @return a file descriptor that the caller closes, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int open(MemorySegment callState, MemorySegment path, int flags, int mode) {
    try {
      return (int) open.HANDLE.invokeExact(callState, path, flags, mode);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class close {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT);
    static final MethodHandle HANDLE = link("close", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code close}} */
  static FunctionDescriptor close$descriptor() {
    return close.DESC;
  }

  /**
   * Closes a descriptor: {@code close(2)}. Linux releases it even when this gives -1; do not retry.
   *
   * {@snippet lang=c :
   * int close(int fd)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param fd file descriptor
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int close(MemorySegment callState, int fd) {
    try {
      return (int) close.HANDLE.invokeExact(callState, fd);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ftruncate {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_LONG);
    static final MethodHandle HANDLE = link("ftruncate", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code ftruncate}} */
  static FunctionDescriptor ftruncate$descriptor() {
    return ftruncate.DESC;
  }

  /**
   * Sets the size of a file; storage is not reserved: {@code ftruncate(2)}.
   *
   * {@snippet lang=c :
   * int ftruncate(int fd, off_t length)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param fd file descriptor
   * @param length new file size in bytes
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int ftruncate(MemorySegment callState, int fd, long length) {
    try {
      return (int) ftruncate.HANDLE.invokeExact(callState, fd, length);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class fallocate {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_INT, C_INT, C_LONG, C_LONG);
    static final MethodHandle HANDLE = link("fallocate", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code fallocate}} */
  static FunctionDescriptor fallocate$descriptor() {
    return fallocate.DESC;
  }

  /**
   * Reserves storage, so that a full file system is ENOSPC here and not SIGBUS later: {@code
   * fallocate(2)}.
   *
   * {@snippet lang=c :
   * int fallocate(int fd, int mode, off_t offset, off_t length)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param fd file descriptor
   * @param mode 0 or {@code FALLOC_FL_} constants
   * @param offset first byte
   * @param length number of bytes
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int fallocate(MemorySegment callState, int fd, int mode, long offset, long length) {
    try {
      return (int) fallocate.HANDLE.invokeExact(callState, fd, mode, offset, length);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class unlink {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = link("unlink", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code unlink}} */
  static FunctionDescriptor unlink$descriptor() {
    return unlink.DESC;
  }

  /**
   * Removes a file name; mappings of the file stay valid: {@code unlink(2)}.
   *
   * {@snippet lang=c :
   * int unlink(const char *path)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param path NUL-terminated path
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int unlink(MemorySegment callState, MemorySegment path) {
    try {
      return (int) unlink.HANDLE.invokeExact(callState, path);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class fcntl {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_INT, C_POINTER);
    static final MethodHandle HANDLE =
        link("fcntl", DESC, CallState.ERRNO, Linker.Option.firstVariadicArg(2));
  }

  /** {@return the C signature of {@code fcntl}} */
  static FunctionDescriptor fcntl$descriptor() {
    return fcntl.DESC;
  }

  /**
   * Takes, releases or asks for a file lock: {@code fcntl_locking(2)}.
   *
   * {@snippet lang=c :
   * int fcntl(int fd, int cmd, struct flock *lock)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param fd file descriptor
   * @param cmd {@link #F_OFD_SETLK()} or {@link #F_OFD_GETLK()}
   * @param lock a {@link flock}; its l_pid must be 0
   * @return 0, or -1 with errno set (EAGAIN or EACCES: held by another)
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int fcntl(MemorySegment callState, int fd, int cmd, MemorySegment lock) {
    try {
      return (int) fcntl.HANDLE.invokeExact(callState, fd, cmd, lock);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ioctl {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_LONG, C_POINTER);
    static final MethodHandle HANDLE =
        link("ioctl", DESC, CallState.ERRNO, Linker.Option.firstVariadicArg(2));
  }

  /** {@return the C signature of {@code ioctl}} */
  static FunctionDescriptor ioctl$descriptor() {
    return ioctl.DESC;
  }

  /**
   * Controls a file descriptor, here with a pointer to an int: {@code ioctl(2)}.
   *
   * {@snippet lang=c :
   * int ioctl(int fd, unsigned long request, int *argument)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param fd file descriptor
   * @param request {@link #FIONBIO()}
   * @param argument the int that the request takes
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int ioctl(MemorySegment callState, int fd, long request, MemorySegment argument) {
    try {
      return (int) ioctl.HANDLE.invokeExact(callState, fd, request, argument);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class poll {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_LONG, C_INT);
    static final MethodHandle HANDLE = link("poll", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code poll}} */
  static FunctionDescriptor poll$descriptor() {
    return poll.DESC;
  }

  /**
   * Waits until one of several file descriptors is ready: {@code poll(2)}.
   *
   * {@snippet lang=c :
   * int poll(struct pollfd *fds, nfds_t nfds, int timeout)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param fds an array of {@link pollfd}
   * @param nfds its length
   * @param timeout longest wait in milliseconds; negative waits for ever
   * @return how many are ready, 0 when the time was up, or -1 with errno set (EINTR: a signal)
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int poll(MemorySegment callState, MemorySegment fds, long nfds, int timeout) {
    try {
      return (int) poll.HANDLE.invokeExact(callState, fds, nfds, timeout);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
