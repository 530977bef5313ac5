package dev.starling.jextract.libc;

import dev.starling.jextract.NativeAccessException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@link Libc} on memory, of {@code <sys/mman.h>}; apart from it as the jextract
 * tool splits a large header class.
 */
class LibcMemory extends LibcFiles {
  LibcMemory() {}

  private static final class mmap {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_POINTER, C_POINTER, C_LONG, C_INT, C_INT, C_INT, C_LONG);
    static final MethodHandle HANDLE = link("mmap", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code mmap}} */
  static FunctionDescriptor mmap$descriptor() {
    return mmap.DESC;
  }

  /**
   * Maps a file or anonymous memory: {@code mmap(2)}. The mapping belongs to the caller until
   * {@link #munmap}.
   *
   * {@snippet lang=c :
   * void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param addr wished address, or {@link MemorySegment#NULL}
   * @param length bytes to map
   * @param prot {@code PROT_} constants
   * @param flags {@code MAP_} constants
   * @param fd file descriptor, or -1 for anonymous memory
   * @param offset first byte of the file, a multiple of the page size
   * @return a zero-length segment at the mapped address, for the caller to reinterpret, or {@link
   *     #MAP_FAILED()} with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static MemorySegment mmap(
      MemorySegment callState,
      MemorySegment addr,
      long length,
      int prot,
      int flags,
      int fd,
      long offset) {
    try {
      return (MemorySegment)
          mmap.HANDLE.invokeExact(callState, addr, length, prot, flags, fd, offset);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class munmap {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_LONG);
    static final MethodHandle HANDLE = link("munmap", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code munmap}} */
  static FunctionDescriptor munmap$descriptor() {
    return munmap.DESC;
  }

  /**
   * Removes a mapping; any later access to it crashes the JVM: {@code munmap(2)}.
   *
   * {@snippet lang=c :
   * int munmap(void *addr, size_t length)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param addr start of the mapping
   * @param length bytes to unmap
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int munmap(MemorySegment callState, MemorySegment addr, long length) {
    try {
      return (int) munmap.HANDLE.invokeExact(callState, addr, length);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class madvise {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_LONG, C_INT);
    static final MethodHandle HANDLE = link("madvise", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code madvise}} */
  static FunctionDescriptor madvise$descriptor() {
    return madvise.DESC;
  }

  /**
   * Advises the kernel about a range of memory: {@code madvise(2)}.
   *
   * {@snippet lang=c :
   * int madvise(void *addr, size_t length, int advice)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param addr page-aligned start
   * @param length number of bytes
   * @param advice {@code MADV_} constant
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int madvise(MemorySegment callState, MemorySegment addr, long length, int advice) {
    try {
      return (int) madvise.HANDLE.invokeExact(callState, addr, length, advice);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class mlock {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_LONG);
    static final MethodHandle HANDLE = link("mlock", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code mlock}} */
  static FunctionDescriptor mlock$descriptor() {
    return mlock.DESC;
  }

  /**
   * Locks pages in memory, within RLIMIT_MEMLOCK: {@code mlock(2)}.
   *
   * {@snippet lang=c :
   * int mlock(const void *addr, size_t length)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param addr start
   * @param length number of bytes
   * @return 0, or -1 with errno set (ENOMEM or EPERM: the limit)
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int mlock(MemorySegment callState, MemorySegment addr, long length) {
    try {
      return (int) mlock.HANDLE.invokeExact(callState, addr, length);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class munlock {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_LONG);
    static final MethodHandle HANDLE = link("munlock", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code munlock}} */
  static FunctionDescriptor munlock$descriptor() {
    return munlock.DESC;
  }

  /**
   * Unlocks pages: {@code munlock(2)}.
   *
   * {@snippet lang=c :
   * int munlock(const void *addr, size_t length)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param addr start
   * @param length number of bytes
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int munlock(MemorySegment callState, MemorySegment addr, long length) {
    try {
      return (int) munlock.HANDLE.invokeExact(callState, addr, length);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
