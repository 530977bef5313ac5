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
 * The layout of {@link ibv_qp_attr} and the accessors of what is nested in it: the size of the
 * queues and the address of the peer.
 */
class ibv_qp_attr_path {
  ibv_qp_attr_path() {}

  static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_INT.withName("qp_state"),
              C_INT.withName("cur_qp_state"),
              C_INT.withName("path_mtu"),
              C_INT.withName("path_mig_state"),
              C_INT.withName("qkey"),
              C_INT.withName("rq_psn"),
              C_INT.withName("sq_psn"),
              C_INT.withName("dest_qp_num"),
              C_INT.withName("qp_access_flags"),
              ibv_qp_cap.layout().withName("cap"),
              ibv_ah_attr.layout().withName("ah_attr"),
              ibv_ah_attr.layout().withName("alt_ah_attr"),
              C_SHORT.withName("pkey_index"),
              C_SHORT.withName("alt_pkey_index"),
              C_CHAR.withName("en_sqd_async_notify"),
              C_CHAR.withName("sq_draining"),
              C_CHAR.withName("max_rd_atomic"),
              C_CHAR.withName("max_dest_rd_atomic"),
              C_CHAR.withName("min_rnr_timer"),
              C_CHAR.withName("port_num"),
              C_CHAR.withName("timeout"),
              C_CHAR.withName("retry_cnt"),
              C_CHAR.withName("rnr_retry"),
              C_CHAR.withName("alt_port_num"),
              C_CHAR.withName("alt_timeout"),
              MemoryLayout.paddingLayout(1),
              C_INT.withName("rate_limit"),
              MemoryLayout.paddingLayout(4))
          .withName("ibv_qp_attr");

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

  private static final long cap_max_send_wr$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_send_wr"));

  /** {@return the offset of {@code cap.max_send_wr} in bytes} */
  public static long cap_max_send_wr$offset() {
    return cap_max_send_wr$OFFSET;
  }

  /**
   * Reads {@code cap.max_send_wr}: most requests on the send queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_send_wr(MemorySegment struct) {
    return struct.get(C_INT, cap_max_send_wr$OFFSET);
  }

  /**
   * Writes {@code cap.max_send_wr}: most requests on the send queue.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_send_wr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_send_wr$OFFSET, fieldValue);
  }

  private static final long cap_max_recv_wr$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_recv_wr"));

  /** {@return the offset of {@code cap.max_recv_wr} in bytes} */
  public static long cap_max_recv_wr$offset() {
    return cap_max_recv_wr$OFFSET;
  }

  /**
   * Reads {@code cap.max_recv_wr}: most requests on the receive queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_recv_wr(MemorySegment struct) {
    return struct.get(C_INT, cap_max_recv_wr$OFFSET);
  }

  /**
   * Writes {@code cap.max_recv_wr}: most requests on the receive queue.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_recv_wr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_recv_wr$OFFSET, fieldValue);
  }

  private static final long cap_max_send_sge$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_send_sge"));

  /** {@return the offset of {@code cap.max_send_sge} in bytes} */
  public static long cap_max_send_sge$offset() {
    return cap_max_send_sge$OFFSET;
  }

  /**
   * Reads {@code cap.max_send_sge}: most pieces of memory in a send request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_send_sge(MemorySegment struct) {
    return struct.get(C_INT, cap_max_send_sge$OFFSET);
  }

  /**
   * Writes {@code cap.max_send_sge}: most pieces of memory in a send request.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_send_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_send_sge$OFFSET, fieldValue);
  }

  private static final long cap_max_recv_sge$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_recv_sge"));

  /** {@return the offset of {@code cap.max_recv_sge} in bytes} */
  public static long cap_max_recv_sge$offset() {
    return cap_max_recv_sge$OFFSET;
  }

  /**
   * Reads {@code cap.max_recv_sge}: most pieces of memory in a receive request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_recv_sge(MemorySegment struct) {
    return struct.get(C_INT, cap_max_recv_sge$OFFSET);
  }

  /**
   * Writes {@code cap.max_recv_sge}: most pieces of memory in a receive request.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_recv_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_recv_sge$OFFSET, fieldValue);
  }

  private static final long cap_max_inline_data$OFFSET =
      $LAYOUT.byteOffset(groupElement("cap"), groupElement("max_inline_data"));

  /** {@return the offset of {@code cap.max_inline_data} in bytes} */
  public static long cap_max_inline_data$offset() {
    return cap_max_inline_data$OFFSET;
  }

  /**
   * Reads {@code cap.max_inline_data}: most bytes that a send request carries inline.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cap_max_inline_data(MemorySegment struct) {
    return struct.get(C_INT, cap_max_inline_data$OFFSET);
  }

  /**
   * Writes {@code cap.max_inline_data}: most bytes that a send request carries inline.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cap_max_inline_data(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cap_max_inline_data$OFFSET, fieldValue);
  }

  private static final long ah_attr_grh_dgid_raw$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("ah_attr"), groupElement("grh"), groupElement("dgid"), groupElement("raw"));

  /** {@return the offset of {@code ah_attr.grh.dgid.raw} in bytes} */
  public static long ah_attr_grh_dgid_raw$offset() {
    return ah_attr_grh_dgid_raw$OFFSET;
  }

  /**
   * Gives {@code ah_attr.grh.dgid.raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment ah_attr_grh_dgid_raw(MemorySegment struct) {
    return struct.asSlice(ah_attr_grh_dgid_raw$OFFSET, 16);
  }

  private static final long ah_attr_grh_dgid_global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("ah_attr"),
          groupElement("grh"),
          groupElement("dgid"),
          groupElement("global"),
          groupElement("subnet_prefix"));

  /** {@return the offset of {@code ah_attr.grh.dgid.global.subnet_prefix} in bytes} */
  public static long ah_attr_grh_dgid_global_subnet_prefix$offset() {
    return ah_attr_grh_dgid_global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code ah_attr.grh.dgid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long ah_attr_grh_dgid_global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, ah_attr_grh_dgid_global_subnet_prefix$OFFSET);
  }

  /**
   * Writes {@code ah_attr.grh.dgid.global.subnet_prefix}: upper half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_grh_dgid_global_subnet_prefix(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, ah_attr_grh_dgid_global_subnet_prefix$OFFSET, fieldValue);
  }

  private static final long ah_attr_grh_dgid_global_interface_id$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("ah_attr"),
          groupElement("grh"),
          groupElement("dgid"),
          groupElement("global"),
          groupElement("interface_id"));

  /** {@return the offset of {@code ah_attr.grh.dgid.global.interface_id} in bytes} */
  public static long ah_attr_grh_dgid_global_interface_id$offset() {
    return ah_attr_grh_dgid_global_interface_id$OFFSET;
  }

  /**
   * Reads {@code ah_attr.grh.dgid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long ah_attr_grh_dgid_global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, ah_attr_grh_dgid_global_interface_id$OFFSET);
  }

  /**
   * Writes {@code ah_attr.grh.dgid.global.interface_id}: lower half, in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_grh_dgid_global_interface_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, ah_attr_grh_dgid_global_interface_id$OFFSET, fieldValue);
  }

  private static final long ah_attr_grh_flow_label$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("grh"), groupElement("flow_label"));

  /** {@return the offset of {@code ah_attr.grh.flow_label} in bytes} */
  public static long ah_attr_grh_flow_label$offset() {
    return ah_attr_grh_flow_label$OFFSET;
  }

  /**
   * Reads {@code ah_attr.grh.flow_label}: flow label.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ah_attr_grh_flow_label(MemorySegment struct) {
    return struct.get(C_INT, ah_attr_grh_flow_label$OFFSET);
  }

  /**
   * Writes {@code ah_attr.grh.flow_label}: flow label.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_grh_flow_label(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ah_attr_grh_flow_label$OFFSET, fieldValue);
  }

  private static final long ah_attr_grh_sgid_index$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("grh"), groupElement("sgid_index"));

  /** {@return the offset of {@code ah_attr.grh.sgid_index} in bytes} */
  public static long ah_attr_grh_sgid_index$offset() {
    return ah_attr_grh_sgid_index$OFFSET;
  }

  /**
   * Reads {@code ah_attr.grh.sgid_index}: index of the local address in the table of the port.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_grh_sgid_index(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_grh_sgid_index$OFFSET);
  }

  /**
   * Writes {@code ah_attr.grh.sgid_index}: index of the local address in the table of the port.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_grh_sgid_index(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_grh_sgid_index$OFFSET, fieldValue);
  }

  private static final long ah_attr_grh_hop_limit$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("grh"), groupElement("hop_limit"));

  /** {@return the offset of {@code ah_attr.grh.hop_limit} in bytes} */
  public static long ah_attr_grh_hop_limit$offset() {
    return ah_attr_grh_hop_limit$OFFSET;
  }

  /**
   * Reads {@code ah_attr.grh.hop_limit}: most hops.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_grh_hop_limit(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_grh_hop_limit$OFFSET);
  }

  /**
   * Writes {@code ah_attr.grh.hop_limit}: most hops.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_grh_hop_limit(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_grh_hop_limit$OFFSET, fieldValue);
  }

  private static final long ah_attr_grh_traffic_class$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("ah_attr"), groupElement("grh"), groupElement("traffic_class"));

  /** {@return the offset of {@code ah_attr.grh.traffic_class} in bytes} */
  public static long ah_attr_grh_traffic_class$offset() {
    return ah_attr_grh_traffic_class$OFFSET;
  }

  /**
   * Reads {@code ah_attr.grh.traffic_class}: traffic class.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_grh_traffic_class(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_grh_traffic_class$OFFSET);
  }

  /**
   * Writes {@code ah_attr.grh.traffic_class}: traffic class.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_grh_traffic_class(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_grh_traffic_class$OFFSET, fieldValue);
  }

  private static final long ah_attr_dlid$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("dlid"));

  /** {@return the offset of {@code ah_attr.dlid} in bytes} */
  public static long ah_attr_dlid$offset() {
    return ah_attr_dlid$OFFSET;
  }

  /**
   * Reads {@code ah_attr.dlid}: destination LID; 0 on Ethernet.
   *
   * @param struct the struct
   * @return its value
   */
  public static short ah_attr_dlid(MemorySegment struct) {
    return struct.get(C_SHORT, ah_attr_dlid$OFFSET);
  }

  /**
   * Writes {@code ah_attr.dlid}: destination LID; 0 on Ethernet.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_dlid(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, ah_attr_dlid$OFFSET, fieldValue);
  }

  private static final long ah_attr_sl$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("sl"));

  /** {@return the offset of {@code ah_attr.sl} in bytes} */
  public static long ah_attr_sl$offset() {
    return ah_attr_sl$OFFSET;
  }

  /**
   * Reads {@code ah_attr.sl}: service level.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_sl(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_sl$OFFSET);
  }

  /**
   * Writes {@code ah_attr.sl}: service level.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_sl(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_sl$OFFSET, fieldValue);
  }

  private static final long ah_attr_src_path_bits$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("src_path_bits"));

  /** {@return the offset of {@code ah_attr.src_path_bits} in bytes} */
  public static long ah_attr_src_path_bits$offset() {
    return ah_attr_src_path_bits$OFFSET;
  }

  /**
   * Reads {@code ah_attr.src_path_bits}: path bits of the source LID.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_src_path_bits(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_src_path_bits$OFFSET);
  }

  /**
   * Writes {@code ah_attr.src_path_bits}: path bits of the source LID.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_src_path_bits(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_src_path_bits$OFFSET, fieldValue);
  }

  private static final long ah_attr_static_rate$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("static_rate"));

  /** {@return the offset of {@code ah_attr.static_rate} in bytes} */
  public static long ah_attr_static_rate$offset() {
    return ah_attr_static_rate$OFFSET;
  }

  /**
   * Reads {@code ah_attr.static_rate}: IBV_RATE_ value, 0 for the rate of the port.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_static_rate(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_static_rate$OFFSET);
  }

  /**
   * Writes {@code ah_attr.static_rate}: IBV_RATE_ value, 0 for the rate of the port.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_static_rate(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_static_rate$OFFSET, fieldValue);
  }

  private static final long ah_attr_is_global$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("is_global"));

  /** {@return the offset of {@code ah_attr.is_global} in bytes} */
  public static long ah_attr_is_global$offset() {
    return ah_attr_is_global$OFFSET;
  }

  /**
   * Reads {@code ah_attr.is_global}: 1 if grh is used, as it must be on Ethernet.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_is_global(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_is_global$OFFSET);
  }

  /**
   * Writes {@code ah_attr.is_global}: 1 if grh is used, as it must be on Ethernet.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_is_global(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_is_global$OFFSET, fieldValue);
  }

  private static final long ah_attr_port_num$OFFSET =
      $LAYOUT.byteOffset(groupElement("ah_attr"), groupElement("port_num"));

  /** {@return the offset of {@code ah_attr.port_num} in bytes} */
  public static long ah_attr_port_num$offset() {
    return ah_attr_port_num$OFFSET;
  }

  /**
   * Reads {@code ah_attr.port_num}: local port, from 1.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte ah_attr_port_num(MemorySegment struct) {
    return struct.get(C_CHAR, ah_attr_port_num$OFFSET);
  }

  /**
   * Writes {@code ah_attr.port_num}: local port, from 1.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ah_attr_port_num(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, ah_attr_port_num$OFFSET, fieldValue);
  }
}
