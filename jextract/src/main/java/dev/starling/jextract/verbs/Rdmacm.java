package dev.starling.jextract.verbs;

import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Functions and constants of librdmacm, which connects queue pairs by IP address, in the shape that
 * the jextract tool gives a header class and cut down to what Starling calls. Linux on x86-64.
 *
 * <p>Where the library is missing the class loads all the same, and each call throws {@link
 * NativeAccessException} with one sentence that says why. The system property {@code
 * starling.rdmacm.library} names another file to load.
 *
 * <p>A function that gives a pointer or -1 leaves errno in the call state that it takes first
 * ({@link CallState}). Pointers come back as zero-length segments; {@code reinterpret} of the
 * struct's class gives them their size. The inline functions {@code rdma_get_local_addr} and {@code
 * rdma_get_peer_addr} are {@link rdma_cm_id#route_addr_src_storage} and {@link
 * rdma_cm_id#route_addr_dst_storage}.
 *
 * <p>No state; safe from any thread as the C functions are, provided that each thread has its own
 * call state.
 */
public final class Rdmacm extends RdmacmIds {
  private Rdmacm() {}

  /** {@return whether the library is loaded; a machine that has it may still have no device} */
  public static boolean isAvailable() {
    return LIBRARY.isAvailable();
  }

  /** {@return one sentence with the cure that says why it is not loaded; empty if it is} */
  public static String unavailableReason() {
    return LIBRARY.unavailableReason();
  }

  private static final class rdma_listen {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_listen", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_listen}} */
  static FunctionDescriptor rdma_listen$descriptor() {
    return rdma_listen.DESC;
  }

  /**
   * Listens for connections at the address that the id is bound to: {@code rdma_listen(3)}.
   *
   * {@snippet lang=c :
   * int rdma_listen(struct rdma_cm_id *id, int backlog)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param backlog most requests that wait, 0 for the most that the system allows
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_listen(MemorySegment callState, MemorySegment id, int backlog) {
    try {
      return (int) rdma_listen.HANDLE.invokeExact(callState, id, backlog);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_connect {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_connect", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_connect}} */
  static FunctionDescriptor rdma_connect$descriptor() {
    return rdma_connect.DESC;
  }

  /**
   * Begins to connect to the resolved address: {@code rdma_connect(3)}. Ends with
   * RDMA_CM_EVENT_ESTABLISHED or a failure.
   *
   * {@snippet lang=c :
   * int rdma_connect(struct rdma_cm_id *id, struct rdma_conn_param *conn_param)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param connParam a {@link rdma_conn_param}, or NULL for what the device can do and retry_cnt 7
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_connect(
      MemorySegment callState, MemorySegment id, MemorySegment connParam) {
    try {
      return (int) rdma_connect.HANDLE.invokeExact(callState, id, connParam);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_accept {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_accept", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_accept}} */
  static FunctionDescriptor rdma_accept$descriptor() {
    return rdma_accept.DESC;
  }

  /**
   * Accepts the connection that a request asked for: {@code rdma_accept(3)}. Ends with
   * RDMA_CM_EVENT_ESTABLISHED or a failure.
   *
   * {@snippet lang=c :
   * int rdma_accept(struct rdma_cm_id *id, struct rdma_conn_param *conn_param)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param connParam a {@link rdma_conn_param}, or NULL for what the device can do and retry_cnt 7
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_accept(
      MemorySegment callState, MemorySegment id, MemorySegment connParam) {
    try {
      return (int) rdma_accept.HANDLE.invokeExact(callState, id, connParam);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_reject {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_CHAR);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_reject", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_reject}} */
  static FunctionDescriptor rdma_reject$descriptor() {
    return rdma_reject.DESC;
  }

  /**
   * Refuses the connection that a request asked for: {@code rdma_reject(3)}.
   *
   * {@snippet lang=c :
   * int rdma_reject(struct rdma_cm_id *id, const void *private_data, uint8_t private_data_len)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param privateData bytes for the peer, or NULL
   * @param privateDataLen their number, at most 148
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_reject(
      MemorySegment callState, MemorySegment id, MemorySegment privateData, int privateDataLen) {
    try {
      return (int)
          rdma_reject.HANDLE.invokeExact(callState, id, privateData, (byte) privateDataLen);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_establish {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 23 or newer", "rdma_establish", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_establish}} */
  static FunctionDescriptor rdma_establish$descriptor() {
    return rdma_establish.DESC;
  }

  /**
   * Completes a connection whose queue pair the caller made, after RDMA_CM_EVENT_CONNECT_RESPONSE:
   * {@code rdma_establish(3)}.
   *
   * {@snippet lang=c :
   * int rdma_establish(struct rdma_cm_id *id)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_establish(MemorySegment callState, MemorySegment id) {
    try {
      return (int) rdma_establish.HANDLE.invokeExact(callState, id);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_disconnect {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_disconnect", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_disconnect}} */
  static FunctionDescriptor rdma_disconnect$descriptor() {
    return rdma_disconnect.DESC;
  }

  /**
   * Ends a connection and puts the queue pair of the id in error, so that its requests are flushed:
   * {@code rdma_disconnect(3)}.
   *
   * {@snippet lang=c :
   * int rdma_disconnect(struct rdma_cm_id *id)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_disconnect(MemorySegment callState, MemorySegment id) {
    try {
      return (int) rdma_disconnect.HANDLE.invokeExact(callState, id);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_init_qp_attr {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 23 or newer", "rdma_init_qp_attr", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_init_qp_attr}} */
  static FunctionDescriptor rdma_init_qp_attr$descriptor() {
    return rdma_init_qp_attr.DESC;
  }

  /**
   * Gives the attributes by which the caller moves its own queue pair: {@code
   * rdma_init_qp_attr(3)}.
   *
   * {@snippet lang=c :
   * int rdma_init_qp_attr(struct rdma_cm_id *id, struct ibv_qp_attr *qp_attr, int
   *     *qp_attr_mask)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param qpAttr a {@link ibv_qp_attr} with the state to go to; receives the rest
   * @param qpAttrMask receives the {@code IBV_QP_} flags of what is set
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_init_qp_attr(
      MemorySegment callState, MemorySegment id, MemorySegment qpAttr, MemorySegment qpAttrMask) {
    try {
      return (int) rdma_init_qp_attr.HANDLE.invokeExact(callState, id, qpAttr, qpAttrMask);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_get_cm_event {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_get_cm_event", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_get_cm_event}} */
  static FunctionDescriptor rdma_get_cm_event$descriptor() {
    return rdma_get_cm_event.DESC;
  }

  /**
   * Takes the next event and waits for one if the descriptor of the channel blocks: {@code
   * rdma_get_cm_event(3)}. Each is freed with {@link #rdma_ack_cm_event}.
   *
   * {@snippet lang=c :
   * int rdma_get_cm_event(struct rdma_event_channel *channel, struct rdma_cm_event **event)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param channel a channel, {@link rdma_event_channel}
   * @param event receives a {@link rdma_cm_event}
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_get_cm_event(
      MemorySegment callState, MemorySegment channel, MemorySegment event) {
    try {
      return (int) rdma_get_cm_event.HANDLE.invokeExact(callState, channel, event);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_ack_cm_event {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_ack_cm_event", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_ack_cm_event}} */
  static FunctionDescriptor rdma_ack_cm_event$descriptor() {
    return rdma_ack_cm_event.DESC;
  }

  /**
   * Acknowledges and frees an event: {@code rdma_ack_cm_event(3)}.
   *
   * {@snippet lang=c :
   * int rdma_ack_cm_event(struct rdma_cm_event *event)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param event what {@link #rdma_get_cm_event} gave
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_ack_cm_event(MemorySegment callState, MemorySegment event) {
    try {
      return (int) rdma_ack_cm_event.HANDLE.invokeExact(callState, event);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_event_str {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_event_str", DESC);
  }

  /** {@return the C signature of {@code rdma_event_str}} */
  static FunctionDescriptor rdma_event_str$descriptor() {
    return rdma_event_str.DESC;
  }

  /**
   * Gives the name of an event: {@code rdma_event_str(3)}.
   *
   * {@snippet lang=c :
   * const char *rdma_event_str(enum rdma_cm_event_type event)
   * }
   *
   * @param event {@code RDMA_CM_EVENT_} constant
   * @return a constant C string; see {@link Ibverbs#string}
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment rdma_event_str(int event) {
    try {
      return (MemorySegment) rdma_event_str.HANDLE.invokeExact(event);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class rdma_set_option {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_INT, C_INT, C_POINTER, C_LONG);
    static final MethodHandle HANDLE = LIBRARY.link("rdma_set_option", DESC, ERRNO);
  }

  /** {@return the C signature of {@code rdma_set_option}} */
  static FunctionDescriptor rdma_set_option$descriptor() {
    return rdma_set_option.DESC;
  }

  /**
   * Sets an option of an id: {@code rdma_set_option(3)}.
   *
   * {@snippet lang=c :
   * int rdma_set_option(struct rdma_cm_id *id, int level, int optname, void *optval, size_t
   *     optlen)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param id an id, {@link rdma_cm_id}
   * @param level {@code RDMA_OPTION_ID} or {@code RDMA_OPTION_IB}
   * @param optname {@code RDMA_OPTION_ID_} or {@code RDMA_OPTION_IB_} constant
   * @param optval the value
   * @param optlen its length in bytes
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int rdma_set_option(
      MemorySegment callState,
      MemorySegment id,
      int level,
      int optname,
      MemorySegment optval,
      long optlen) {
    try {
      return (int)
          rdma_set_option.HANDLE.invokeExact(callState, id, level, optname, optval, optlen);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
