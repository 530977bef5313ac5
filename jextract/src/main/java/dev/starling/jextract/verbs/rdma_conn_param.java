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
 * What the sides of a connection tell each other, of {@code <rdma/rdma_cma.h>}; see {@code
 * rdma_connect(3)}.
 *
 * {@snippet lang=c :
 * struct rdma_conn_param {
 *   const void *private_data;
 *   uint8_t private_data_len;
 *   uint8_t responder_resources;
 *   uint8_t initiator_depth;
 *   uint8_t flow_control;
 *   uint8_t retry_count;
 *   uint8_t rnr_retry_count;
 *   uint8_t srq;
 *   uint32_t qp_num;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class rdma_conn_param {
  private rdma_conn_param() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("private_data"),
              C_CHAR.withName("private_data_len"),
              C_CHAR.withName("responder_resources"),
              C_CHAR.withName("initiator_depth"),
              C_CHAR.withName("flow_control"),
              C_CHAR.withName("retry_count"),
              C_CHAR.withName("rnr_retry_count"),
              C_CHAR.withName("srq"),
              MemoryLayout.paddingLayout(1),
              C_INT.withName("qp_num"),
              MemoryLayout.paddingLayout(4))
          .withName("rdma_conn_param");

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

  private static final long private_data$OFFSET = $LAYOUT.byteOffset(groupElement("private_data"));

  /** {@return the offset of {@code private_data} in bytes} */
  public static long private_data$offset() {
    return private_data$OFFSET;
  }

  /**
   * Reads {@code private_data}: bytes for the peer, or from it.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment private_data(MemorySegment struct) {
    return struct.get(C_POINTER, private_data$OFFSET);
  }

  /**
   * Writes {@code private_data}: bytes for the peer, or from it.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void private_data(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, private_data$OFFSET, fieldValue);
  }

  private static final long private_data_len$OFFSET =
      $LAYOUT.byteOffset(groupElement("private_data_len"));

  /** {@return the offset of {@code private_data_len} in bytes} */
  public static long private_data_len$offset() {
    return private_data_len$OFFSET;
  }

  /**
   * Reads {@code private_data_len}: their number, at most 56 to connect and 196 to accept.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte private_data_len(MemorySegment struct) {
    return struct.get(C_CHAR, private_data_len$OFFSET);
  }

  /**
   * Writes {@code private_data_len}: their number, at most 56 to connect and 196 to accept.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void private_data_len(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, private_data_len$OFFSET, fieldValue);
  }

  private static final long responder_resources$OFFSET =
      $LAYOUT.byteOffset(groupElement("responder_resources"));

  /** {@return the offset of {@code responder_resources} in bytes} */
  public static long responder_resources$offset() {
    return responder_resources$OFFSET;
  }

  /**
   * Reads {@code responder_resources}: most outstanding READs and atomics that this side answers.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte responder_resources(MemorySegment struct) {
    return struct.get(C_CHAR, responder_resources$OFFSET);
  }

  /**
   * Writes {@code responder_resources}: most outstanding READs and atomics that this side answers.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void responder_resources(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, responder_resources$OFFSET, fieldValue);
  }

  private static final long initiator_depth$OFFSET =
      $LAYOUT.byteOffset(groupElement("initiator_depth"));

  /** {@return the offset of {@code initiator_depth} in bytes} */
  public static long initiator_depth$offset() {
    return initiator_depth$OFFSET;
  }

  /**
   * Reads {@code initiator_depth}: most outstanding READs and atomics that this side begins.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte initiator_depth(MemorySegment struct) {
    return struct.get(C_CHAR, initiator_depth$OFFSET);
  }

  /**
   * Writes {@code initiator_depth}: most outstanding READs and atomics that this side begins.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void initiator_depth(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, initiator_depth$OFFSET, fieldValue);
  }

  private static final long flow_control$OFFSET = $LAYOUT.byteOffset(groupElement("flow_control"));

  /** {@return the offset of {@code flow_control} in bytes} */
  public static long flow_control$offset() {
    return flow_control$OFFSET;
  }

  /**
   * Reads {@code flow_control}: 1 for flow control by the hardware.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte flow_control(MemorySegment struct) {
    return struct.get(C_CHAR, flow_control$OFFSET);
  }

  /**
   * Writes {@code flow_control}: 1 for flow control by the hardware.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void flow_control(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, flow_control$OFFSET, fieldValue);
  }

  private static final long retry_count$OFFSET = $LAYOUT.byteOffset(groupElement("retry_count"));

  /** {@return the offset of {@code retry_count} in bytes} */
  public static long retry_count$offset() {
    return retry_count$OFFSET;
  }

  /**
   * Reads {@code retry_count}: how often a packet is sent again, 0 to 7; ignored by accept.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte retry_count(MemorySegment struct) {
    return struct.get(C_CHAR, retry_count$OFFSET);
  }

  /**
   * Writes {@code retry_count}: how often a packet is sent again, 0 to 7; ignored by accept.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void retry_count(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, retry_count$OFFSET, fieldValue);
  }

  private static final long rnr_retry_count$OFFSET =
      $LAYOUT.byteOffset(groupElement("rnr_retry_count"));

  /** {@return the offset of {@code rnr_retry_count} in bytes} */
  public static long rnr_retry_count$offset() {
    return rnr_retry_count$OFFSET;
  }

  /**
   * Reads {@code rnr_retry_count}: how often a send is repeated when no receive is posted, 7 for
   * ever.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte rnr_retry_count(MemorySegment struct) {
    return struct.get(C_CHAR, rnr_retry_count$OFFSET);
  }

  /**
   * Writes {@code rnr_retry_count}: how often a send is repeated when no receive is posted, 7 for
   * ever.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void rnr_retry_count(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, rnr_retry_count$OFFSET, fieldValue);
  }

  private static final long srq$OFFSET = $LAYOUT.byteOffset(groupElement("srq"));

  /** {@return the offset of {@code srq} in bytes} */
  public static long srq$offset() {
    return srq$OFFSET;
  }

  /**
   * Reads {@code srq}: 1 if the queue pair has a shared receive queue; ignored if the id created
   * it.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte srq(MemorySegment struct) {
    return struct.get(C_CHAR, srq$OFFSET);
  }

  /**
   * Writes {@code srq}: 1 if the queue pair has a shared receive queue; ignored if the id created
   * it.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void srq(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, srq$OFFSET, fieldValue);
  }

  private static final long qp_num$OFFSET = $LAYOUT.byteOffset(groupElement("qp_num"));

  /** {@return the offset of {@code qp_num} in bytes} */
  public static long qp_num$offset() {
    return qp_num$OFFSET;
  }

  /**
   * Reads {@code qp_num}: number of the queue pair; ignored if the id created it.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_num(MemorySegment struct) {
    return struct.get(C_INT, qp_num$OFFSET);
  }

  /**
   * Writes {@code qp_num}: number of the queue pair; ignored if the id created it.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qp_num(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, qp_num$OFFSET, fieldValue);
  }
}
