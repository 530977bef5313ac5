package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * The address of a port, of {@code <infiniband/verbs.h>}; see {@code ibv_query_gid(3)}. On Ethernet
 * an IPv4 address a.b.c.d is {@code ::ffff:a.b.c.d}.
 *
 * {@snippet lang=c :
 * union ibv_gid {
 *   uint8_t raw[16];
 *   struct {
 *     __be64 subnet_prefix;
 *     __be64 interface_id;
 *   } global;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_gid {
  private ibv_gid() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.unionLayout(
              MemoryLayout.sequenceLayout(16, C_CHAR).withName("raw"),
              MemoryLayout.structLayout(
                      C_LONG.withName("subnet_prefix"), C_LONG.withName("interface_id"))
                  .withName("global"))
          .withName("ibv_gid");

  /** {@return the layout of the union} */
  public static GroupLayout layout() {
    return $LAYOUT;
  }

  /** {@return the size of the union in bytes} */
  public static long sizeof() {
    return $LAYOUT.byteSize();
  }

  /**
   * Allocates a zeroed union.
   *
   * @param allocator where the memory comes from; it decides how long the union lives
   * @return the union
   */
  public static MemorySegment allocate(SegmentAllocator allocator) {
    return allocator.allocate($LAYOUT).fill((byte) 0);
  }

  /**
   * Views the union at an address that came from C. Reading it after its owner freed it crashes the
   * JVM.
   *
   * @param pointer its address, not NULL
   * @return the union
   */
  @SuppressWarnings("restricted")
  public static MemorySegment reinterpret(MemorySegment pointer) {
    return pointer.reinterpret($LAYOUT.byteSize());
  }

  private static final long raw$OFFSET = $LAYOUT.byteOffset(groupElement("raw"));

  /** {@return the offset of {@code raw} in bytes} */
  public static long raw$offset() {
    return raw$OFFSET;
  }

  /**
   * Gives {@code raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment raw(MemorySegment struct) {
    return struct.asSlice(raw$OFFSET, 16);
  }

  private static final long global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(groupElement("global"), groupElement("subnet_prefix"));

  /** {@return the offset of {@code global.subnet_prefix} in bytes} */
  public static long global_subnet_prefix$offset() {
    return global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, global_subnet_prefix$OFFSET);
  }

  /**
   * Writes {@code global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void global_subnet_prefix(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, global_subnet_prefix$OFFSET, fieldValue);
  }

  private static final long global_interface_id$OFFSET =
      $LAYOUT.byteOffset(groupElement("global"), groupElement("interface_id"));

  /** {@return the offset of {@code global.interface_id} in bytes} */
  public static long global_interface_id$offset() {
    return global_interface_id$OFFSET;
  }

  /**
   * Reads {@code global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, global_interface_id$OFFSET);
  }

  /**
   * Writes {@code global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void global_interface_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, global_interface_id$OFFSET, fieldValue);
  }
}
