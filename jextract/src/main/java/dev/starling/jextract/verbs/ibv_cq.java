package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A completion queue, of {@code <infiniband/verbs.h>}; see {@code ibv_create_cq(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_cq {
 *   struct ibv_context *context;
 *   struct ibv_comp_channel *channel;
 *   void *cq_context;
 *   uint32_t handle;
 *   int cqe;
 *   // mutex, condition, counters of events
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_cq {
  private ibv_cq() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("context"),
              C_POINTER.withName("channel"),
              C_POINTER.withName("cq_context"),
              C_INT.withName("handle"),
              C_INT.withName("cqe"),
              MemoryLayout.paddingLayout(96))
          .withName("ibv_cq");

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

  private static final long channel$OFFSET = $LAYOUT.byteOffset(groupElement("channel"));

  /** {@return the offset of {@code channel} in bytes} */
  public static long channel$offset() {
    return channel$OFFSET;
  }

  /**
   * Reads {@code channel}: channel of its events, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment channel(MemorySegment struct) {
    return struct.get(C_POINTER, channel$OFFSET);
  }

  private static final long cq_context$OFFSET = $LAYOUT.byteOffset(groupElement("cq_context"));

  /** {@return the offset of {@code cq_context} in bytes} */
  public static long cq_context$offset() {
    return cq_context$OFFSET;
  }

  /**
   * Reads {@code cq_context}: value kept for the caller.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment cq_context(MemorySegment struct) {
    return struct.get(C_POINTER, cq_context$OFFSET);
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

  private static final long cqe$OFFSET = $LAYOUT.byteOffset(groupElement("cqe"));

  /** {@return the offset of {@code cqe} in bytes} */
  public static long cqe$offset() {
    return cqe$OFFSET;
  }

  /**
   * Reads {@code cqe}: number of entries.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cqe(MemorySegment struct) {
    return struct.get(C_INT, cqe$OFFSET);
  }
}
