package dev.starling.jextract.libc;

import dev.starling.jextract.NativeAccessException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Functions and constants of the C library, in the shape that the jextract tool gives a header
 * class and cut down to what the engine calls. Linux on x86-64 with glibc.
 *
 * <p>Three things differ from the tool's output. A function that sets errno takes a call-state
 * segment ({@link CallState}) first, because errno would be lost between two Java calls. Pointers
 * come back as zero-length segments. A function that cannot be linked throws {@link
 * NativeAccessException} when it is called, with one sentence that says why.
 *
 * <p>No state; safe from any thread as far as the C function is, provided that each thread has its
 * own call state. No call is made with the {@code critical} option, so none holds up a garbage
 * collection.
 */
public final class Libc extends LibcMemory {
  private Libc() {}

  private static final class sched_setaffinity {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_LONG, C_POINTER);
    static final MethodHandle HANDLE = link("sched_setaffinity", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code sched_setaffinity}} */
  static FunctionDescriptor sched_setaffinity$descriptor() {
    return sched_setaffinity.DESC;
  }

  /**
   * Binds a thread to CPUs: {@code sched_setaffinity(2)}.
   *
   * {@snippet lang=c :
   * int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *mask)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pid thread id, 0 for the calling thread
   * @param size length of the mask in bytes
   * @param mask one bit per CPU, lowest first
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int sched_setaffinity(
      MemorySegment callState, int pid, long size, MemorySegment mask) {
    try {
      return (int) sched_setaffinity.HANDLE.invokeExact(callState, pid, size, mask);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class sched_getaffinity {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_LONG, C_POINTER);
    static final MethodHandle HANDLE = link("sched_getaffinity", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code sched_getaffinity}} */
  static FunctionDescriptor sched_getaffinity$descriptor() {
    return sched_getaffinity.DESC;
  }

  /**
   * Reads the CPUs that a thread may run on: {@code sched_getaffinity(2)}.
   *
   * {@snippet lang=c :
   * int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *mask)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pid thread id, 0 for the calling thread
   * @param size length of the mask in bytes
   * @param mask receives one bit per CPU, lowest first
   * @return 0, or -1 with errno set (EINVAL: the mask is too short)
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int sched_getaffinity(
      MemorySegment callState, int pid, long size, MemorySegment mask) {
    try {
      return (int) sched_getaffinity.HANDLE.invokeExact(callState, pid, size, mask);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class kill {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_INT);
    static final MethodHandle HANDLE = link("kill", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code kill}} */
  static FunctionDescriptor kill$descriptor() {
    return kill.DESC;
  }

  /**
   * Sends a signal, or with signal 0 asks whether a process exists: {@code kill(2)}.
   *
   * {@snippet lang=c :
   * int kill(pid_t pid, int sig)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pid process id
   * @param sig signal number, 0 to test only
   * @return 0, or -1 with errno set (ESRCH: no such process)
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int kill(MemorySegment callState, int pid, int sig) {
    try {
      return (int) kill.HANDLE.invokeExact(callState, pid, sig);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class getrlimit {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_INT, C_POINTER);
    static final MethodHandle HANDLE = link("getrlimit", DESC, CallState.ERRNO);
  }

  /** {@return the C signature of {@code getrlimit}} */
  static FunctionDescriptor getrlimit$descriptor() {
    return getrlimit.DESC;
  }

  /**
   * Reads a resource limit: {@code getrlimit(2)}.
   *
   * {@snippet lang=c :
   * int getrlimit(int resource, struct rlimit *limit)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param resource {@code RLIMIT_} constant
   * @param limit receives a {@link rlimit}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int getrlimit(MemorySegment callState, int resource, MemorySegment limit) {
    try {
      return (int) getrlimit.HANDLE.invokeExact(callState, resource, limit);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class syscall {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_LONG, C_LONG, C_LONG, C_POINTER, C_LONG);
    static final MethodHandle HANDLE =
        link("syscall", DESC, CallState.ERRNO, Linker.Option.firstVariadicArg(1));
  }

  /** {@return the C signature of {@code syscall}, as it is called here} */
  static FunctionDescriptor syscall$descriptor() {
    return syscall.DESC;
  }

  /**
   * Calls the kernel where the C library has no function: {@code syscall(2)}, here with the
   * arguments of {@code sched_setattr(2)}.
   *
   * {@snippet lang=c :
   * long syscall(long number, ...)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param number {@link #SYS_sched_setattr()}
   * @param pid a thread, or 0 for the calling one
   * @param attributes a {@link sched_attr}
   * @param flags 0
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static long syscall(
      MemorySegment callState, long number, long pid, MemorySegment attributes, long flags) {
    try {
      return (long) syscall.HANDLE.invokeExact(callState, number, pid, attributes, flags);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class getpid {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT);
    static final MethodHandle HANDLE = link("getpid", DESC);
  }

  /** {@return the C signature of {@code getpid}} */
  static FunctionDescriptor getpid$descriptor() {
    return getpid.DESC;
  }

  /**
   * Gives the id of this process: {@code getpid(2)}.
   *
   * {@snippet lang=c :
   * pid_t getpid(void)
   * }
   *
   * @return the process id
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static int getpid() {
    try {
      return (int) getpid.HANDLE.invokeExact();
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class strerror {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_INT);
    static final MethodHandle HANDLE = link("strerror", DESC);
  }

  /** {@return the C signature of {@code strerror}} */
  static FunctionDescriptor strerror$descriptor() {
    return strerror.DESC;
  }

  /**
   * Gives the text of an errno value: {@code strerror(3)}. {@link Errno#describe} is the Java form.
   *
   * {@snippet lang=c :
   * char *strerror(int errnum)
   * }
   *
   * @param errnum an errno value
   * @return a NUL-terminated string that belongs to the C library and is valid until the next call
   *     of the same thread
   * @throws NativeAccessException if the function cannot be called from this JVM
   */
  public static MemorySegment strerror(int errnum) {
    try {
      return (MemorySegment) strerror.HANDLE.invokeExact(errnum);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
