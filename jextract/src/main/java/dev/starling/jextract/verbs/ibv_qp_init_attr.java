package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * How a queue pair is to be created, of {@code <infiniband/verbs.h>}; see {@code ibv_create_qp(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_qp_init_attr {
 *   void *qp_context;
 *   struct ibv_cq *send_cq;
 *   struct ibv_cq *recv_cq;
 *   struct ibv_srq *srq;
 *   struct ibv_qp_cap cap;
 *   enum ibv_qp_type qp_type;
 *   int sq_sig_all;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_qp_init_attr {
  private ibv_qp_init_attr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("qp_context"),
              C_POINTER.withName("send_cq"),
              C_POINTER.withName("recv_cq"),
              C_POINTER.withName("srq"),
              ibv_qp_cap.layout().withName("cap"),
              C_INT.withName("qp_type"),
              C_INT.withName("sq_sig_all"),
              MemoryLayout.paddingLayout(4))
          .withName("ibv_qp_init_attr");

  /** {@return the layout of the struct} */
  public static GroupLayout layout() {
    return $LAYOUT;
  }

  /** {@return the size of the struct in bytes} */
  public static long sizeof() {
    return $LAYOUT.byteSize();
  }

  /**
   * Allocates a zeroed struct.
   *
   * @param allocator where the memory comes from; it decides how long the struct lives
   * @return the struct
   */
  public static MemorySegment allocate(SegmentAllocator allocator) {
    return allocator.allocate($LAYOUT).fill((byte) 0);
  }

  /**
   * Views the struct at an address that came from C. Reading it after its owner freed it crashes
   * the JVM.
   *
   * @param pointer its address, not NULL
   * @return the struct
   */
  @SuppressWarnings("restricted")
  public static MemorySegment reinterpret(MemorySegment pointer) {
    return pointer.reinterpret($LAYOUT.byteSize());
  }

  private static final long qp_context$OFFSET = $LAYOUT.byteOffset(groupElement("qp_context"));

  /** {@return the offset of {@code qp_context} in bytes} */
  public static long qp_context$offset() {
    return qp_context$OFFSET;
  }

  /**
   * Reads {@code qp_context}: value kept for the caller.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment qp_context(MemorySegment struct) {
    return struct.get(C_POINTER, qp_context$OFFSET);
  }

  /**
   * Writes {@code qp_context}: value kept for the caller.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qp_context(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, qp_context$OFFSET, fieldValue);
  }

  private static final long send_cq$OFFSET = $LAYOUT.byteOffset(groupElement("send_cq"));

  /** {@return the offset of {@code send_cq} in bytes} */
  public static long send_cq$offset() {
    return send_cq$OFFSET;
  }

  /**
   * Reads {@code send_cq}: queue for completions of sends.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment send_cq(MemorySegment struct) {
    return struct.get(C_POINTER, send_cq$OFFSET);
  }

  /**
   * Writes {@code send_cq}: queue for completions of sends.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void send_cq(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, send_cq$OFFSET, fieldValue);
  }

  private static final long recv_cq$OFFSET = $LAYOUT.byteOffset(groupElement("recv_cq"));

  /** {@return the offset of {@code recv_cq} in bytes} */
  public static long recv_cq$offset() {
    return recv_cq$OFFSET;
  }

  /**
   * Reads {@code recv_cq}: queue for completions of receives.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment recv_cq(MemorySegment struct) {
    return struct.get(C_POINTER, recv_cq$OFFSET);
  }

  /**
   * Writes {@code recv_cq}: queue for completions of receives.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void recv_cq(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, recv_cq$OFFSET, fieldValue);
  }

  private static final long srq$OFFSET = $LAYOUT.byteOffset(groupElement("srq"));

  /** {@return the offset of {@code srq} in bytes} */
  public static long srq$offset() {
    return srq$OFFSET;
  }

  /**
   * Reads {@code srq}: shared receive queue, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment srq(MemorySegment struct) {
    return struct.get(C_POINTER, srq$OFFSET);
  }

  /**
   * Writes {@code srq}: shared receive queue, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void srq(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, srq$OFFSET, fieldValue);
  }

  private static final long cap_max_send_wr$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_send_wr"));

  /** {@return the offset of {@code cap.max_send_wr} in bytes} */
  public static long cap_max_send_wr$offset() {
    return cap_max_send_wr$OFFSET;
  }

  /**
   * Reads {@code cap.max_send_wr}: most requests on the send queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_send_wr(MemorySegment struct) {
    return struct.get(C_INT, cap_max_send_wr$OFFSET);
  }

  /**
   * Writes {@code cap.max_send_wr}: most requests on the send queue.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_send_wr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_send_wr$OFFSET, fieldValue);
  }

  private static final long cap_max_recv_wr$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_recv_wr"));

  /** {@return the offset of {@code cap.max_recv_wr} in bytes} */
  public static long cap_max_recv_wr$offset() {
    return cap_max_recv_wr$OFFSET;
  }

  /**
   * Reads {@code cap.max_recv_wr}: most requests on the receive queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_recv_wr(MemorySegment struct) {
    return struct.get(C_INT, cap_max_recv_wr$OFFSET);
  }

  /**
   * Writes {@code cap.max_recv_wr}: most requests on the receive queue.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_recv_wr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_recv_wr$OFFSET, fieldValue);
  }

  private static final long cap_max_send_sge$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_send_sge"));

  /** {@return the offset of {@code cap.max_send_sge} in bytes} */
  public static long cap_max_send_sge$offset() {
    return cap_max_send_sge$OFFSET;
  }

  /**
   * Reads {@code cap.max_send_sge}: most pieces of memory in a send request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_send_sge(MemorySegment struct) {
    return struct.get(C_INT, cap_max_send_sge$OFFSET);
  }

  /**
   * Writes {@code cap.max_send_sge}: most pieces of memory in a send request.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_send_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_send_sge$OFFSET, fieldValue);
  }

  private static final long cap_max_recv_sge$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_recv_sge"));

  /** {@return the offset of {@code cap.max_recv_sge} in bytes} */
  public static long cap_max_recv_sge$offset() {
    return cap_max_recv_sge$OFFSET;
  }

  /**
   * Reads {@code cap.max_recv_sge}: most pieces of memory in a receive request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_recv_sge(MemorySegment struct) {
    return struct.get(C_INT, cap_max_recv_sge$OFFSET);
  }

  /**
   * Writes {@code cap.max_recv_sge}: most pieces of memory in a receive request.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_recv_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_recv_sge$OFFSET, fieldValue);
  }

  private static final long cap_max_inline_data$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_inline_data"));

  /** {@return the offset of {@code cap.max_inline_data} in bytes} */
  public static long cap_max_inline_data$offset() {
    return cap_max_inline_data$OFFSET;
  }

  /**
   * Reads {@code cap.max_inline_data}: most bytes that a send request carries inline.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_inline_data(MemorySegment struct) {
    return struct.get(C_INT, cap_max_inline_data$OFFSET);
  }

  /**
   * Writes {@code cap.max_inline_data}: most bytes that a send request carries inline.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_inline_data(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_inline_data$OFFSET, fieldValue);
  }

  private static final long qp_type$OFFSET = $LAYOUT.byteOffset(groupElement("qp_type"));

  /** {@return the offset of {@code qp_type} in bytes} */
  public static long qp_type$offset() {
    return qp_type$OFFSET;
  }

  /**
   * Reads {@code qp_type}: IBV_QPT_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_type(MemorySegment struct) {
    return struct.get(C_INT, qp_type$OFFSET);
  }

  /**
   * Writes {@code qp_type}: IBV_QPT_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qp_type(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, qp_type$OFFSET, fieldValue);
  }

  private static final long sq_sig_all$OFFSET = $LAYOUT.byteOffset(groupElement("sq_sig_all"));

  /** {@return the offset of {@code sq_sig_all} in bytes} */
  public static long sq_sig_all$offset() {
    return sq_sig_all$OFFSET;
  }

  /**
   * Reads {@code sq_sig_all}: 1: each send request completes; 0: only those with IBV_SEND_SIGNALED.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sq_sig_all(MemorySegment struct) {
    return struct.get(C_INT, sq_sig_all$OFFSET);
  }

  /**
   * Writes {@code sq_sig_all}: 1: each send request completes; 0: only those with
   * IBV_SEND_SIGNALED.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sq_sig_all(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, sq_sig_all$OFFSET, fieldValue);
  }
}
