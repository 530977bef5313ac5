package dev.starling.jextract.verbs;

import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The functions of {@link Ibverbs} that make and change completion queues and queue pairs. */
class IbverbsQueues extends IbverbsMemory {
  IbverbsQueues() {}

  private static final class ibv_create_comp_channel {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_create_comp_channel", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_create_comp_channel}} */
  static FunctionDescriptor ibv_create_comp_channel$descriptor() {
    return ibv_create_comp_channel.DESC;
  }

  /**
   * Makes a channel for completion events: {@code ibv_create_comp_channel(3)}.
   *
   * {@snippet lang=c :
   * struct ibv_comp_channel *ibv_create_comp_channel(struct ibv_context *context)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @return the channel, {@link ibv_comp_channel}, or NULL with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_create_comp_channel(
      MemorySegment callState, MemorySegment context) {
    try {
      return (MemorySegment) ibv_create_comp_channel.HANDLE.invokeExact(callState, context);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_destroy_comp_channel {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_destroy_comp_channel", DESC);
  }

  /** {@return the C signature of {@code ibv_destroy_comp_channel}} */
  static FunctionDescriptor ibv_destroy_comp_channel$descriptor() {
    return ibv_destroy_comp_channel.DESC;
  }

  /**
   * Removes a channel: {@code ibv_create_comp_channel(3)}.
   *
   * {@snippet lang=c :
   * int ibv_destroy_comp_channel(struct ibv_comp_channel *channel)
   * }
   *
   * @param channel a channel, {@link ibv_comp_channel}
   * @return 0, or an errno value (EBUSY: a queue still uses it)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_destroy_comp_channel(MemorySegment channel) {
    try {
      return (int) ibv_destroy_comp_channel.HANDLE.invokeExact(channel);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_create_cq {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_POINTER, C_POINTER, C_INT, C_POINTER, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_create_cq", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_create_cq}} */
  static FunctionDescriptor ibv_create_cq$descriptor() {
    return ibv_create_cq.DESC;
  }

  /**
   * Makes a completion queue: {@code ibv_create_cq(3)}.
   *
   * {@snippet lang=c :
   * struct ibv_cq *ibv_create_cq(struct ibv_context *context, int cqe, void *cq_context,
   *     struct ibv_comp_channel *channel, int comp_vector)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param context an open device, {@link ibv_context}
   * @param cqe least number of entries
   * @param cqContext value kept for the caller
   * @param channel channel for its events, or NULL
   * @param compVector completion vector, from 0 and below num_comp_vectors
   * @return the queue, {@link ibv_cq}, or NULL with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_create_cq(
      MemorySegment callState,
      MemorySegment context,
      int cqe,
      MemorySegment cqContext,
      MemorySegment channel,
      int compVector) {
    try {
      return (MemorySegment)
          ibv_create_cq.HANDLE.invokeExact(callState, context, cqe, cqContext, channel, compVector);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_resize_cq {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_resize_cq", DESC);
  }

  /** {@return the C signature of {@code ibv_resize_cq}} */
  static FunctionDescriptor ibv_resize_cq$descriptor() {
    return ibv_resize_cq.DESC;
  }

  /**
   * Changes the length of a completion queue: {@code ibv_resize_cq(3)}.
   *
   * {@snippet lang=c :
   * int ibv_resize_cq(struct ibv_cq *cq, int cqe)
   * }
   *
   * @param cq completion queue, {@link ibv_cq}
   * @param cqe least number of entries
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_resize_cq(MemorySegment cq, int cqe) {
    try {
      return (int) ibv_resize_cq.HANDLE.invokeExact(cq, cqe);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_destroy_cq {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_destroy_cq", DESC);
  }

  /** {@return the C signature of {@code ibv_destroy_cq}} */
  static FunctionDescriptor ibv_destroy_cq$descriptor() {
    return ibv_destroy_cq.DESC;
  }

  /**
   * Removes a completion queue, waiting until its events are acknowledged: {@code
   * ibv_create_cq(3)}.
   *
   * {@snippet lang=c :
   * int ibv_destroy_cq(struct ibv_cq *cq)
   * }
   *
   * @param cq completion queue, {@link ibv_cq}
   * @return 0, or an errno value (EBUSY: a queue pair still uses it)
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_destroy_cq(MemorySegment cq) {
    try {
      return (int) ibv_destroy_cq.HANDLE.invokeExact(cq);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_get_cq_event {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_get_cq_event", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_get_cq_event}} */
  static FunctionDescriptor ibv_get_cq_event$descriptor() {
    return ibv_get_cq_event.DESC;
  }

  /**
   * Takes the next completion event and waits for one if the descriptor of the channel blocks:
   * {@code ibv_get_cq_event(3)}. Each is acknowledged with {@link #ibv_ack_cq_events}.
   *
   * {@snippet lang=c :
   * int ibv_get_cq_event(struct ibv_comp_channel *channel, struct ibv_cq **cq, void
   *     **cq_context)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param channel a channel, {@link ibv_comp_channel}
   * @param cq receives the queue
   * @param cqContext receives the value kept with it
   * @return 0, or -1 with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_get_cq_event(
      MemorySegment callState, MemorySegment channel, MemorySegment cq, MemorySegment cqContext) {
    try {
      return (int) ibv_get_cq_event.HANDLE.invokeExact(callState, channel, cq, cqContext);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_ack_cq_events {
    static final FunctionDescriptor DESC = FunctionDescriptor.ofVoid(C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_ack_cq_events", DESC);
  }

  /** {@return the C signature of {@code ibv_ack_cq_events}} */
  static FunctionDescriptor ibv_ack_cq_events$descriptor() {
    return ibv_ack_cq_events.DESC;
  }

