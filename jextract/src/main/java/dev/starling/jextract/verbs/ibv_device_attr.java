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
 * What a device can do, of {@code <infiniband/verbs.h>}; see {@code ibv_query_device(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_device_attr {
 *   char fw_ver[64];
 *   __be64 node_guid;
 *   __be64 sys_image_guid;
 *   uint64_t max_mr_size;
 *   uint64_t page_size_cap;
 *   uint32_t vendor_id;
 *   uint32_t vendor_part_id;
 *   uint32_t hw_ver;
 *   int max_qp;
 *   int max_qp_wr;
 *   unsigned int device_cap_flags;
 *   int max_sge;
 *   int max_sge_rd;
 *   int max_cq;
 *   int max_cqe;
 *   int max_mr;
 *   int max_pd;
 *   int max_qp_rd_atom;
 *   int max_ee_rd_atom;
 *   int max_res_rd_atom;
 *   int max_qp_init_rd_atom;
 *   int max_ee_init_rd_atom;
 *   enum ibv_atomic_cap atomic_cap;
 *   int max_ee;
 *   int max_rdd;
 *   int max_mw;
 *   int max_raw_ipv6_qp;
 *   int max_raw_ethy_qp;
 *   int max_mcast_grp;
 *   int max_mcast_qp_attach;
 *   int max_total_mcast_qp_attach;
 *   int max_ah;
 *   int max_fmr;
 *   int max_map_per_fmr;
 *   int max_srq;
 *   int max_srq_wr;
 *   int max_srq_sge;
 *   uint16_t max_pkeys;
 *   uint8_t local_ca_ack_delay;
 *   uint8_t phys_port_cnt;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters. Limits that only concern obsolete
 * or unused services have no accessors.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_device_attr {
  private ibv_device_attr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              MemoryLayout.sequenceLayout(64, C_CHAR).withName("fw_ver"),
              C_LONG.withName("node_guid"),
              C_LONG.withName("sys_image_guid"),
              C_LONG.withName("max_mr_size"),
              C_LONG.withName("page_size_cap"),
              C_INT.withName("vendor_id"),
              C_INT.withName("vendor_part_id"),
              C_INT.withName("hw_ver"),
              C_INT.withName("max_qp"),
              C_INT.withName("max_qp_wr"),
              C_INT.withName("device_cap_flags"),
              C_INT.withName("max_sge"),
              C_INT.withName("max_sge_rd"),
              C_INT.withName("max_cq"),
              C_INT.withName("max_cqe"),
              C_INT.withName("max_mr"),
              C_INT.withName("max_pd"),
              C_INT.withName("max_qp_rd_atom"),
              C_INT.withName("max_ee_rd_atom"),
              C_INT.withName("max_res_rd_atom"),
              C_INT.withName("max_qp_init_rd_atom"),
              C_INT.withName("max_ee_init_rd_atom"),
              C_INT.withName("atomic_cap"),
              C_INT.withName("max_ee"),
              C_INT.withName("max_rdd"),
              C_INT.withName("max_mw"),
              C_INT.withName("max_raw_ipv6_qp"),
              C_INT.withName("max_raw_ethy_qp"),
              C_INT.withName("max_mcast_grp"),
              C_INT.withName("max_mcast_qp_attach"),
              C_INT.withName("max_total_mcast_qp_attach"),
              C_INT.withName("max_ah"),
              C_INT.withName("max_fmr"),
              C_INT.withName("max_map_per_fmr"),
              C_INT.withName("max_srq"),
              C_INT.withName("max_srq_wr"),
              C_INT.withName("max_srq_sge"),
              C_SHORT.withName("max_pkeys"),
              C_CHAR.withName("local_ca_ack_delay"),
              C_CHAR.withName("phys_port_cnt"),
              MemoryLayout.paddingLayout(4))
          .withName("ibv_device_attr");

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

  private static final long fw_ver$OFFSET = $LAYOUT.byteOffset(groupElement("fw_ver"));

  /** {@return the offset of {@code fw_ver} in bytes} */
  public static long fw_ver$offset() {
    return fw_ver$OFFSET;
  }

  /**
   * Gives {@code fw_ver}: firmware version, a C string.
   *
   * @param struct the struct
   * @return the 64 bytes of it, to read or write
   */
  public static MemorySegment fw_ver(MemorySegment struct) {
    return struct.asSlice(fw_ver$OFFSET, 64);
  }

  private static final long node_guid$OFFSET = $LAYOUT.byteOffset(groupElement("node_guid"));

  /** {@return the offset of {@code node_guid} in bytes} */
  public static long node_guid$offset() {
    return node_guid$OFFSET;
  }

  /**
   * Reads {@code node_guid}: identity of the device, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long node_guid(MemorySegment struct) {
    return struct.get(C_LONG, node_guid$OFFSET);
  }

  private static final long sys_image_guid$OFFSET =
      $LAYOUT.byteOffset(groupElement("sys_image_guid"));

  /** {@return the offset of {@code sys_image_guid} in bytes} */
  public static long sys_image_guid$offset() {
    return sys_image_guid$OFFSET;
  }

  /**
   * Reads {@code sys_image_guid}: identity of the adapter, in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long sys_image_guid(MemorySegment struct) {
    return struct.get(C_LONG, sys_image_guid$OFFSET);
  }

  private static final long max_mr_size$OFFSET = $LAYOUT.byteOffset(groupElement("max_mr_size"));

  /** {@return the offset of {@code max_mr_size} in bytes} */
  public static long max_mr_size$offset() {
    return max_mr_size$OFFSET;
  }

  /**
   * Reads {@code max_mr_size}: most bytes in a memory region.
   *
   * @param struct the struct
   * @return its value
   */
  public static long max_mr_size(MemorySegment struct) {
    return struct.get(C_LONG, max_mr_size$OFFSET);
  }

  private static final long page_size_cap$OFFSET =
      $LAYOUT.byteOffset(groupElement("page_size_cap"));

  /** {@return the offset of {@code page_size_cap} in bytes} */
  public static long page_size_cap$offset() {
    return page_size_cap$OFFSET;
  }

  /**
   * Reads {@code page_size_cap}: one bit per page size.
   *
   * @param struct the struct
   * @return its value
   */
  public static long page_size_cap(MemorySegment struct) {
    return struct.get(C_LONG, page_size_cap$OFFSET);
  }

  private static final long vendor_id$OFFSET = $LAYOUT.byteOffset(groupElement("vendor_id"));

  /** {@return the offset of {@code vendor_id} in bytes} */
  public static long vendor_id$offset() {
    return vendor_id$OFFSET;
  }

  /**
   * Reads {@code vendor_id}: vendor.
   *
   * @param struct the struct
   * @return its value
   */
  public static int vendor_id(MemorySegment struct) {
    return struct.get(C_INT, vendor_id$OFFSET);
  }

  private static final long vendor_part_id$OFFSET =
      $LAYOUT.byteOffset(groupElement("vendor_part_id"));

  /** {@return the offset of {@code vendor_part_id} in bytes} */
  public static long vendor_part_id$offset() {
    return vendor_part_id$OFFSET;
  }

  /**
   * Reads {@code vendor_part_id}: part number of the vendor.
   *
   * @param struct the struct
   * @return its value
   */
  public static int vendor_part_id(MemorySegment struct) {
    return struct.get(C_INT, vendor_part_id$OFFSET);
  }

  private static final long hw_ver$OFFSET = $LAYOUT.byteOffset(groupElement("hw_ver"));

  /** {@return the offset of {@code hw_ver} in bytes} */
  public static long hw_ver$offset() {
    return hw_ver$OFFSET;
  }

  /**
   * Reads {@code hw_ver}: hardware version.
   *
   * @param struct the struct
   * @return its value
   */
  public static int hw_ver(MemorySegment struct) {
    return struct.get(C_INT, hw_ver$OFFSET);
  }

  private static final long max_qp$OFFSET = $LAYOUT.byteOffset(groupElement("max_qp"));

  /** {@return the offset of {@code max_qp} in bytes} */
  public static long max_qp$offset() {
    return max_qp$OFFSET;
  }

  /**
   * Reads {@code max_qp}: most queue pairs.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_qp(MemorySegment struct) {
    return struct.get(C_INT, max_qp$OFFSET);
  }

  private static final long max_qp_wr$OFFSET = $LAYOUT.byteOffset(groupElement("max_qp_wr"));

  /** {@return the offset of {@code max_qp_wr} in bytes} */
  public static long max_qp_wr$offset() {
    return max_qp_wr$OFFSET;
  }

  /**
   * Reads {@code max_qp_wr}: most requests in a queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_qp_wr(MemorySegment struct) {
    return struct.get(C_INT, max_qp_wr$OFFSET);
  }

  private static final long device_cap_flags$OFFSET =
      $LAYOUT.byteOffset(groupElement("device_cap_flags"));

  /** {@return the offset of {@code device_cap_flags} in bytes} */
  public static long device_cap_flags$offset() {
    return device_cap_flags$OFFSET;
  }

  /**
   * Reads {@code device_cap_flags}: IBV_DEVICE_ flags.
   *
   * @param struct the struct
   * @return its value
   */
  public static int device_cap_flags(MemorySegment struct) {
    return struct.get(C_INT, device_cap_flags$OFFSET);
  }

  private static final long max_sge$OFFSET = $LAYOUT.byteOffset(groupElement("max_sge"));

  /** {@return the offset of {@code max_sge} in bytes} */
  public static long max_sge$offset() {
    return max_sge$OFFSET;
  }

  /**
   * Reads {@code max_sge}: most pieces of memory in a request.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_sge(MemorySegment struct) {
    return struct.get(C_INT, max_sge$OFFSET);
  }

  private static final long max_sge_rd$OFFSET = $LAYOUT.byteOffset(groupElement("max_sge_rd"));

  /** {@return the offset of {@code max_sge_rd} in bytes} */
  public static long max_sge_rd$offset() {
    return max_sge_rd$OFFSET;
  }

  /**
   * Reads {@code max_sge_rd}: most pieces of memory in a READ.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_sge_rd(MemorySegment struct) {
    return struct.get(C_INT, max_sge_rd$OFFSET);
  }

  private static final long max_cq$OFFSET = $LAYOUT.byteOffset(groupElement("max_cq"));

  /** {@return the offset of {@code max_cq} in bytes} */
  public static long max_cq$offset() {
    return max_cq$OFFSET;
  }

  /**
   * Reads {@code max_cq}: most completion queues.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_cq(MemorySegment struct) {
    return struct.get(C_INT, max_cq$OFFSET);
  }

  private static final long max_cqe$OFFSET = $LAYOUT.byteOffset(groupElement("max_cqe"));

  /** {@return the offset of {@code max_cqe} in bytes} */
  public static long max_cqe$offset() {
    return max_cqe$OFFSET;
  }

  /**
   * Reads {@code max_cqe}: most entries in a completion queue.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_cqe(MemorySegment struct) {
    return struct.get(C_INT, max_cqe$OFFSET);
  }

  private static final long max_mr$OFFSET = $LAYOUT.byteOffset(groupElement("max_mr"));

  /** {@return the offset of {@code max_mr} in bytes} */
  public static long max_mr$offset() {
    return max_mr$OFFSET;
  }

  /**
   * Reads {@code max_mr}: most memory regions.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_mr(MemorySegment struct) {
    return struct.get(C_INT, max_mr$OFFSET);
  }

  private static final long max_pd$OFFSET = $LAYOUT.byteOffset(groupElement("max_pd"));

  /** {@return the offset of {@code max_pd} in bytes} */
  public static long max_pd$offset() {
    return max_pd$OFFSET;
  }

  /**
   * Reads {@code max_pd}: most protection domains.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_pd(MemorySegment struct) {
    return struct.get(C_INT, max_pd$OFFSET);
  }

  private static final long max_qp_rd_atom$OFFSET =
      $LAYOUT.byteOffset(groupElement("max_qp_rd_atom"));

  /** {@return the offset of {@code max_qp_rd_atom} in bytes} */
  public static long max_qp_rd_atom$offset() {
    return max_qp_rd_atom$OFFSET;
  }

  /**
   * Reads {@code max_qp_rd_atom}: most outstanding READs and atomics that a queue pair answers.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_qp_rd_atom(MemorySegment struct) {
    return struct.get(C_INT, max_qp_rd_atom$OFFSET);
  }

  private static final long max_res_rd_atom$OFFSET =
      $LAYOUT.byteOffset(groupElement("max_res_rd_atom"));

  /** {@return the offset of {@code max_res_rd_atom} in bytes} */
  public static long max_res_rd_atom$offset() {
    return max_res_rd_atom$OFFSET;
  }

  /**
   * Reads {@code max_res_rd_atom}: most outstanding READs and atomics that the device answers.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_res_rd_atom(MemorySegment struct) {
    return struct.get(C_INT, max_res_rd_atom$OFFSET);
  }

  private static final long max_qp_init_rd_atom$OFFSET =
      $LAYOUT.byteOffset(groupElement("max_qp_init_rd_atom"));

  /** {@return the offset of {@code max_qp_init_rd_atom} in bytes} */
  public static long max_qp_init_rd_atom$offset() {
    return max_qp_init_rd_atom$OFFSET;
  }

  /**
   * Reads {@code max_qp_init_rd_atom}: most outstanding READs and atomics that a queue pair begins.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_qp_init_rd_atom(MemorySegment struct) {
    return struct.get(C_INT, max_qp_init_rd_atom$OFFSET);
  }

  private static final long atomic_cap$OFFSET = $LAYOUT.byteOffset(groupElement("atomic_cap"));

  /** {@return the offset of {@code atomic_cap} in bytes} */
  public static long atomic_cap$offset() {
    return atomic_cap$OFFSET;
  }

  /**
   * Reads {@code atomic_cap}: IBV_ATOMIC_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int atomic_cap(MemorySegment struct) {
    return struct.get(C_INT, atomic_cap$OFFSET);
  }

  private static final long max_srq$OFFSET = $LAYOUT.byteOffset(groupElement("max_srq"));

  /** {@return the offset of {@code max_srq} in bytes} */
  public static long max_srq$offset() {
    return max_srq$OFFSET;
  }

  /**
   * Reads {@code max_srq}: most shared receive queues.
   *
   * @param struct the struct
   * @return its value
   */
  public static int max_srq(MemorySegment struct) {
    return struct.get(C_INT, max_srq$OFFSET);
  }

  private static final long max_pkeys$OFFSET = $LAYOUT.byteOffset(groupElement("max_pkeys"));

  /** {@return the offset of {@code max_pkeys} in bytes} */
  public static long max_pkeys$offset() {
    return max_pkeys$OFFSET;
  }

  /**
   * Reads {@code max_pkeys}: most partition keys.
   *
   * @param struct the struct
   * @return its value
   */
  public static short max_pkeys(MemorySegment struct) {
    return struct.get(C_SHORT, max_pkeys$OFFSET);
  }

  private static final long local_ca_ack_delay$OFFSET =
      $LAYOUT.byteOffset(groupElement("local_ca_ack_delay"));

  /** {@return the offset of {@code local_ca_ack_delay} in bytes} */
  public static long local_ca_ack_delay$offset() {
    return local_ca_ack_delay$OFFSET;
  }

  /**
   * Reads {@code local_ca_ack_delay}: how long the device takes to acknowledge: 4.096 us times 2 to
   * this power.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte local_ca_ack_delay(MemorySegment struct) {
    return struct.get(C_CHAR, local_ca_ack_delay$OFFSET);
  }

  private static final long phys_port_cnt$OFFSET =
      $LAYOUT.byteOffset(groupElement("phys_port_cnt"));

  /** {@return the offset of {@code phys_port_cnt} in bytes} */
  public static long phys_port_cnt$offset() {
    return phys_port_cnt$OFFSET;
  }

  /**
   * Reads {@code phys_port_cnt}: number of ports.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte phys_port_cnt(MemorySegment struct) {
    return struct.get(C_CHAR, phys_port_cnt$OFFSET);
  }
}
