package dev.starling.jextract.verbs;

import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.NativeLibrary;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The functions of {@link Rdmacm} that make ids, resolve addresses and give ids a queue pair; apart
 * from it as the jextract tool splits a large header class.
 */
class RdmacmIds extends RdmacmConstants {
  RdmacmIds() {}

  /** The library, or the reason why it cannot be used. */
  static final NativeLibrary LIBRARY =
      NativeLibrary.open(
          "librdmacm.so.1",
          "starling.rdmacm.library",
          "install the Debian package librdmacm1, or rdma-core as other systems call it");

  private static final class rdma_create_event_channel {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_create_event_channel", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_create_event_channel}} */
  static FunctionDescriptor rdma_create_event_channel$descriptor() {
    return rdma_create_event_channel.DESC;
  }

  /**
   * Opens a channel for connection events: {@code rdma_create_event_channel(3)}.
   *
   * {@snippet lang=c :
   * struct rdma_event_channel *rdma_create_event_channel(void)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @return the channel, {@link rdma_event_channel}, or NULL with errno set (ENODEV: no RDMA
   *     device)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment rdma_create_event_channel(MemorySegment callState) {
    try {
      return (MemorySegment) rdma_create_event_channel.HANDLE.invokeExact(callState);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_destroy_event_channel {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_destroy_event_channel", DESC);
  }

  /** {@return the C signature of {@code rdma_destroy_event_channel}} */
  static FunctionDescriptor rdma_destroy_event_channel$descriptor() {
    return rdma_destroy_event_channel.DESC;
  }

  /**
   * Closes a channel whose ids are destroyed and whose events are acknowledged: {@code
   * rdma_destroy_event_channel(3)}.
   *
   * {@snippet lang=c :
   * void rdma_destroy_event_channel(struct rdma_event_channel *channel)
   * }
   *
   * @param channel a channel, {@link rdma_event_channel}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void rdma_destroy_event_channel(MemorySegment channel) {
    try {
      rdma_destroy_event_channel.HANDLE.invokeExact(channel);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_create_id {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_create_id", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_create_id}} */
  static FunctionDescriptor rdma_create_id$descriptor() {
    return rdma_create_id.DESC;
  }

  /**
   * Makes an id, which is to a connection what a socket is: {@code rdma_create_id(3)}.
   *
   * {@snippet lang=c :
   * int rdma_create_id(struct rdma_event_channel *channel, struct rdma_cm_id **id, void
   *     *context, enum rdma_port_space ps)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param channel channel for its events, or NULL for an id whose calls wait
   * @param id receives the id
   * @param context value kept for the caller
   * @param ps {@code RDMA_PS_} constant
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_create_id(
      MemorySegment callState,
      MemorySegment channel,
      MemorySegment id,
      MemorySegment context,
      int ps) {
    try {
      return (int) rdma_create_id.HANDLE.invokeExact(callState, channel, id, context, ps);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_destroy_id {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_destroy_id", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_destroy_id}} */
  static FunctionDescriptor rdma_destroy_id$descriptor() {
    return rdma_destroy_id.DESC;
  }

  /**
   * Destroys an id, waiting until its events are acknowledged: {@code rdma_destroy_id(3)}. Destroy
   * its queue pair before.
   *
   * {@snippet lang=c :
   * int rdma_destroy_id(struct rdma_cm_id *id)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_destroy_id(MemorySegment callState, MemorySegment id) {
    try {
      return (int) rdma_destroy_id.HANDLE.invokeExact(callState, id);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_create_ep {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_create_ep", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_create_ep}} */
  static FunctionDescriptor rdma_create_ep$descriptor() {
    return rdma_create_ep.DESC;
  }

  /**
   * Makes an id whose calls wait, with its queue pair: {@code rdma_create_ep(3)}.
   *
   * {@snippet lang=c :
   * int rdma_create_ep(struct rdma_cm_id **id, struct rdma_addrinfo *res, struct ibv_pd *pd,
   *     struct ibv_qp_init_attr *qp_init_attr)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id receives the id
   * @param res what {@link #rdma_getaddrinfo} gave
   * @param pd protection domain, or NULL for one of the library
   * @param qpInitAttr a {@link ibv_qp_init_attr} for a queue pair, or NULL for none
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_create_ep(
      MemorySegment callState,
      MemorySegment id,
      MemorySegment res,
      MemorySegment pd,
      MemorySegment qpInitAttr) {
    try {
      return (int) rdma_create_ep.HANDLE.invokeExact(callState, id, res, pd, qpInitAttr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_destroy_ep {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_destroy_ep", DESC);
  }

  /** {@return the C signature of {@code rdma_destroy_ep}} */
  static FunctionDescriptor rdma_destroy_ep$descriptor() {
    return rdma_destroy_ep.DESC;
  }

  /**
   * Destroys an id with its queue pair: {@code rdma_destroy_ep(3)}.
   *
   * {@snippet lang=c :
   * void rdma_destroy_ep(struct rdma_cm_id *id)
   * }
   *
   * @param id an id, {@link rdma_cm_id}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void rdma_destroy_ep(MemorySegment id) {
    try {
      rdma_destroy_ep.HANDLE.invokeExact(id);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_bind_addr {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_bind_addr", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_bind_addr}} */
  static FunctionDescriptor rdma_bind_addr$descriptor() {
    return rdma_bind_addr.DESC;
  }

