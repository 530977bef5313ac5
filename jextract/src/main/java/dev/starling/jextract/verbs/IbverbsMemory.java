package dev.starling.jextract.verbs;

import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@link Ibverbs} on protection domains and memory regions, and the names of
 * constants.
 */
class IbverbsMemory extends IbverbsDevices {
  IbverbsMemory() {}

  private static final class ibv_alloc_pd {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_alloc_pd", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_alloc_pd}} */
  static FunctionDescriptor ibv_alloc_pd$descriptor() {
    return ibv_alloc_pd.DESC;
  }

  /**
   * Makes a protection domain: {@code ibv_alloc_pd(3)}.
   *
   * {@snippet lang=c :
   * struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @return the domain, {@link ibv_pd}, or NULL with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_alloc_pd(MemorySegment callState, MemorySegment context) {
    try {
      return (MemorySegment) ibv_alloc_pd.HANDLE.invokeExact(callState, context);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_dealloc_pd {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_dealloc_pd", DESC);
  }

  /** {@return the C signature of {@code ibv_dealloc_pd}} */
  static FunctionDescriptor ibv_dealloc_pd$descriptor() {
    return ibv_dealloc_pd.DESC;
  }

  /**
   * Removes a protection domain: {@code ibv_alloc_pd(3)}.
   *
   * {@snippet lang=c :
   * int ibv_dealloc_pd(struct ibv_pd *pd)
   * }
   *
   * @param pd protection domain, {@link ibv_pd}
   * @return 0, or an errno value (EBUSY: something in it is left)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_dealloc_pd(MemorySegment pd) {
    try {
      return (int) ibv_dealloc_pd.HANDLE.invokeExact(pd);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_reg_mr {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_POINTER, C_POINTER, C_POINTER, C_LONG, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_reg_mr", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_reg_mr}} */
  static FunctionDescriptor ibv_reg_mr$descriptor() {
    return ibv_reg_mr.DESC;
  }

  /**
   * Registers memory, pinning its pages within RLIMIT_MEMLOCK: {@code ibv_reg_mr(3)}. The memory
   * must stay mapped until {@link #ibv_dereg_mr}. This is the exported function; prefer {@link
   * #__ibv_reg_mr}.
   *
   * {@snippet lang=c :
   * struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pd protection domain, {@link ibv_pd}
   * @param addr first byte
   * @param length number of bytes
   * @param access {@code IBV_ACCESS_} flags that every kernel knows; see {@link #__ibv_reg_mr}
   * @return the region, {@link ibv_mr}, or NULL with errno set (ENOMEM: the limit)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_reg_mr(
      MemorySegment callState, MemorySegment pd, MemorySegment addr, long length, int access) {
    try {
      return (MemorySegment) ibv_reg_mr.HANDLE.invokeExact(callState, pd, addr, length, access);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_reg_mr_iova2 {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_POINTER, C_POINTER, C_POINTER, C_LONG, C_LONG, C_INT);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 28 or newer", "ibv_reg_mr_iova2", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_reg_mr_iova2}} */
  static FunctionDescriptor ibv_reg_mr_iova2$descriptor() {
    return ibv_reg_mr_iova2.DESC;
  }

  /**
   * Registers memory with flags that an older kernel ignores: what the macro {@code ibv_reg_mr(3)}
   * calls for them. Since rdma-core 28.
   *
   * {@snippet lang=c :
   * struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t
   *     iova, unsigned int access)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pd protection domain, {@link ibv_pd}
   * @param addr first byte
   * @param length number of bytes
   * @param iova address that requests will use for the first byte
   * @param access {@code IBV_ACCESS_} flags, also those in IBV_ACCESS_OPTIONAL_RANGE
   * @return the region, {@link ibv_mr}, or NULL with errno set (ENOMEM: the limit)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_reg_mr_iova2(
      MemorySegment callState,
      MemorySegment pd,
      MemorySegment addr,
      long length,
      long iova,
      int access) {
    try {
      return (MemorySegment)
          ibv_reg_mr_iova2.HANDLE.invokeExact(callState, pd, addr, length, iova, access);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  /**
   * Registers memory by the rule of the macro {@code ibv_reg_mr} of {@code <infiniband/verbs.h>}:
   * with flags within {@link #IBV_ACCESS_OPTIONAL_RANGE}, such as {@link
   * #IBV_ACCESS_RELAXED_ORDERING}, it is {@link #ibv_reg_mr_iova2} that registers, which drops them
   * where the kernel does not know them; an older {@link #ibv_reg_mr} hands the kernel flags that
   * it refuses.
   *
   * @param callState receives errno; see {@link CallState}
   * @param pd protection domain, {@link ibv_pd}
   * @param addr first byte, also the address that requests will use
   * @param length number of bytes
   * @param access any {@code IBV_ACCESS_} flags
   * @return the region, {@link ibv_mr}, or NULL with errno set (ENOMEM: the limit)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment __ibv_reg_mr(
      MemorySegment callState, MemorySegment pd, MemorySegment addr, long length, int access) {
    if ((access & IBV_ACCESS_OPTIONAL_RANGE()) == 0) {
      return ibv_reg_mr(callState, pd, addr, length, access);
    }
    return ibv_reg_mr_iova2(callState, pd, addr, length, addr.address(), access);
  }

  private static final class ibv_reg_dmabuf_mr {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_POINTER, C_POINTER, C_LONG, C_LONG, C_LONG, C_INT, C_INT);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 34 or newer", "ibv_reg_dmabuf_mr", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_reg_dmabuf_mr}} */
  static FunctionDescriptor ibv_reg_dmabuf_mr$descriptor() {
    return ibv_reg_dmabuf_mr.DESC;
  }

