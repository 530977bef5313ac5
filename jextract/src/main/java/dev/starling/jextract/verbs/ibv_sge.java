package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * One piece of local memory of a work request, of {@code <infiniband/verbs.h>}; see {@code
 * ibv_post_send(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_sge {
 *   uint64_t addr;
 *   uint32_t length;
 *   uint32_t lkey;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_sge {
  private ibv_sge() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_LONG.withName("addr"), C_INT.withName("length"), C_INT.withName("lkey"))
          .withName("ibv_sge");

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

  private static final long addr$OFFSET = $LAYOUT.byteOffset(groupElement("addr"));

  /** {@return the offset of {@code addr} in bytes} */
  public static long addr$offset() {
    return addr$OFFSET;
  }

  /**
   * Reads {@code addr}: address of the memory in this process.
   *
   * @param struct the struct
   * @return its value
   */
  public static long addr(MemorySegment struct) {
    return struct.get(C_LONG, addr$OFFSET);
  }

  /**
   * Writes {@code addr}: address of the memory in this process.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void addr(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, addr$OFFSET, fieldValue);
  }

  private static final long length$OFFSET = $LAYOUT.byteOffset(groupElement("length"));

  /** {@return the offset of {@code length} in bytes} */
  public static long length$offset() {
    return length$OFFSET;
  }

  /**
   * Reads {@code length}: number of bytes.
   *
   * @param struct the struct
   * @return its value
   */
  public static int length(MemorySegment struct) {
    return struct.get(C_INT, length$OFFSET);
  }

  /**
   * Writes {@code length}: number of bytes.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void length(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, length$OFFSET, fieldValue);
  }

  private static final long lkey$OFFSET = $LAYOUT.byteOffset(groupElement("lkey"));

  /** {@return the offset of {@code lkey} in bytes} */
  public static long lkey$offset() {
    return lkey$OFFSET;
  }

  /**
   * Reads {@code lkey}: local key of the region that holds it.
   *
   * @param struct the struct
   * @return its value
   */
  public static int lkey(MemorySegment struct) {
    return struct.get(C_INT, lkey$OFFSET);
  }

  /**
   * Writes {@code lkey}: local key of the region that holds it.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void lkey(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, lkey$OFFSET, fieldValue);
  }
}
