package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A device in the list of devices, of {@code <infiniband/verbs.h>}; see {@code
 * ibv_get_device_list(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_device {
 *   struct {
 *     void *_dummy1;
 *     void *_dummy2;
 *   } _ops;
 *   enum ibv_node_type node_type;
 *   enum ibv_transport_type transport_type;
 *   char name[64];
 *   char dev_name[64];
 *   char dev_path[256];
 *   char ibdev_path[256];
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_device {
  private ibv_device() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              MemoryLayout.structLayout(
                      C_POINTER.withName("_dummy1"), C_POINTER.withName("_dummy2"))
                  .withName("_ops"),
              C_INT.withName("node_type"),
              C_INT.withName("transport_type"),
              MemoryLayout.sequenceLayout(64, C_CHAR).withName("name"),
              MemoryLayout.sequenceLayout(64, C_CHAR).withName("dev_name"),
              MemoryLayout.sequenceLayout(256, C_CHAR).withName("dev_path"),
              MemoryLayout.sequenceLayout(256, C_CHAR).withName("ibdev_path"))
          .withName("ibv_device");

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

  private static final long node_type$OFFSET = $LAYOUT.byteOffset(groupElement("node_type"));

  /** {@return the offset of {@code node_type} in bytes} */
  public static long node_type$offset() {
    return node_type$OFFSET;
  }

  /**
   * Reads {@code node_type}: IBV_NODE_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int node_type(MemorySegment struct) {
    return struct.get(C_INT, node_type$OFFSET);
  }

  private static final long transport_type$OFFSET =
      $LAYOUT.byteOffset(groupElement("transport_type"));

  /** {@return the offset of {@code transport_type} in bytes} */
  public static long transport_type$offset() {
    return transport_type$OFFSET;
  }

  /**
   * Reads {@code transport_type}: IBV_TRANSPORT_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int transport_type(MemorySegment struct) {
    return struct.get(C_INT, transport_type$OFFSET);
  }

  private static final long name$OFFSET = $LAYOUT.byteOffset(groupElement("name"));

  /** {@return the offset of {@code name} in bytes} */
  public static long name$offset() {
    return name$OFFSET;
  }

  /**
   * Gives {@code name}: name of the device, a C string.
   *
   * @param struct the struct
   * @return the 64 bytes of it, to read or write
   */
  public static MemorySegment name(MemorySegment struct) {
    return struct.asSlice(name$OFFSET, 64);
  }

  private static final long dev_name$OFFSET = $LAYOUT.byteOffset(groupElement("dev_name"));

  /** {@return the offset of {@code dev_name} in bytes} */
  public static long dev_name$offset() {
    return dev_name$OFFSET;
  }

  /**
   * Gives {@code dev_name}: name of its character device, a C string.
   *
   * @param struct the struct
   * @return the 64 bytes of it, to read or write
   */
  public static MemorySegment dev_name(MemorySegment struct) {
    return struct.asSlice(dev_name$OFFSET, 64);
  }

  private static final long dev_path$OFFSET = $LAYOUT.byteOffset(groupElement("dev_path"));

  /** {@return the offset of {@code dev_path} in bytes} */
  public static long dev_path$offset() {
    return dev_path$OFFSET;
  }

  /**
   * Gives {@code dev_path}: path of the character device in sysfs, a C string.
   *
   * @param struct the struct
   * @return the 256 bytes of it, to read or write
   */
  public static MemorySegment dev_path(MemorySegment struct) {
    return struct.asSlice(dev_path$OFFSET, 256);
  }

  private static final long ibdev_path$OFFSET = $LAYOUT.byteOffset(groupElement("ibdev_path"));

  /** {@return the offset of {@code ibdev_path} in bytes} */
  public static long ibdev_path$offset() {
    return ibdev_path$OFFSET;
  }

  /**
   * Gives {@code ibdev_path}: path of the device in sysfs, a C string.
   *
   * @param struct the struct
   * @return the 256 bytes of it, to read or write
   */
  public static MemorySegment ibdev_path(MemorySegment struct) {
    return struct.asSlice(ibdev_path$OFFSET, 256);
  }
}
