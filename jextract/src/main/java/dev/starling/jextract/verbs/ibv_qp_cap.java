package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * The size of a queue pair, of {@code <infiniband/verbs.h>}; see {@code ibv_create_qp(3)}, which
 * writes back what it gave.
 *
 * {@snippet lang=c :
 * struct ibv_qp_cap {
 *   uint32_t max_send_wr;
 *   uint32_t max_recv_wr;
 *   uint32_t max_send_sge;
 *   uint32_t max_recv_sge;
 *   uint32_t max_inline_data;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_qp_cap {
  private ibv_qp_cap() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_INT.withName("max_send_wr"),
              C_INT.withName("max_recv_wr"),
              C_INT.withName("max_send_sge"),
              C_INT.withName("max_recv_sge"),
              C_INT.withName("max_inline_data"))
          .withName("ibv_qp_cap");

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

  private static final long max_send_wr$OFFSET = $LAYOUT.byteOffset(groupElement("max_send_wr"));

  /** {@return the offset of {@code max_send_wr} in bytes} */
  public static long max_send_wr$offset() {
    return max_send_wr$OFFSET;
  }

  /**
   * Reads {@code max_send_wr}: most requests on the send queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_send_wr(MemorySegment struct) {
    return struct.get(C_INT, max_send_wr$OFFSET);
  }

  /**
   * Writes {@code max_send_wr}: most requests on the send queue.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_send_wr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, max_send_wr$OFFSET, fieldValue);
  }

  private static final long max_recv_wr$OFFSET = $LAYOUT.byteOffset(groupElement("max_recv_wr"));

  /** {@return the offset of {@code max_recv_wr} in bytes} */
  public static long max_recv_wr$offset() {
    return max_recv_wr$OFFSET;
  }

  /**
   * Reads {@code max_recv_wr}: most requests on the receive queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_recv_wr(MemorySegment struct) {
    return struct.get(C_INT, max_recv_wr$OFFSET);
  }

  /**
   * Writes {@code max_recv_wr}: most requests on the receive queue.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_recv_wr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, max_recv_wr$OFFSET, fieldValue);
  }

  private static final long max_send_sge$OFFSET = $LAYOUT.byteOffset(groupElement("max_send_sge"));

  /** {@return the offset of {@code max_send_sge} in bytes} */
  public static long max_send_sge$offset() {
    return max_send_sge$OFFSET;
  }

  /**
   * Reads {@code max_send_sge}: most pieces of memory in a send request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_send_sge(MemorySegment struct) {
    return struct.get(C_INT, max_send_sge$OFFSET);
  }

  /**
   * Writes {@code max_send_sge}: most pieces of memory in a send request.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_send_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, max_send_sge$OFFSET, fieldValue);
  }

  private static final long max_recv_sge$OFFSET = $LAYOUT.byteOffset(groupElement("max_recv_sge"));

  /** {@return the offset of {@code max_recv_sge} in bytes} */
  public static long max_recv_sge$offset() {
    return max_recv_sge$OFFSET;
  }

  /**
   * Reads {@code max_recv_sge}: most pieces of memory in a receive request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_recv_sge(MemorySegment struct) {
    return struct.get(C_INT, max_recv_sge$OFFSET);
  }

  /**
   * Writes {@code max_recv_sge}: most pieces of memory in a receive request.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_recv_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, max_recv_sge$OFFSET, fieldValue);
  }

  private static final long max_inline_data$OFFSET =
      $LAYOUT.byteOffset(groupElement("max_inline_data"));

  /** {@return the offset of {@code max_inline_data} in bytes} */
  public static long max_inline_data$offset() {
    return max_inline_data$OFFSET;
  }

  /**
   * Reads {@code max_inline_data}: most bytes that a send request carries inline.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_inline_data(MemorySegment struct) {
    return struct.get(C_INT, max_inline_data$OFFSET);
  }

  /**
   * Writes {@code max_inline_data}: most bytes that a send request carries inline.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_inline_data(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, max_inline_data$OFFSET, fieldValue);
  }
}
