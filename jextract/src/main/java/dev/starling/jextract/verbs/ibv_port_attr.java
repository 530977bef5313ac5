package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_SHORT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * What a port can do and how it is, of {@code <infiniband/verbs.h>}; see {@code ibv_query_port(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_port_attr {
 *   enum ibv_port_state state;
 *   enum ibv_mtu max_mtu;
 *   enum ibv_mtu active_mtu;
 *   int gid_tbl_len;
 *   uint32_t port_cap_flags;
 *   uint32_t max_msg_sz;
 *   uint32_t bad_pkey_cntr;
 *   uint32_t qkey_viol_cntr;
 *   uint16_t pkey_tbl_len;
 *   uint16_t lid;
 *   uint16_t sm_lid;
 *   uint8_t lmc;
 *   uint8_t max_vl_num;
 *   uint8_t sm_sl;
 *   uint8_t subnet_timeout;
 *   uint8_t init_type_reply;
 *   uint8_t active_width;
 *   uint8_t active_speed;
 *   uint8_t phys_state;
 *   uint8_t link_layer;
 *   uint8_t flags;
 *   uint16_t port_cap_flags2;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters. The exported {@code ibv_query_port}
 * fills the 48 bytes up to {@code flags}; what newer headers append is left alone.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_port_attr {
  private ibv_port_attr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_INT.withName("state"),
              C_INT.withName("max_mtu"),
              C_INT.withName("active_mtu"),
              C_INT.withName("gid_tbl_len"),
              C_INT.withName("port_cap_flags"),
              C_INT.withName("max_msg_sz"),
              C_INT.withName("bad_pkey_cntr"),
              C_INT.withName("qkey_viol_cntr"),
              C_SHORT.withName("pkey_tbl_len"),
              C_SHORT.withName("lid"),
              C_SHORT.withName("sm_lid"),
              C_CHAR.withName("lmc"),
              C_CHAR.withName("max_vl_num"),
              C_CHAR.withName("sm_sl"),
              C_CHAR.withName("subnet_timeout"),
              C_CHAR.withName("init_type_reply"),
              C_CHAR.withName("active_width"),
              C_CHAR.withName("active_speed"),
              C_CHAR.withName("phys_state"),
              C_CHAR.withName("link_layer"),
              C_CHAR.withName("flags"),
              C_SHORT.withName("port_cap_flags2"),
              MemoryLayout.paddingLayout(2))
          .withName("ibv_port_attr");

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

  private static final long state$OFFSET = $LAYOUT.byteOffset(groupElement("state"));

  /** {@return the offset of {@code state} in bytes} */
  public static long state$offset() {
    return state$OFFSET;
  }

  /**
   * Reads {@code state}: IBV_PORT_ state.
   *
   * @param struct the struct
   * @return its value
   */
  public static int state(MemorySegment struct) {
    return struct.get(C_INT, state$OFFSET);
  }

  private static final long max_mtu$OFFSET = $LAYOUT.byteOffset(groupElement("max_mtu"));

  /** {@return the offset of {@code max_mtu} in bytes} */
  public static long max_mtu$offset() {
    return max_mtu$OFFSET;
  }

  /**
   * Reads {@code max_mtu}: largest IBV_MTU_ that the port can do.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_mtu(MemorySegment struct) {
    return struct.get(C_INT, max_mtu$OFFSET);
  }

  private static final long active_mtu$OFFSET = $LAYOUT.byteOffset(groupElement("active_mtu"));

  /** {@return the offset of {@code active_mtu} in bytes} */
  public static long active_mtu$offset() {
    return active_mtu$OFFSET;
  }

  /**
   * Reads {@code active_mtu}: IBV_MTU_ in force.
   *
   * @param struct the struct
   * @return its value
   */
  public static int active_mtu(MemorySegment struct) {
    return struct.get(C_INT, active_mtu$OFFSET);
  }

  private static final long gid_tbl_len$OFFSET = $LAYOUT.byteOffset(groupElement("gid_tbl_len"));

  /** {@return the offset of {@code gid_tbl_len} in bytes} */
  public static long gid_tbl_len$offset() {
    return gid_tbl_len$OFFSET;
  }

  /**
   * Reads {@code gid_tbl_len}: length of the address table.
   *
   * @param struct the struct
   * @return its value
   */
  public static int gid_tbl_len(MemorySegment struct) {
    return struct.get(C_INT, gid_tbl_len$OFFSET);
  }

  private static final long port_cap_flags$OFFSET =
      $LAYOUT.byteOffset(groupElement("port_cap_flags"));

  /** {@return the offset of {@code port_cap_flags} in bytes} */
  public static long port_cap_flags$offset() {
    return port_cap_flags$OFFSET;
  }

  /**
   * Reads {@code port_cap_flags}: IBV_PORT_ capability flags.
   *
   * @param struct the struct
   * @return its value
   */
  public static int port_cap_flags(MemorySegment struct) {
    return struct.get(C_INT, port_cap_flags$OFFSET);
  }

  private static final long max_msg_sz$OFFSET = $LAYOUT.byteOffset(groupElement("max_msg_sz"));

  /** {@return the offset of {@code max_msg_sz} in bytes} */
  public static long max_msg_sz$offset() {
    return max_msg_sz$OFFSET;
  }

  /**
   * Reads {@code max_msg_sz}: most bytes in a message.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_msg_sz(MemorySegment struct) {
    return struct.get(C_INT, max_msg_sz$OFFSET);
  }

  private static final long pkey_tbl_len$OFFSET = $LAYOUT.byteOffset(groupElement("pkey_tbl_len"));

  /** {@return the offset of {@code pkey_tbl_len} in bytes} */
  public static long pkey_tbl_len$offset() {
    return pkey_tbl_len$OFFSET;
  }

  /**
   * Reads {@code pkey_tbl_len}: length of the partition key table.
   *
   * @param struct the struct
   * @return its value
   */
  public static short pkey_tbl_len(MemorySegment struct) {
    return struct.get(C_SHORT, pkey_tbl_len$OFFSET);
  }

  private static final long lid$OFFSET = $LAYOUT.byteOffset(groupElement("lid"));

  /** {@return the offset of {@code lid} in bytes} */
  public static long lid$offset() {
    return lid$OFFSET;
  }

  /**
   * Reads {@code lid}: LID, 0 on Ethernet.
   *
   * @param struct the struct
   * @return its value
   */
  public static short lid(MemorySegment struct) {
    return struct.get(C_SHORT, lid$OFFSET);
  }

  private static final long sm_lid$OFFSET = $LAYOUT.byteOffset(groupElement("sm_lid"));

  /** {@return the offset of {@code sm_lid} in bytes} */
  public static long sm_lid$offset() {
    return sm_lid$OFFSET;
  }

  /**
   * Reads {@code sm_lid}: LID of the subnet manager.
   *
   * @param struct the struct
   * @return its value
   */
  public static short sm_lid(MemorySegment struct) {
    return struct.get(C_SHORT, sm_lid$OFFSET);
  }

  private static final long lmc$OFFSET = $LAYOUT.byteOffset(groupElement("lmc"));

  /** {@return the offset of {@code lmc} in bytes} */
  public static long lmc$offset() {
    return lmc$OFFSET;
  }

  /**
   * Reads {@code lmc}: number of path bits of the LID.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte lmc(MemorySegment struct) {
    return struct.get(C_CHAR, lmc$OFFSET);
  }

  private static final long max_vl_num$OFFSET = $LAYOUT.byteOffset(groupElement("max_vl_num"));

  /** {@return the offset of {@code max_vl_num} in bytes} */
  public static long max_vl_num$offset() {
    return max_vl_num$OFFSET;
  }

  /**
   * Reads {@code max_vl_num}: code of the most virtual lanes.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte max_vl_num(MemorySegment struct) {
    return struct.get(C_CHAR, max_vl_num$OFFSET);
  }

  private static final long sm_sl$OFFSET = $LAYOUT.byteOffset(groupElement("sm_sl"));

  /** {@return the offset of {@code sm_sl} in bytes} */
  public static long sm_sl$offset() {
    return sm_sl$OFFSET;
  }

  /**
   * Reads {@code sm_sl}: service level of the subnet manager.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte sm_sl(MemorySegment struct) {
    return struct.get(C_CHAR, sm_sl$OFFSET);
  }

  private static final long active_width$OFFSET = $LAYOUT.byteOffset(groupElement("active_width"));

  /** {@return the offset of {@code active_width} in bytes} */
  public static long active_width$offset() {
    return active_width$OFFSET;
  }

  /**
   * Reads {@code active_width}: bit that gives the number of lanes: 1, 2, 4, 8, 16 for 1, 4, 8, 12,
   * 2 lanes.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte active_width(MemorySegment struct) {
    return struct.get(C_CHAR, active_width$OFFSET);
  }

  private static final long active_speed$OFFSET = $LAYOUT.byteOffset(groupElement("active_speed"));

  /** {@return the offset of {@code active_speed} in bytes} */
  public static long active_speed$offset() {
    return active_speed$OFFSET;
  }

  /**
   * Reads {@code active_speed}: bit that gives the speed of a lane: 32 for EDR, 64 for HDR, 128 for
   * NDR.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte active_speed(MemorySegment struct) {
    return struct.get(C_CHAR, active_speed$OFFSET);
  }

  private static final long phys_state$OFFSET = $LAYOUT.byteOffset(groupElement("phys_state"));

  /** {@return the offset of {@code phys_state} in bytes} */
  public static long phys_state$offset() {
    return phys_state$OFFSET;
  }

  /**
   * Reads {@code phys_state}: physical state, 5 for link up.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte phys_state(MemorySegment struct) {
    return struct.get(C_CHAR, phys_state$OFFSET);
  }

  private static final long link_layer$OFFSET = $LAYOUT.byteOffset(groupElement("link_layer"));

  /** {@return the offset of {@code link_layer} in bytes} */
  public static long link_layer$offset() {
    return link_layer$OFFSET;
  }

  /**
   * Reads {@code link_layer}: IBV_LINK_LAYER_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte link_layer(MemorySegment struct) {
    return struct.get(C_CHAR, link_layer$OFFSET);
  }

  private static final long flags$OFFSET = $LAYOUT.byteOffset(groupElement("flags"));

  /** {@return the offset of {@code flags} in bytes} */
  public static long flags$offset() {
    return flags$OFFSET;
  }

  /**
   * Reads {@code flags}: IBV_QPF_ flags.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte flags(MemorySegment struct) {
    return struct.get(C_CHAR, flags$OFFSET);
  }
}
