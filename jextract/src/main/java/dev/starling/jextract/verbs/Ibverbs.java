package dev.starling.jextract.verbs;

import dev.starling.jextract.Downcalls;
import dev.starling.jextract.NativeAccessException;
import dev.starling.jextract.libc.CallState;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Functions and constants of libibverbs, the library for RDMA devices, in the shape that the
 * jextract tool gives a header class and cut down to what Starling calls. Linux on x86-64.
 *
 * <p>Where the library is missing the class loads all the same, and each call throws {@link
 * NativeAccessException} with one sentence that says why; so does the call of a function that an
 * older version lacks. The system property {@code starling.ibverbs.library} names another file to
 * load.
 *
 * <p>Failures are reported in two ways, as each method says: a function that gives a pointer or -1
 * leaves errno in the call state that it takes first ({@link CallState}); any other returns the
 * errno value itself. Pointers come back as zero-length segments; {@code reinterpret} of the
 * struct's class gives them their size.
 *
 * <p>{@link #ibv_post_send}, {@link #ibv_post_recv}, {@link #ibv_poll_cq} and {@link
 * #ibv_req_notify_cq} are inline functions in C that call the driver through {@code
 * ibv_context.ops}. Here the caller reads the pointer once per device and passes it; all other
 * arguments are plain numbers, so that a call allocates nothing. They never touch errno.
 *
 * <p>No state; safe from any thread as the C functions are, provided that each thread has its own
 * call state. No call is made with the {@code critical} option, so none holds up a garbage
 * collection.
 */
public final class Ibverbs extends IbverbsQueues {
  private Ibverbs() {}

  /** {@return whether the library is loaded; a machine that has it may still have no device} */
  public static boolean isAvailable() {
    return LIBRARY.isAvailable();
  }

  /** {@return one sentence with the cure that says why it is not loaded; empty if it is} */
  public static String unavailableReason() {
    return LIBRARY.unavailableReason();
  }

  /**
   * Copies a C string that a function of the library gave.
   *
   * @param pointer its address, or NULL
   * @return the string; empty for NULL
   */
  @SuppressWarnings("restricted")
  public static String string(MemorySegment pointer) {
    return pointer.equals(MemorySegment.NULL)
        ? ""
        : pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /**
   * Reads an entry of the address table of a port with its type: {@code ibv_query_gid_ex(3)}, an
   * inline function in C. Since rdma-core 32.
   *
   * @param context an open device, {@link ibv_context}
   * @param portNum port, from 1
   * @param gidIndex index in the address table of the port
   * @param entry receives a {@link ibv_gid_entry}
   * @param flags 0
   * @return 0, or an errno value; ENODATA for an empty entry
   * @throws NativeAccessException if the function cannot be called on this machine or from this JVM
   */
  public static int ibv_query_gid_ex(
      MemorySegment context, int portNum, int gidIndex, MemorySegment entry, int flags) {
    return _ibv_query_gid_ex(context, portNum, gidIndex, entry, flags, ibv_gid_entry.sizeof());
  }

  private static final class ibv_poll_cq {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_LONG, C_INT, C_LONG);
    static final MethodHandle HANDLE = Downcalls.linkPointer("libibverbs", "ibv_poll_cq", DESC);
  }

  /** {@return the C signature of {@code ibv_poll_cq}, pointers as addresses} */
  static FunctionDescriptor ibv_poll_cq$descriptor() {
    return ibv_poll_cq.DESC;
  }

  /**
   * Gives the function of the driver that the inline function {@code ibv_poll_cq} calls.
   *
   * @param context an open device, {@link ibv_context}
   * @return the function, to be kept and passed to {@link #ibv_poll_cq} with queues of that device
   */
  public static MemorySegment ibv_poll_cq$pointer(MemorySegment context) {
    return ibv_context.ops_poll_cq(ibv_context.reinterpret(context));
  }

