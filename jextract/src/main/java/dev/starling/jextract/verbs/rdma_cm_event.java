package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A connection event, of {@code <rdma/rdma_cma.h>}; see {@code rdma_get_cm_event(3)}.
 *
 * {@snippet lang=c :
 * struct rdma_cm_event {
 *   struct rdma_cm_id *id;
 *   struct rdma_cm_id *listen_id;
 *   enum rdma_cm_event_type event;
 *   int status;
 *   union {
 *     struct rdma_conn_param conn;
 *     struct rdma_ud_param ud;
 *   } param;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters. It and its private data live until
 * {@code rdma_ack_cm_event}.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class rdma_cm_event {
  private rdma_cm_event() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("id"),
              C_POINTER.withName("listen_id"),
              C_INT.withName("event"),
              C_INT.withName("status"),
              MemoryLayout.unionLayout(
                      rdma_conn_param.layout().withName("conn"), MemoryLayout.paddingLayout(56))
                  .withName("param"))
          .withName("rdma_cm_event");

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

  private static final long id$OFFSET = $LAYOUT.byteOffset(groupElement("id"));

  /** {@return the offset of {@code id} in bytes} */
  public static long id$offset() {
    return id$OFFSET;
  }

  /**
   * Reads {@code id}: id that the event is about; a new one for RDMA_CM_EVENT_CONNECT_REQUEST.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment id(MemorySegment struct) {
    return struct.get(C_POINTER, id$OFFSET);
  }

  private static final long listen_id$OFFSET = $LAYOUT.byteOffset(groupElement("listen_id"));

  /** {@return the offset of {@code listen_id} in bytes} */
  public static long listen_id$offset() {
    return listen_id$OFFSET;
  }

  /**
   * Reads {@code listen_id}: listening id, for RDMA_CM_EVENT_CONNECT_REQUEST.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment listen_id(MemorySegment struct) {
    return struct.get(C_POINTER, listen_id$OFFSET);
  }

  private static final long event$OFFSET = $LAYOUT.byteOffset(groupElement("event"));

  /** {@return the offset of {@code event} in bytes} */
  public static long event$offset() {
    return event$OFFSET;
  }

  /**
   * Reads {@code event}: RDMA_CM_EVENT_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int event(MemorySegment struct) {
    return struct.get(C_INT, event$OFFSET);
  }

  private static final long status$OFFSET = $LAYOUT.byteOffset(groupElement("status"));

  /** {@return the offset of {@code status} in bytes} */
  public static long status$offset() {
    return status$OFFSET;
  }

  /**
   * Reads {@code status}: 0, a negative errno value, or the reason of a rejection.
   *
   * @param struct the struct
   * @return its value
   */
  public static int status(MemorySegment struct) {
    return struct.get(C_INT, status$OFFSET);
  }

  private static final long param_conn_private_data$OFFSET =
      $LAYOUT.byteOffset(groupElement("param"), groupElement("conn"), groupElement("private_data"));

  /** {@return the offset of {@code param.conn.private_data} in bytes} */
  public static long param_conn_private_data$offset() {
    return param_conn_private_data$OFFSET;
  }

  /**
   * Reads {@code param.conn.private_data}: bytes for the peer, or from it.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment param_conn_private_data(MemorySegment struct) {
    return struct.get(C_POINTER, param_conn_private_data$OFFSET);
  }

  private static final long param_conn_private_data_len$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("param"), groupElement("conn"), groupElement("private_data_len"));

  /** {@return the offset of {@code param.conn.private_data_len} in bytes} */
  public static long param_conn_private_data_len$offset() {
    return param_conn_private_data_len$OFFSET;
  }

  /**
   * Reads {@code param.conn.private_data_len}: their number, at most 56 to connect and 196 to
   * accept.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_private_data_len(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_private_data_len$OFFSET);
  }

  private static final long param_conn_responder_resources$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("param"), groupElement("conn"), groupElement("responder_resources"));

  /** {@return the offset of {@code param.conn.responder_resources} in bytes} */
  public static long param_conn_responder_resources$offset() {
    return param_conn_responder_resources$OFFSET;
  }

  /**
   * Reads {@code param.conn.responder_resources}: most outstanding READs and atomics that this side
   * answers.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_responder_resources(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_responder_resources$OFFSET);
  }

  private static final long param_conn_initiator_depth$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("param"), groupElement("conn"), groupElement("initiator_depth"));

  /** {@return the offset of {@code param.conn.initiator_depth} in bytes} */
  public static long param_conn_initiator_depth$offset() {
    return param_conn_initiator_depth$OFFSET;
  }

  /**
   * Reads {@code param.conn.initiator_depth}: most outstanding READs and atomics that this side
   * begins.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_initiator_depth(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_initiator_depth$OFFSET);
  }

  private static final long param_conn_flow_control$OFFSET =
      $LAYOUT.byteOffset(groupElement("param"), groupElement("conn"), groupElement("flow_control"));

  /** {@return the offset of {@code param.conn.flow_control} in bytes} */
  public static long param_conn_flow_control$offset() {
    return param_conn_flow_control$OFFSET;
  }

  /**
   * Reads {@code param.conn.flow_control}: 1 for flow control by the hardware.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_flow_control(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_flow_control$OFFSET);
  }

  private static final long param_conn_retry_count$OFFSET =
      $LAYOUT.byteOffset(groupElement("param"), groupElement("conn"), groupElement("retry_count"));

  /** {@return the offset of {@code param.conn.retry_count} in bytes} */
  public static long param_conn_retry_count$offset() {
    return param_conn_retry_count$OFFSET;
  }

  /**
   * Reads {@code param.conn.retry_count}: how often a packet is sent again, 0 to 7; ignored by
   * accept.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_retry_count(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_retry_count$OFFSET);
  }

  private static final long param_conn_rnr_retry_count$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("param"), groupElement("conn"), groupElement("rnr_retry_count"));

  /** {@return the offset of {@code param.conn.rnr_retry_count} in bytes} */
  public static long param_conn_rnr_retry_count$offset() {
    return param_conn_rnr_retry_count$OFFSET;
  }

  /**
   * Reads {@code param.conn.rnr_retry_count}: how often a send is repeated when no receive is
   * posted, 7 for ever.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_rnr_retry_count(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_rnr_retry_count$OFFSET);
  }

  private static final long param_conn_srq$OFFSET =
      $LAYOUT.byteOffset(groupElement("param"), groupElement("conn"), groupElement("srq"));

  /** {@return the offset of {@code param.conn.srq} in bytes} */
  public static long param_conn_srq$offset() {
    return param_conn_srq$OFFSET;
  }

  /**
   * Reads {@code param.conn.srq}: 1 if the queue pair has a shared receive queue; ignored if the id
   * created it.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte param_conn_srq(MemorySegment struct) {
    return struct.get(C_CHAR, param_conn_srq$OFFSET);
  }

  private static final long param_conn_qp_num$OFFSET =
      $LAYOUT.byteOffset(groupElement("param"), groupElement("conn"), groupElement("qp_num"));

  /** {@return the offset of {@code param.conn.qp_num} in bytes} */
  public static long param_conn_qp_num$offset() {
    return param_conn_qp_num$OFFSET;
  }

  /**
   * Reads {@code param.conn.qp_num}: number of the queue pair; ignored if the id created it.
   *
   * @param struct the struct
   * @return its value
   */
  public static int param_conn_qp_num(MemorySegment struct) {
    return struct.get(C_INT, param_conn_qp_num$OFFSET);
  }
}
