package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * The route to a port by its global address, of {@code <infiniband/verbs.h>}; see {@code
 * ibv_create_ah(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_global_route {
 *   union ibv_gid dgid;
 *   uint32_t flow_label;
 *   uint8_t sgid_index;
 *   uint8_t hop_limit;
 *   uint8_t traffic_class;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_global_route {
  private ibv_global_route() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              ibv_gid.layout().withName("dgid"),
              C_INT.withName("flow_label"),
              C_CHAR.withName("sgid_index"),
              C_CHAR.withName("hop_limit"),
              C_CHAR.withName("traffic_class"),
              MemoryLayout.paddingLayout(1))
          .withName("ibv_global_route");

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

  private static final long dgid_raw$OFFSET =
      $LAYOUT.byteOffset(groupElement("dgid"), groupElement("raw"));

  /** {@return the offset of {@code dgid.raw} in bytes} */
  public static long dgid_raw$offset() {
    return dgid_raw$OFFSET;
  }

  /**
   * Gives {@code dgid.raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment dgid_raw(MemorySegment struct) {
    return struct.asSlice(dgid_raw$OFFSET, 16);
  }

  private static final long dgid_global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("dgid"), groupElement("global"), groupElement("subnet_prefix"));

  /** {@return the offset of {@code dgid.global.subnet_prefix} in bytes} */
  public static long dgid_global_subnet_prefix$offset() {
    return dgid_global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code dgid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long dgid_global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, dgid_global_subnet_prefix$OFFSET);
  }

  /**
   * Writes {@code dgid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void dgid_global_subnet_prefix(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, dgid_global_subnet_prefix$OFFSET, fieldValue);
  }

  private static final long dgid_global_interface_id$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("dgid"), groupElement("global"), groupElement("interface_id"));

  /** {@return the offset of {@code dgid.global.interface_id} in bytes} */
  public static long dgid_global_interface_id$offset() {
    return dgid_global_interface_id$OFFSET;
  }

  /**
   * Reads {@code dgid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long dgid_global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, dgid_global_interface_id$OFFSET);
  }

  /**
   * Writes {@code dgid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void dgid_global_interface_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, dgid_global_interface_id$OFFSET, fieldValue);
  }

  private static final long flow_label$OFFSET = $LAYOUT.byteOffset(groupElement("flow_label"));

  /** {@return the offset of {@code flow_label} in bytes} */
  public static long flow_label$offset() {
    return flow_label$OFFSET;
  }

  /**
   * Reads {@code flow_label}: flow label.
   *
   * @param struct the struct
   * @return its value
   */
  public static int flow_label(MemorySegment struct) {
    return struct.get(C_INT, flow_label$OFFSET);
  }

  /**
   * Writes {@code flow_label}: flow label.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void flow_label(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, flow_label$OFFSET, fieldValue);
  }

  private static final long sgid_index$OFFSET = $LAYOUT.byteOffset(groupElement("sgid_index"));

  /** {@return the offset of {@code sgid_index} in bytes} */
  public static long sgid_index$offset() {
    return sgid_index$OFFSET;
  }

  /**
   * Reads {@code sgid_index}: index of the local address in the table of the port.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte sgid_index(MemorySegment struct) {
    return struct.get(C_CHAR, sgid_index$OFFSET);
  }

  /**
   * Writes {@code sgid_index}: index of the local address in the table of the port.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sgid_index(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, sgid_index$OFFSET, fieldValue);
  }

  private static final long hop_limit$OFFSET = $LAYOUT.byteOffset(groupElement("hop_limit"));

  /** {@return the offset of {@code hop_limit} in bytes} */
  public static long hop_limit$offset() {
    return hop_limit$OFFSET;
  }

  /**
   * Reads {@code hop_limit}: most hops.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte hop_limit(MemorySegment struct) {
    return struct.get(C_CHAR, hop_limit$OFFSET);
  }

  /**
   * Writes {@code hop_limit}: most hops.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void hop_limit(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, hop_limit$OFFSET, fieldValue);
  }

  private static final long traffic_class$OFFSET =
      $LAYOUT.byteOffset(groupElement("traffic_class"));

  /** {@return the offset of {@code traffic_class} in bytes} */
  public static long traffic_class$offset() {
    return traffic_class$OFFSET;
  }

  /**
   * Reads {@code traffic_class}: traffic class.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte traffic_class(MemorySegment struct) {
    return struct.get(C_CHAR, traffic_class$OFFSET);
  }

  /**
   * Writes {@code traffic_class}: traffic class.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void traffic_class(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, traffic_class$OFFSET, fieldValue);
  }
}
