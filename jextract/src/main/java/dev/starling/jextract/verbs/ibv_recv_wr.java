package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A request for the receive queue, of {@code <infiniband/verbs.h>}; see {@code ibv_post_recv(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_recv_wr {
 *   uint64_t wr_id;
 *   struct ibv_recv_wr *next;
 *   struct ibv_sge *sg_list;
 *   int num_sge;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_recv_wr {
  private ibv_recv_wr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_LONG.withName("wr_id"),
              C_POINTER.withName("next"),
              C_POINTER.withName("sg_list"),
              C_INT.withName("num_sge"),
              MemoryLayout.paddingLayout(4))
          .withName("ibv_recv_wr");

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

  private static final long wr_id$OFFSET = $LAYOUT.byteOffset(groupElement("wr_id"));

  /** {@return the offset of {@code wr_id} in bytes} */
  public static long wr_id$offset() {
    return wr_id$OFFSET;
  }

  /**
   * Reads {@code wr_id}: what the completion carries back.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_id(MemorySegment struct) {
    return struct.get(C_LONG, wr_id$OFFSET);
  }

  /**
   * Writes {@code wr_id}: what the completion carries back.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_id$OFFSET, fieldValue);
  }

  private static final long next$OFFSET = $LAYOUT.byteOffset(groupElement("next"));

  /** {@return the offset of {@code next} in bytes} */
  public static long next$offset() {
    return next$OFFSET;
  }

  /**
   * Reads {@code next}: next request of the chain, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment next(MemorySegment struct) {
    return struct.get(C_POINTER, next$OFFSET);
  }

  /**
   * Writes {@code next}: next request of the chain, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void next(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, next$OFFSET, fieldValue);
  }

  private static final long sg_list$OFFSET = $LAYOUT.byteOffset(groupElement("sg_list"));

  /** {@return the offset of {@code sg_list} in bytes} */
  public static long sg_list$offset() {
    return sg_list$OFFSET;
  }

  /**
   * Reads {@code sg_list}: array of {@link ibv_sge}.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment sg_list(MemorySegment struct) {
    return struct.get(C_POINTER, sg_list$OFFSET);
  }

  /**
   * Writes {@code sg_list}: array of {@link ibv_sge}.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sg_list(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, sg_list$OFFSET, fieldValue);
  }

  private static final long num_sge$OFFSET = $LAYOUT.byteOffset(groupElement("num_sge"));

  /** {@return the offset of {@code num_sge} in bytes} */
  public static long num_sge$offset() {
    return num_sge$OFFSET;
  }

  /**
   * Reads {@code num_sge}: length of that array.
   *
   * @param struct the struct
   * @return its value
   */
  public static int num_sge(MemorySegment struct) {
    return struct.get(C_INT, num_sge$OFFSET);
  }

  /**
   * Writes {@code num_sge}: length of that array.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void num_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, num_sge$OFFSET, fieldValue);
  }
}
