package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * An asynchronous event of a device, of {@code <infiniband/verbs.h>}; see {@code
 * ibv_get_async_event(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_async_event {
 *   union {
 *     struct ibv_cq *cq;
 *     struct ibv_qp *qp;
 *     struct ibv_srq *srq;
 *     struct ibv_wq *wq;
 *     int port_num;
 *   } element;
 *   enum ibv_event_type event_type;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_async_event {
  private ibv_async_event() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              MemoryLayout.unionLayout(
                      C_POINTER.withName("cq"),
                      C_POINTER.withName("qp"),
                      C_POINTER.withName("srq"),
                      C_POINTER.withName("wq"),
                      C_INT.withName("port_num"))
                  .withName("element"),
              C_INT.withName("event_type"),
              MemoryLayout.paddingLayout(4))
          .withName("ibv_async_event");

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

  private static final long element_cq$OFFSET =
      $LAYOUT.byteOffset(groupElement("element"), groupElement("cq"));

  /** {@return the offset of {@code element.cq} in bytes} */
  public static long element_cq$offset() {
    return element_cq$OFFSET;
  }

  /**
   * Reads {@code element.cq}: queue that the event is about, for IBV_EVENT_CQ_ events.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment element_cq(MemorySegment struct) {
    return struct.get(C_POINTER, element_cq$OFFSET);
  }

  /**
   * Writes {@code element.cq}: queue that the event is about, for IBV_EVENT_CQ_ events.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void element_cq(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, element_cq$OFFSET, fieldValue);
  }

  private static final long element_qp$OFFSET =
      $LAYOUT.byteOffset(groupElement("element"), groupElement("qp"));

  /** {@return the offset of {@code element.qp} in bytes} */
  public static long element_qp$offset() {
    return element_qp$OFFSET;
  }

  /**
   * Reads {@code element.qp}: queue pair that it is about, for IBV_EVENT_QP_ and connection events.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment element_qp(MemorySegment struct) {
    return struct.get(C_POINTER, element_qp$OFFSET);
  }

  /**
   * Writes {@code element.qp}: queue pair that it is about, for IBV_EVENT_QP_ and connection
   * events.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void element_qp(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, element_qp$OFFSET, fieldValue);
  }

  private static final long element_port_num$OFFSET =
      $LAYOUT.byteOffset(groupElement("element"), groupElement("port_num"));

  /** {@return the offset of {@code element.port_num} in bytes} */
  public static long element_port_num$offset() {
    return element_port_num$OFFSET;
  }

  /**
   * Reads {@code element.port_num}: port that it is about, for IBV_EVENT_PORT_ and address events.
   *
   * @param struct the struct
   * @return its value
   */
  public static int element_port_num(MemorySegment struct) {
    return struct.get(C_INT, element_port_num$OFFSET);
  }

  /**
   * Writes {@code element.port_num}: port that it is about, for IBV_EVENT_PORT_ and address events.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void element_port_num(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, element_port_num$OFFSET, fieldValue);
  }

  private static final long event_type$OFFSET = $LAYOUT.byteOffset(groupElement("event_type"));

  /** {@return the offset of {@code event_type} in bytes} */
  public static long event_type$offset() {
    return event_type$OFFSET;
  }

  /**
   * Reads {@code event_type}: IBV_EVENT_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int event_type(MemorySegment struct) {
    return struct.get(C_INT, event_type$OFFSET);
  }

  /**
   * Writes {@code event_type}: IBV_EVENT_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void event_type(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, event_type$OFFSET, fieldValue);
  }
}