  /**
   * Registers a dma-buf such as memory of a GPU: {@code ibv_reg_mr(3)}. Since rdma-core 34.
   *
   * {@snippet lang=c :
   * struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length,
   *     uint64_t iova, int fd, int access)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pd protection domain, {@link ibv_pd}
   * @param offset first byte in the buffer
   * @param length number of bytes
   * @param iova address that requests will use for the first byte
   * @param fd descriptor of the buffer
   * @param access {@code IBV_ACCESS_} flags
   * @return the region, {@link ibv_mr}, or NULL with errno set (EOPNOTSUPP: the driver cannot)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_reg_dmabuf_mr(
      MemorySegment callState,
      MemorySegment pd,
      long offset,
      long length,
      long iova,
      int fd,
      int access) {
    try {
      return (MemorySegment)
          ibv_reg_dmabuf_mr.HANDLE.invokeExact(callState, pd, offset, length, iova, fd, access);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_dereg_mr {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_dereg_mr", DESC);
  }

  /** {@return the C signature of {@code ibv_dereg_mr}} */
  static FunctionDescriptor ibv_dereg_mr$descriptor() {
    return ibv_dereg_mr.DESC;
  }

  /**
   * Removes a memory region and unpins its pages: {@code ibv_reg_mr(3)}.
   *
   * {@snippet lang=c :
   * int ibv_dereg_mr(struct ibv_mr *mr)
   * }
   *
   * @param mr a region, {@link ibv_mr}
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_dereg_mr(MemorySegment mr) {
    try {
      return (int) ibv_dereg_mr.HANDLE.invokeExact(mr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_is_fork_initialized {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 35 or newer", "ibv_is_fork_initialized", DESC);
  }

  /** {@return the C signature of {@code ibv_is_fork_initialized}} */
  static FunctionDescriptor ibv_is_fork_initialized$descriptor() {
    return ibv_is_fork_initialized.DESC;
  }

  /**
   * Says whether a child process may be started while memory is registered: {@code
   * ibv_is_fork_initialized(3)}. Since rdma-core 35.
   *
   * {@snippet lang=c :
   * enum ibv_fork_status ibv_is_fork_initialized(void)
   * }
   *
   * @return {@code IBV_FORK_} constant
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_is_fork_initialized() {
    try {
      return (int) ibv_is_fork_initialized.HANDLE.invokeExact();
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_wc_status_str {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_wc_status_str", DESC);
  }

  /** {@return the C signature of {@code ibv_wc_status_str}} */
  static FunctionDescriptor ibv_wc_status_str$descriptor() {
    return ibv_wc_status_str.DESC;
  }

  /**
   * Describes the status of a completion: {@code ibv_poll_cq(3)}.
   *
   * {@snippet lang=c :
   * const char *ibv_wc_status_str(enum ibv_wc_status status)
   * }
   *
   * @param status {@code IBV_WC_} status
   * @return a constant C string; see {@link Ibverbs#string}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_wc_status_str(int status) {
    try {
      return (MemorySegment) ibv_wc_status_str.HANDLE.invokeExact(status);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_event_type_str {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_event_type_str", DESC);
  }

  /** {@return the C signature of {@code ibv_event_type_str}} */
  static FunctionDescriptor ibv_event_type_str$descriptor() {
    return ibv_event_type_str.DESC;
  }

  /**
   * Describes an asynchronous event: {@code ibv_event_type_str(3)}.
   *
   * {@snippet lang=c :
   * const char *ibv_event_type_str(enum ibv_event_type event)
   * }
   *
   * @param event {@code IBV_EVENT_} constant
   * @return a constant C string; see {@link Ibverbs#string}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_event_type_str(int event) {
    try {
      return (MemorySegment) ibv_event_type_str.HANDLE.invokeExact(event);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_node_type_str {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_node_type_str", DESC);
  }

  /** {@return the C signature of {@code ibv_node_type_str}} */
  static FunctionDescriptor ibv_node_type_str$descriptor() {
    return ibv_node_type_str.DESC;
  }

  /**
   * Describes the kind of a device: {@code ibv_event_type_str(3)}.
   *
   * {@snippet lang=c :
   * const char *ibv_node_type_str(enum ibv_node_type node_type)
   * }
   *
   * @param nodeType {@code IBV_NODE_} constant
   * @return a constant C string; see {@link Ibverbs#string}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_node_type_str(int nodeType) {
    try {
      return (MemorySegment) ibv_node_type_str.HANDLE.invokeExact(nodeType);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_port_state_str {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_port_state_str", DESC);
  }

  /** {@return the C signature of {@code ibv_port_state_str}} */
  static FunctionDescriptor ibv_port_state_str$descriptor() {
    return ibv_port_state_str.DESC;
  }

  /**
   * Describes the state of a port: {@code ibv_event_type_str(3)}.
   *
   * {@snippet lang=c :
   * const char *ibv_port_state_str(enum ibv_port_state port_state)
   * }
   *
   * @param portState {@code IBV_PORT_} state
   * @return a constant C string; see {@link Ibverbs#string}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_port_state_str(int portState) {
    try {
      return (MemorySegment) ibv_port_state_str.HANDLE.invokeExact(portState);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
