package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static dev.starling.jextract.verbs.VerbsTypes.C_SHORT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * The address of a remote port, of {@code <infiniband/verbs.h>}; see {@code ibv_create_ah(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_ah_attr {
 *   struct ibv_global_route grh;
 *   uint16_t dlid;
 *   uint8_t sl;
 *   uint8_t src_path_bits;
 *   uint8_t static_rate;
 *   uint8_t is_global;
 *   uint8_t port_num;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_ah_attr {
  private ibv_ah_attr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              ibv_global_route.layout().withName("grh"),
              C_SHORT.withName("dlid"),
              C_CHAR.withName("sl"),
              C_CHAR.withName("src_path_bits"),
              C_CHAR.withName("static_rate"),
              C_CHAR.withName("is_global"),
              C_CHAR.withName("port_num"),
              MemoryLayout.paddingLayout(1))
          .withName("ibv_ah_attr");

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

  private static final long grh_dgid_raw$OFFSET =
      $LAYOUT.byteOffset(groupElement("grh"), groupElement("dgid"), groupElement("raw"));

  /** {@return the offset of {@code grh.dgid.raw} in bytes} */
  public static long grh_dgid_raw$offset() {
    return grh_dgid_raw$OFFSET;
  }

  /**
   * Gives {@code grh.dgid.raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment grh_dgid_raw(MemorySegment struct) {
    return struct.asSlice(grh_dgid_raw$OFFSET, 16);
  }

  private static final long grh_dgid_global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("grh"),
          groupElement("dgid"),
          groupElement("global"),
          groupElement("subnet_prefix"));

  /** {@return the offset of {@code grh.dgid.global.subnet_prefix} in bytes} */
  public static long grh_dgid_global_subnet_prefix$offset() {
    return grh_dgid_global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code grh.dgid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long grh_dgid_global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, grh_dgid_global_subnet_prefix$OFFSET);
  }

  /**
   * Writes {@code grh.dgid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void grh_dgid_global_subnet_prefix(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, grh_dgid_global_subnet_prefix$OFFSET, fieldValue);
  }

  private static final long grh_dgid_global_interface_id$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("grh"),
          groupElement("dgid"),
          groupElement("global"),
          groupElement("interface_id"));

  /** {@return the offset of {@code grh.dgid.global.interface_id} in bytes} */
  public static long grh_dgid_global_interface_id$offset() {
    return grh_dgid_global_interface_id$OFFSET;
  }

  /**
   * Reads {@code grh.dgid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long grh_dgid_global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, grh_dgid_global_interface_id$OFFSET);
  }

  /**
   * Writes {@code grh.dgid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void grh_dgid_global_interface_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, grh_dgid_global_interface_id$OFFSET, fieldValue);
  }

  private static final long grh_flow_label$OFFSET =
      $LAYOUT.byteOffset(groupElement("grh"), groupElement("flow_label"));

  /** {@return the offset of {@code grh.flow_label} in bytes} */
  public static long grh_flow_label$offset() {
    return grh_flow_label$OFFSET;
  }

  /**
   * Reads {@code grh.flow_label}: flow label.
   *
   * @param struct the struct
   * @return its value
   */
  public static int grh_flow_label(MemorySegment struct) {
    return struct.get(C_INT, grh_flow_label$OFFSET);
  }

  /**
   * Writes {@code grh.flow_label}: flow label.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void grh_flow_label(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, grh_flow_label$OFFSET, fieldValue);
  }

  private static final long grh_sgid_index$OFFSET =
      $LAYOUT.byteOffset(groupElement("grh"), groupElement("sgid_index"));

  /** {@return the offset of {@code grh.sgid_index} in bytes} */
  public static long grh_sgid_index$offset() {
    return grh_sgid_index$OFFSET;
  }

  /**
   * Reads {@code grh.sgid_index}: index of the local address in the table of the port.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte grh_sgid_index(MemorySegment struct) {
    return struct.get(C_CHAR, grh_sgid_index$OFFSET);
  }

  /**
   * Writes {@code grh.sgid_index}: index of the local address in the table of the port.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void grh_sgid_index(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, grh_sgid_index$OFFSET, fieldValue);
  }

  private static final long grh_hop_limit$OFFSET =
      $LAYOUT.byteOffset(groupElement("grh"), groupElement("hop_limit"));

  /** {@return the offset of {@code grh.hop_limit} in bytes} */
  public static long grh_hop_limit$offset() {
    return grh_hop_limit$OFFSET;
  }

  /**
   * Reads {@code grh.hop_limit}: most hops.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte grh_hop_limit(MemorySegment struct) {
    return struct.get(C_CHAR, grh_hop_limit$OFFSET);
  }

  /**
   * Writes {@code grh.hop_limit}: most hops.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void grh_hop_limit(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, grh_hop_limit$OFFSET, fieldValue);
  }

  private static final long grh_traffic_class$OFFSET =
      $LAYOUT.byteOffset(groupElement("grh"), groupElement("traffic_class"));

  /** {@return the offset of {@code grh.traffic_class} in bytes} */
  public static long grh_traffic_class$offset() {
    return grh_traffic_class$OFFSET;
  }

  /**
   * Reads {@code grh.traffic_class}: traffic class.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte grh_traffic_class(MemorySegment struct) {
    return struct.get(C_CHAR, grh_traffic_class$OFFSET);
  }

  /**
   * Writes {@code grh.traffic_class}: traffic class.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void grh_traffic_class(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, grh_traffic_class$OFFSET, fieldValue);
  }

  private static final long dlid$OFFSET = $LAYOUT.byteOffset(groupElement("dlid"));

  /** {@return the offset of {@code dlid} in bytes} */
  public static long dlid$offset() {
    return dlid$OFFSET;
  }

  /**
   * Reads {@code dlid}: destination LID; 0 on Ethernet.
   *
   * @param struct the struct
   * @return its value
   */
  public static short dlid(MemorySegment struct) {
    return struct.get(C_SHORT, dlid$OFFSET);
  }

  /**
   * Writes {@code dlid}: destination LID; 0 on Ethernet.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void dlid(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, dlid$OFFSET, fieldValue);
  }

  private static final long sl$OFFSET = $LAYOUT.byteOffset(groupElement("sl"));

  /** {@return the offset of {@code sl} in bytes} */
  public static long sl$offset() {
    return sl$OFFSET;
  }

  /**
   * Reads {@code sl}: service level.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte sl(MemorySegment struct) {
    return struct.get(C_CHAR, sl$OFFSET);
  }

  /**
   * Writes {@code sl}: service level.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sl(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, sl$OFFSET, fieldValue);
  }

  private static final long src_path_bits$OFFSET =
      $LAYOUT.byteOffset(groupElement("src_path_bits"));

  /** {@return the offset of {@code src_path_bits} in bytes} */
  public static long src_path_bits$offset() {
    return src_path_bits$OFFSET;
  }

  /**
   * Reads {@code src_path_bits}: path bits of the source LID.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte src_path_bits(MemorySegment struct) {
    return struct.get(C_CHAR, src_path_bits$OFFSET);
  }

  /**
   * Writes {@code src_path_bits}: path bits of the source LID.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void src_path_bits(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, src_path_bits$OFFSET, fieldValue);
  }

  private static final long static_rate$OFFSET = $LAYOUT.byteOffset(groupElement("static_rate"));

  /** {@return the offset of {@code static_rate} in bytes} */
  public static long static_rate$offset() {
    return static_rate$OFFSET;
  }

  /**
   * Reads {@code static_rate}: IBV_RATE_ value, 0 for the rate of the port.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte static_rate(MemorySegment struct) {
    return struct.get(C_CHAR, static_rate$OFFSET);
  }

  /**
   * Writes {@code static_rate}: IBV_RATE_ value, 0 for the rate of the port.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void static_rate(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, static_rate$OFFSET, fieldValue);
  }

  private static final long is_global$OFFSET = $LAYOUT.byteOffset(groupElement("is_global"));

  /** {@return the offset of {@code is_global} in bytes} */
  public static long is_global$offset() {
    return is_global$OFFSET;
  }

  /**
   * Reads {@code is_global}: 1 if grh is used, as it must be on Ethernet.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte is_global(MemorySegment struct) {
    return struct.get(C_CHAR, is_global$OFFSET);
  }

  /**
   * Writes {@code is_global}: 1 if grh is used, as it must be on Ethernet.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void is_global(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, is_global$OFFSET, fieldValue);
  }

  private static final long port_num$OFFSET = $LAYOUT.byteOffset(groupElement("port_num"));

  /** {@return the offset of {@code port_num} in bytes} */
  public static long port_num$offset() {
    return port_num$OFFSET;
  }

  /**
   * Reads {@code port_num}: local port, from 1.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte port_num(MemorySegment struct) {
    return struct.get(C_CHAR, port_num$OFFSET);
  }

  /**
   * Writes {@code port_num}: local port, from 1.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void port_num(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, port_num$OFFSET, fieldValue);
  }
}
