package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * One entry of the address table of a port with its type, of {@code <infiniband/verbs.h>}; see
 * {@code ibv_query_gid_ex(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_gid_entry {
 *   union ibv_gid gid;
 *   uint32_t gid_index;
 *   uint32_t port_num;
 *   uint32_t gid_type;
 *   uint32_t ndev_ifindex;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_gid_entry {
  private ibv_gid_entry() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              ibv_gid.layout().withName("gid"),
              C_INT.withName("gid_index"),
              C_INT.withName("port_num"),
              C_INT.withName("gid_type"),
              C_INT.withName("ndev_ifindex"))
          .withName("ibv_gid_entry");

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

  private static final long gid_raw$OFFSET =
      $LAYOUT.byteOffset(groupElement("gid"), groupElement("raw"));

  /** {@return the offset of {@code gid.raw} in bytes} */
  public static long gid_raw$offset() {
    return gid_raw$OFFSET;
  }

  /**
   * Gives {@code gid.raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment gid_raw(MemorySegment struct) {
    return struct.asSlice(gid_raw$OFFSET, 16);
  }

  private static final long gid_global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("gid"), groupElement("global"), groupElement("subnet_prefix"));

  /** {@return the offset of {@code gid.global.subnet_prefix} in bytes} */
  public static long gid_global_subnet_prefix$offset() {
    return gid_global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code gid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long gid_global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, gid_global_subnet_prefix$OFFSET);
  }

  /**
   * Writes {@code gid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void gid_global_subnet_prefix(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, gid_global_subnet_prefix$OFFSET, fieldValue);
  }

  private static final long gid_global_interface_id$OFFSET =
      $LAYOUT.byteOffset(groupElement("gid"), groupElement("global"), groupElement("interface_id"));

  /** {@return the offset of {@code gid.global.interface_id} in bytes} */
  public static long gid_global_interface_id$offset() {
    return gid_global_interface_id$OFFSET;
  }

  /**
   * Reads {@code gid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long gid_global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, gid_global_interface_id$OFFSET);
  }

  /**
   * Writes {@code gid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void gid_global_interface_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, gid_global_interface_id$OFFSET, fieldValue);
  }

  private static final long gid_index$OFFSET = $LAYOUT.byteOffset(groupElement("gid_index"));

  /** {@return the offset of {@code gid_index} in bytes} */
  public static long gid_index$offset() {
    return gid_index$OFFSET;
  }

  /**
   * Reads {@code gid_index}: index in the table of the port.
   *
   * @param struct the struct
   * @return its value
   */
  public static int gid_index(MemorySegment struct) {
    return struct.get(C_INT, gid_index$OFFSET);
  }

  /**
   * Writes {@code gid_index}: index in the table of the port.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void gid_index(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, gid_index$OFFSET, fieldValue);
  }

  private static final long port_num$OFFSET = $LAYOUT.byteOffset(groupElement("port_num"));

  /** {@return the offset of {@code port_num} in bytes} */
  public static long port_num$offset() {
    return port_num$OFFSET;
  }

  /**
   * Reads {@code port_num}: port, from 1.
   *
   * @param struct the struct
   * @return its value
   */
  public static int port_num(MemorySegment struct) {
    return struct.get(C_INT, port_num$OFFSET);
  }

  /**
   * Writes {@code port_num}: port, from 1.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void port_num(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, port_num$OFFSET, fieldValue);
  }

  private static final long gid_type$OFFSET = $LAYOUT.byteOffset(groupElement("gid_type"));

  /** {@return the offset of {@code gid_type} in bytes} */
  public static long gid_type$offset() {
    return gid_type$OFFSET;
  }

  /**
   * Reads {@code gid_type}: IBV_GID_TYPE_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int gid_type(MemorySegment struct) {
    return struct.get(C_INT, gid_type$OFFSET);
  }

  /**
   * Writes {@code gid_type}: IBV_GID_TYPE_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void gid_type(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, gid_type$OFFSET, fieldValue);
  }

  private static final long ndev_ifindex$OFFSET = $LAYOUT.byteOffset(groupElement("ndev_ifindex"));

  /** {@return the offset of {@code ndev_ifindex} in bytes} */
  public static long ndev_ifindex$offset() {
    return ndev_ifindex$OFFSET;
  }

  /**
   * Reads {@code ndev_ifindex}: index of the network interface, 0 for none.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ndev_ifindex(MemorySegment struct) {
    return struct.get(C_INT, ndev_ifindex$OFFSET);
  }

  /**
   * Writes {@code ndev_ifindex}: index of the network interface, 0 for none.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ndev_ifindex(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ndev_ifindex$OFFSET, fieldValue);
  }
}