  /**
   * Takes completions: {@code ibv_poll_cq(3)}. Does not wait.
   *
   * {@snippet lang=c :
   * int ibv_poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc)
   * }
   *
   * @param function what {@link #ibv_poll_cq$pointer} gave
   * @param cq address of the {@link ibv_cq}
   * @param numEntries most completions to take
   * @param wc address of an array of as many {@link ibv_wc}
   * @return number of completions taken, or a negative value on failure
   * @throws NativeAccessException if this JVM denies native access
   */
  public static int ibv_poll_cq(MemorySegment function, long cq, int numEntries, long wc) {
    try {
      return (int) ibv_poll_cq.HANDLE.invokeExact(function, cq, numEntries, wc);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_req_notify_cq {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_LONG, C_INT);
    static final MethodHandle HANDLE =
        Downcalls.linkPointer("libibverbs", "ibv_req_notify_cq", DESC);
  }

  /** {@return the C signature of {@code ibv_req_notify_cq}, pointers as addresses} */
  static FunctionDescriptor ibv_req_notify_cq$descriptor() {
    return ibv_req_notify_cq.DESC;
  }

  /**
   * Gives the function of the driver that the inline function {@code ibv_req_notify_cq} calls.
   *
   * @param context an open device, {@link ibv_context}
   * @return the function, to be kept and passed to {@link #ibv_req_notify_cq} with queues of that
   *     device
   */
  public static MemorySegment ibv_req_notify_cq$pointer(MemorySegment context) {
    return ibv_context.ops_req_notify_cq(ibv_context.reinterpret(context));
  }

  /**
   * Asks for one event when the next completion is added: {@code ibv_req_notify_cq(3)}. Poll once
   * more afterwards, since completions that are there already cause none.
   *
   * {@snippet lang=c :
   * int ibv_req_notify_cq(struct ibv_cq *cq, int solicited_only)
   * }
   *
   * @param function what {@link #ibv_req_notify_cq$pointer} gave
   * @param cq address of the {@link ibv_cq}
   * @param solicitedOnly 1: only for completions that the peer marked, or failures; 0: for any
   * @return 0, or an errno value
   * @throws NativeAccessException if this JVM denies native access
   */
  public static int ibv_req_notify_cq(MemorySegment function, long cq, int solicitedOnly) {
    try {
      return (int) ibv_req_notify_cq.HANDLE.invokeExact(function, cq, solicitedOnly);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_post_send {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_LONG, C_LONG, C_LONG);
    static final MethodHandle HANDLE = Downcalls.linkPointer("libibverbs", "ibv_post_send", DESC);
  }

  /** {@return the C signature of {@code ibv_post_send}, pointers as addresses} */
  static FunctionDescriptor ibv_post_send$descriptor() {
    return ibv_post_send.DESC;
  }

  /**
   * Gives the function of the driver that the inline function {@code ibv_post_send} calls.
   *
   * @param context an open device, {@link ibv_context}
   * @return the function, to be kept and passed to {@link #ibv_post_send} with queues of that
   *     device
   */
  public static MemorySegment ibv_post_send$pointer(MemorySegment context) {
    return ibv_context.ops_post_send(ibv_context.reinterpret(context));
  }

  /**
   * Adds a chain of requests to the send queue: {@code ibv_post_send(3)}. The requests may be
   * changed once the call returns, the memory that they name only after they completed.
   *
   * {@snippet lang=c :
   * int ibv_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
   * }
   *
   * @param function what {@link #ibv_post_send$pointer} gave
   * @param qp address of the {@link ibv_qp}
   * @param wr address of the first {@link ibv_send_wr} of a chain
   * @param badWr address of 8 bytes that receive the address of the first request not taken
   * @return 0, or an errno value (ENOMEM: the queue is full)
   * @throws NativeAccessException if this JVM denies native access
   */
  public static int ibv_post_send(MemorySegment function, long qp, long wr, long badWr) {
    try {
      return (int) ibv_post_send.HANDLE.invokeExact(function, qp, wr, badWr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }

  private static final class ibv_post_recv {
    static final FunctionDescriptor DESC = FunctionDescriptor.of(C_INT, C_LONG, C_LONG, C_LONG);
    static final MethodHandle HANDLE = Downcalls.linkPointer("libibverbs", "ibv_post_recv", DESC);
  }

  /** {@return the C signature of {@code ibv_post_recv}, pointers as addresses} */
  static FunctionDescriptor ibv_post_recv$descriptor() {
    return ibv_post_recv.DESC;
  }

  /**
   * Gives the function of the driver that the inline function {@code ibv_post_recv} calls.
   *
   * @param context an open device, {@link ibv_context}
   * @return the function, to be kept and passed to {@link #ibv_post_recv} with queues of that
   *     device
   */
  public static MemorySegment ibv_post_recv$pointer(MemorySegment context) {
    return ibv_context.ops_post_recv(ibv_context.reinterpret(context));
  }

  /**
   * Adds a chain of requests to the receive queue: {@code ibv_post_recv(3)}.
   *
   * {@snippet lang=c :
   * int ibv_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
   * }
   *
   * @param function what {@link #ibv_post_recv$pointer} gave
   * @param qp address of the {@link ibv_qp}
   * @param wr address of the first {@link ibv_recv_wr} of a chain
   * @param badWr address of 8 bytes that receive the address of the first request not taken
   * @return 0, or an errno value (ENOMEM: the queue is full)
   * @throws NativeAccessException if this JVM denies native access
   */
  public static int ibv_post_recv(MemorySegment function, long qp, long wr, long badWr) {
    try {
      return (int) ibv_post_recv.HANDLE.invokeExact(function, qp, wr, badWr);
    } catch (Error | RuntimeException ex) {
      throw ex;
    } catch (Throwable ex) {
      throw new AssertionError("should not reach here", ex);
    }
  }
}