  /**
   * Binds an id to a local address, and to its device unless the address is a wildcard: {@code
   * rdma_bind_addr(3)}.
   *
   * {@snippet lang=c :
   * int rdma_bind_addr(struct rdma_cm_id *id, struct sockaddr *addr)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param addr local address, a {@link sockaddr_in} or {@link sockaddr_in6}; port 0 for any
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_bind_addr(MemorySegment callState, MemorySegment id, MemorySegment addr) {
    try {
      return (int) rdma_bind_addr.HANDLE.invokeExact(callState, id, addr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_resolve_addr {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_resolve_addr", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_resolve_addr}} */
  static FunctionDescriptor rdma_resolve_addr$descriptor() {
    return rdma_resolve_addr.DESC;
  }

  /**
   * Begins to resolve a remote address and binds the id to the device that leads there: {@code
   * rdma_resolve_addr(3)}. Ends with RDMA_CM_EVENT_ADDR_RESOLVED or ADDR_ERROR.
   *
   * {@snippet lang=c :
   * int rdma_resolve_addr(struct rdma_cm_id *id, struct sockaddr *src_addr, struct sockaddr
   *     *dst_addr, int timeout_ms)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param srcAddr local address, or NULL
   * @param dstAddr remote address
   * @param timeoutMs time limit in milliseconds
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_resolve_addr(
      MemorySegment callState,
      MemorySegment id,
      MemorySegment srcAddr,
      MemorySegment dstAddr,
      int timeoutMs) {
    try {
      return (int) rdma_resolve_addr.HANDLE.invokeExact(callState, id, srcAddr, dstAddr, timeoutMs);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_resolve_route {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_resolve_route", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_resolve_route}} */
  static FunctionDescriptor rdma_resolve_route$descriptor() {
    return rdma_resolve_route.DESC;
  }

  /**
   * Begins to resolve the route to the remote address: {@code rdma_resolve_route(3)}. Ends with
   * RDMA_CM_EVENT_ROUTE_RESOLVED or ROUTE_ERROR.
   *
   * {@snippet lang=c :
   * int rdma_resolve_route(struct rdma_cm_id *id, int timeout_ms)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param timeoutMs time limit in milliseconds
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_resolve_route(MemorySegment callState, MemorySegment id, int timeoutMs) {
    try {
      return (int) rdma_resolve_route.HANDLE.invokeExact(callState, id, timeoutMs);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_getaddrinfo {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_getaddrinfo", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_getaddrinfo}} */
  static FunctionDescriptor rdma_getaddrinfo$descriptor() {
    return rdma_getaddrinfo.DESC;
  }

  /**
   * Resolves a name: {@code rdma_getaddrinfo(3)}.
   *
   * {@snippet lang=c :
   * int rdma_getaddrinfo(const char *node, const char *service, const struct rdma_addrinfo
   *     *hints, struct rdma_addrinfo **res)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param node name or address, a C string, or NULL
   * @param service port or service, a C string, or NULL
   * @param hints a {@link rdma_addrinfo}, or NULL
   * @param res receives a list that {@link #rdma_freeaddrinfo} frees
   * @return 0, -1 with errno set, or another negative value as of {@code getaddrinfo(3)}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_getaddrinfo(
      MemorySegment callState,
      MemorySegment node,
      MemorySegment service,
      MemorySegment hints,
      MemorySegment res) {
    try {
      return (int) rdma_getaddrinfo.HANDLE.invokeExact(callState, node, service, hints, res);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_freeaddrinfo {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_freeaddrinfo", DESC);
  }

  /** {@return the C signature of {@code rdma_freeaddrinfo}} */
  static FunctionDescriptor rdma_freeaddrinfo$descriptor() {
    return rdma_freeaddrinfo.DESC;
  }

  /**
   * Frees a list of addresses: {@code rdma_getaddrinfo(3)}.
   *
   * {@snippet lang=c :
   * void rdma_freeaddrinfo(struct rdma_addrinfo *res)
   * }
   *
   * @param res what {@link #rdma_getaddrinfo} gave
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void rdma_freeaddrinfo(MemorySegment res) {
    try {
      rdma_freeaddrinfo.HANDLE.invokeExact(res);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_create_qp {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_create_qp", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_create_qp}} */
  static FunctionDescriptor rdma_create_qp$descriptor() {
    return rdma_create_qp.DESC;
  }

  /**
   * Gives an id that is bound to a device a queue pair, whose state the library changes from then
   * on: {@code rdma_create_qp(3)}.
   *
   * {@snippet lang=c :
   * int rdma_create_qp(struct rdma_cm_id *id, struct ibv_pd *pd, struct ibv_qp_init_attr
   *     *qp_init_attr)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param pd protection domain on the device of the id, or NULL for one of the library
   * @param qpInitAttr a {@link ibv_qp_init_attr}; receives the size that the queue pair got
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_create_qp(
      MemorySegment callState, MemorySegment id, MemorySegment pd, MemorySegment qpInitAttr) {
    try {
      return (int) rdma_create_qp.HANDLE.invokeExact(callState, id, pd, qpInitAttr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_destroy_qp {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_destroy_qp", DESC);
  }

  /** {@return the C signature of {@code rdma_destroy_qp}} */
  static FunctionDescriptor rdma_destroy_qp$descriptor() {
    return rdma_destroy_qp.DESC;
  }

  /**
   * Destroys the queue pair of an id: {@code rdma_create_qp(3)}.
   *
   * {@snippet lang=c :
   * void rdma_destroy_qp(struct rdma_cm_id *id)
   * }
   *
   * @param id an id, {@link rdma_cm_id}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void rdma_destroy_qp(MemorySegment id) {
    try {
      rdma_destroy_qp.HANDLE.invokeExact(id);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
