package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A channel for completion events, of {@code <infiniband/verbs.h>}; see {@code
 * ibv_create_comp_channel(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_comp_channel {
 *   struct ibv_context *context;
 *   int fd;
 *   int refcnt;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_comp_channel {
  private ibv_comp_channel() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("context"), C_INT.withName("fd"), C_INT.withName("refcnt"))
          .withName("ibv_comp_channel");

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

  private static final long fd$OFFSET = $LAYOUT.byteOffset(groupElement("fd"));

  /** {@return the offset of {@code fd} in bytes} */
  public static long fd$offset() {
    return fd$OFFSET;
  }

  /**
   * Reads {@code fd}: descriptor that is readable when a completion event waits.
   *
   * @param struct the struct
   * @return its value
   */
  public static int fd(MemorySegment struct) {
    return struct.get(C_INT, fd$OFFSET);
  }

  private static final long refcnt$OFFSET = $LAYOUT.byteOffset(groupElement("refcnt"));

  /** {@return the offset of {@code refcnt} in bytes} */
  public static long refcnt$offset() {
    return refcnt$OFFSET;
  }

  /**
   * Reads {@code refcnt}: number of completion queues that use it.
   *
   * @param struct the struct
   * @return its value
   */
  public static int refcnt(MemorySegment struct) {
    return struct.get(C_INT, refcnt$OFFSET);
  }
}
