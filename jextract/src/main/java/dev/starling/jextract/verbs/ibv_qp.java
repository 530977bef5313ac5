package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A queue pair, of {@code <infiniband/verbs.h>}; see {@code ibv_create_qp(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_qp {
 *   struct ibv_context *context;
 *   void *qp_context;
 *   struct ibv_pd *pd;
 *   struct ibv_cq *send_cq;
 *   struct ibv_cq *recv_cq;
 *   struct ibv_srq *srq;
 *   uint32_t handle;
 *   uint32_t qp_num;
 *   enum ibv_qp_state state;
 *   enum ibv_qp_type qp_type;
 *   // mutex, condition, counter of events
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_qp {
  private ibv_qp() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("context"),
              C_POINTER.withName("qp_context"),
              C_POINTER.withName("pd"),
              C_POINTER.withName("send_cq"),
              C_POINTER.withName("recv_cq"),
              C_POINTER.withName("srq"),
              C_INT.withName("handle"),
              C_INT.withName("qp_num"),
              C_INT.withName("state"),
              C_INT.withName("qp_type"),
              MemoryLayout.paddingLayout(96))
          .withName("ibv_qp");

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

  private static final long context$OFFSET = $LAYOUT.byteOffset(groupElement("context"));

  /** {@return the offset of {@code context} in bytes} */
  public static long context$offset() {
    return context$OFFSET;
  }

  /**
   * Reads {@code context}: device that it belongs to.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment context(MemorySegment struct) {
    return struct.get(C_POINTER, context$OFFSET);
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

  private static final long pd$OFFSET = $LAYOUT.byteOffset(groupElement("pd"));

  /** {@return the offset of {@code pd} in bytes} */
  public static long pd$offset() {
    return pd$OFFSET;
  }

  /**
   * Reads {@code pd}: protection domain that it belongs to.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment pd(MemorySegment struct) {
    return struct.get(C_POINTER, pd$OFFSET);
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

  private static final long handle$OFFSET = $LAYOUT.byteOffset(groupElement("handle"));

  /** {@return the offset of {@code handle} in bytes} */
  public static long handle$offset() {
    return handle$OFFSET;
  }

  /**
   * Reads {@code handle}: handle of the kernel.
   *
   * @param struct the struct
   * @return its value
   */
  public static int handle(MemorySegment struct) {
    return struct.get(C_INT, handle$OFFSET);
  }

  private static final long qp_num$OFFSET = $LAYOUT.byteOffset(groupElement("qp_num"));

  /** {@return the offset of {@code qp_num} in bytes} */
  public static long qp_num$offset() {
    return qp_num$OFFSET;
  }

  /**
   * Reads {@code qp_num}: number, 24 bits.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_num(MemorySegment struct) {
    return struct.get(C_INT, qp_num$OFFSET);
  }

  private static final long state$OFFSET = $LAYOUT.byteOffset(groupElement("state"));

  /** {@return the offset of {@code state} in bytes} */
  public static long state$offset() {
    return state$OFFSET;
  }

  /**
   * Reads {@code state}: IBV_QPS_ state that this process last asked for.
   *
   * @param struct the struct
   * @return its value
   */
  public static int state(MemorySegment struct) {
    return struct.get(C_INT, state$OFFSET);
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
}
