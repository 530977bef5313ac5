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
 * A registered memory region, of {@code <infiniband/verbs.h>}; see {@code ibv_reg_mr(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_mr {
 *   struct ibv_context *context;
 *   struct ibv_pd *pd;
 *   void *addr;
 *   size_t length;
 *   uint32_t handle;
 *   uint32_t lkey;
 *   uint32_t rkey;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_mr {
  private ibv_mr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("context"),
              C_POINTER.withName("pd"),
              C_POINTER.withName("addr"),
              C_LONG.withName("length"),
              C_INT.withName("handle"),
              C_INT.withName("lkey"),
              C_INT.withName("rkey"),
              MemoryLayout.paddingLayout(4))
          .withName("ibv_mr");

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

  private static final long addr$OFFSET = $LAYOUT.byteOffset(groupElement("addr"));

  /** {@return the offset of {@code addr} in bytes} */
  public static long addr$offset() {
    return addr$OFFSET;
  }

  /**
   * Reads {@code addr}: first byte.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment addr(MemorySegment struct) {
    return struct.get(C_POINTER, addr$OFFSET);
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
  public static long length(MemorySegment struct) {
    return struct.get(C_LONG, length$OFFSET);
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

  private static final long lkey$OFFSET = $LAYOUT.byteOffset(groupElement("lkey"));

  /** {@return the offset of {@code lkey} in bytes} */
  public static long lkey$offset() {
    return lkey$OFFSET;
  }

  /**
   * Reads {@code lkey}: key for requests of this process.
   *
   * @param struct the struct
   * @return its value
   */
  public static int lkey(MemorySegment struct) {
    return struct.get(C_INT, lkey$OFFSET);
  }

  private static final long rkey$OFFSET = $LAYOUT.byteOffset(groupElement("rkey"));

  /** {@return the offset of {@code rkey} in bytes} */
  public static long rkey$offset() {
    return rkey$OFFSET;
  }

  /**
   * Reads {@code rkey}: key for requests of peers.
   *
   * @param struct the struct
   * @return its value
   */
  public static int rkey(MemorySegment struct) {
    return struct.get(C_INT, rkey$OFFSET);
  }
}