  /**
   * Acknowledges completion events: {@code ibv_get_cq_event(3)}. It takes a lock, so acknowledge
   * many at once.
   *
   * {@snippet lang=c :
   * void ibv_ack_cq_events(struct ibv_cq *cq, unsigned int nevents)
   * }
   *
   * @param cq completion queue, {@link ibv_cq}
   * @param nevents number of events
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static void ibv_ack_cq_events(MemorySegment cq, int nevents) {
    try {
      ibv_ack_cq_events.HANDLE.invokeExact(cq, nevents);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_create_qp {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_POINTER, C_POINTER, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_create_qp", DESC, ERRNO);
  }

  /** {@return the C signature of {@code ibv_create_qp}} */
  static FunctionDescriptor ibv_create_qp$descriptor() {
    return ibv_create_qp.DESC;
  }

  /**
   * Makes a queue pair: {@code ibv_create_qp(3)}.
   *
   * {@snippet lang=c :
   * struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *qp_init_attr)
   * }
   *
   * @param callState receives errno; see {@link CallState}
   * @param pd protection domain, {@link ibv_pd}
   * @param qpInitAttr a {@link ibv_qp_init_attr}; receives the size that the queue pair got
   * @return the queue pair, {@link ibv_qp}, or NULL with errno set
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static MemorySegment ibv_create_qp(
      MemorySegment callState, MemorySegment pd, MemorySegment qpInitAttr) {
    try {
      return (MemorySegment) ibv_create_qp.HANDLE.invokeExact(callState, pd, qpInitAttr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_modify_qp {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_INT);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_modify_qp", DESC);
  }

  /** {@return the C signature of {@code ibv_modify_qp}} */
  static FunctionDescriptor ibv_modify_qp$descriptor() {
    return ibv_modify_qp.DESC;
  }

  /**
   * Changes a queue pair, in particular its state: {@code ibv_modify_qp(3)}, which lists the fields
   * that each transition needs.
   *
   * {@snippet lang=c :
   * int ibv_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask)
   * }
   *
   * @param qp queue pair, {@link ibv_qp}
   * @param attr a {@link ibv_qp_attr}
   * @param attrMask {@code IBV_QP_} flags of the fields to set
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_modify_qp(MemorySegment qp, MemorySegment attr, int attrMask) {
    try {
      return (int) ibv_modify_qp.HANDLE.invokeExact(qp, attr, attrMask);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_query_qp {
    static final FunctionDescriptor DESC =
        FunctionDescriptor.of(C_INT, C_POINTER, C_POINTER, C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_query_qp", DESC);
  }

  /** {@return the C signature of {@code ibv_query_qp}} */
  static FunctionDescriptor ibv_query_qp$descriptor() {
    return ibv_query_qp.DESC;
  }

  /**
   * Reads the attributes of a queue pair: {@code ibv_query_qp(3)}.
   *
   * {@snippet lang=c :
   * int ibv_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask, struct
   *     ibv_qp_init_attr *init_attr)
   * }
   *
   * @param qp queue pair, {@link ibv_qp}
   * @param attr receives a {@link ibv_qp_attr}
   * @param attrMask {@code IBV_QP_} flags of the fields wanted; drivers may give more
   * @param initAttr receives a {@link ibv_qp_init_attr}
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_qp(
      MemorySegment qp, MemorySegment attr, int attrMask, MemorySegment initAttr) {
    try {
      return (int) ibv_query_qp.HANDLE.invokeExact(qp, attr, attrMask, initAttr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_destroy_qp {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER);
    static final MethodHandle HANDLE = LIBRARY.link("ibv_destroy_qp", DESC);
  }

  /** {@return the C signature of {@code ibv_destroy_qp}} */
  static FunctionDescriptor ibv_destroy_qp$descriptor() {
    return ibv_destroy_qp.DESC;
  }

  /**
   * Removes a queue pair, waiting until its events are acknowledged: {@code ibv_create_qp(3)}. Its
   * outstanding requests vanish without completion.
   *
   * {@snippet lang=c :
   * int ibv_destroy_qp(struct ibv_qp *qp)
   * }
   *
   * @param qp queue pair, {@link ibv_qp}
   * @return 0, or an errno value
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_destroy_qp(MemorySegment qp) {
    try {
      return (int) ibv_destroy_qp.HANDLE.invokeExact(qp);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_query_qp_data_in_order {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_POINTER, C_INT, C_INT);
    static final MethodHandle HANDLE =
        LIBRARY.linkSince("install rdma-core 36 or newer", "ibv_query_qp_data_in_order", DESC);
  }

  /** {@return the C signature of {@code ibv_query_qp_data_in_order}} */
  static FunctionDescriptor ibv_query_qp_data_in_order$descriptor() {
    return ibv_query_qp_data_in_order.DESC;
  }

  /**
   * Asks whether the data that a request brings is written to memory in order: {@code
   * ibv_query_qp_data_in_order(3)}. Since rdma-core 36.
   *
   * {@snippet lang=c :
   * int ibv_query_qp_data_in_order(struct ibv_qp *qp, enum ibv_wr_opcode op, uint32_t flags)
   * }
   *
   * @param qp queue pair, {@link ibv_qp}
   * @param op {@code IBV_WR_} constant
   * @param flags 0
   * @return 1 if it is, 0 if that is not guaranteed
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_qp_data_in_order(MemorySegment qp, int op, int flags) {
    try {
      return (int) ibv_query_qp_data_in_order.HANDLE.invokeExact(qp, op, flags);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
