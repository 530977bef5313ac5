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
 * A work completion, of {@code <infiniband/verbs.h>}; see {@code ibv_poll_cq(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_wc {
 *   uint64_t wr_id;
 *   enum ibv_wc_status status;
 *   enum ibv_wc_opcode opcode;
 *   uint32_t vendor_err;
 *   uint32_t byte_len;
 *   union {
 *     __be32 imm_data;
 *     uint32_t invalidated_rkey;
 *   };
 *   uint32_t qp_num;
 *   uint32_t src_qp;
 *   unsigned int wc_flags;
 *   uint16_t pkey_index;
 *   uint16_t slid;
 *   uint8_t sl;
 *   uint8_t dlid_path_bits;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_wc {
  private ibv_wc() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_LONG.withName("wr_id"),
              C_INT.withName("status"),
              C_INT.withName("opcode"),
              C_INT.withName("vendor_err"),
              C_INT.withName("byte_len"),
              MemoryLayout.unionLayout(
                      C_INT.withName("imm_data"), C_INT.withName("invalidated_rkey"))
                  .withName("$data"),
              C_INT.withName("qp_num"),
              C_INT.withName("src_qp"),
              C_INT.withName("wc_flags"),
              C_SHORT.withName("pkey_index"),
              C_SHORT.withName("slid"),
              C_CHAR.withName("sl"),
              C_CHAR.withName("dlid_path_bits"),
              MemoryLayout.paddingLayout(2))
          .withName("ibv_wc");

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

  private static final long wr_id$OFFSET = $LAYOUT.byteOffset(groupElement("wr_id"));

  /** {@return the offset of {@code wr_id} in bytes} */
  public static long wr_id$offset() {
    return wr_id$OFFSET;
  }

  /**
   * Reads {@code wr_id}: what the request carried.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_id(MemorySegment struct) {
    return struct.get(C_LONG, wr_id$OFFSET);
  }

  /**
   * Writes {@code wr_id}: what the request carried.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_id$OFFSET, fieldValue);
  }

  private static final long status$OFFSET = $LAYOUT.byteOffset(groupElement("status"));

  /** {@return the offset of {@code status} in bytes} */
  public static long status$offset() {
    return status$OFFSET;
  }

  /**
   * Reads {@code status}: IBV_WC_ status; unless IBV_WC_SUCCESS, only wr_id, status, qp_num and
   * vendor_err are valid.
   *
   * @param struct the struct
   * @return its value
   */
  public static int status(MemorySegment struct) {
    return struct.get(C_INT, status$OFFSET);
  }

  /**
   * Writes {@code status}: IBV_WC_ status; unless IBV_WC_SUCCESS, only wr_id, status, qp_num and
   * vendor_err are valid.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void status(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, status$OFFSET, fieldValue);
  }

  private static final long opcode$OFFSET = $LAYOUT.byteOffset(groupElement("opcode"));

  /** {@return the offset of {@code opcode} in bytes} */
  public static long opcode$offset() {
    return opcode$OFFSET;
  }

  /**
   * Reads {@code opcode}: IBV_WC_ opcode.
   *
   * @param struct the struct
   * @return its value
   */
  public static int opcode(MemorySegment struct) {
    return struct.get(C_INT, opcode$OFFSET);
  }

  /**
   * Writes {@code opcode}: IBV_WC_ opcode.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void opcode(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, opcode$OFFSET, fieldValue);
  }

  private static final long vendor_err$OFFSET = $LAYOUT.byteOffset(groupElement("vendor_err"));

  /** {@return the offset of {@code vendor_err} in bytes} */
  public static long vendor_err$offset() {
    return vendor_err$OFFSET;
  }

  /**
   * Reads {@code vendor_err}: error code of the device.
   *
   * @param struct the struct
   * @return its value
   */
  public static int vendor_err(MemorySegment struct) {
    return struct.get(C_INT, vendor_err$OFFSET);
  }

  /**
   * Writes {@code vendor_err}: error code of the device.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void vendor_err(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, vendor_err$OFFSET, fieldValue);
  }

  private static final long byte_len$OFFSET = $LAYOUT.byteOffset(groupElement("byte_len"));

  /** {@return the offset of {@code byte_len} in bytes} */
  public static long byte_len$offset() {
    return byte_len$OFFSET;
  }

  /**
   * Reads {@code byte_len}: number of bytes transferred.
   *
   * @param struct the struct
   * @return its value
   */
  public static int byte_len(MemorySegment struct) {
    return struct.get(C_INT, byte_len$OFFSET);
  }

  /**
   * Writes {@code byte_len}: number of bytes transferred.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void byte_len(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, byte_len$OFFSET, fieldValue);
  }

  private static final long imm_data$OFFSET =
      $LAYOUT.byteOffset(groupElement("$data"), groupElement("imm_data"));

  /** {@return the offset of {@code imm_data} in bytes} */
  public static long imm_data$offset() {
    return imm_data$OFFSET;
  }

  /**
   * Reads {@code imm_data}: immediate data in network byte order, if wc_flags has IBV_WC_WITH_IMM.
   *
   * @param struct the struct
   * @return its value
   */
  public static int imm_data(MemorySegment struct) {
    return struct.get(C_INT, imm_data$OFFSET);
  }

  /**
   * Writes {@code imm_data}: immediate data in network byte order, if wc_flags has IBV_WC_WITH_IMM.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void imm_data(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, imm_data$OFFSET, fieldValue);
  }

  private static final long invalidated_rkey$OFFSET =
      $LAYOUT.byteOffset(groupElement("$data"), groupElement("invalidated_rkey"));

  /** {@return the offset of {@code invalidated_rkey} in bytes} */
  public static long invalidated_rkey$offset() {
    return invalidated_rkey$OFFSET;
  }

  /**
   * Reads {@code invalidated_rkey}: remote key that was invalidated, if wc_flags has
   * IBV_WC_WITH_INV.
   *
   * @param struct the struct
   * @return its value
   */
  public static int invalidated_rkey(MemorySegment struct) {
    return struct.get(C_INT, invalidated_rkey$OFFSET);
  }

  /**
   * Writes {@code invalidated_rkey}: remote key that was invalidated, if wc_flags has
   * IBV_WC_WITH_INV.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void invalidated_rkey(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, invalidated_rkey$OFFSET, fieldValue);
  }

  private static final long qp_num$OFFSET = $LAYOUT.byteOffset(groupElement("qp_num"));

  /** {@return the offset of {@code qp_num} in bytes} */
  public static long qp_num$offset() {
    return qp_num$OFFSET;
  }

  /**
   * Reads {@code qp_num}: number of the local queue pair.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_num(MemorySegment struct) {
    return struct.get(C_INT, qp_num$OFFSET);
  }

  /**
   * Writes {@code qp_num}: number of the local queue pair.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qp_num(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, qp_num$OFFSET, fieldValue);
  }

  private static final long src_qp$OFFSET = $LAYOUT.byteOffset(groupElement("src_qp"));

  /** {@return the offset of {@code src_qp} in bytes} */
  public static long src_qp$offset() {
    return src_qp$OFFSET;
  }

  /**
   * Reads {@code src_qp}: number of the remote queue pair, for datagrams.
   *
   * @param struct the struct
   * @return its value
   */
  public static int src_qp(MemorySegment struct) {
    return struct.get(C_INT, src_qp$OFFSET);
  }

  /**
   * Writes {@code src_qp}: number of the remote queue pair, for datagrams.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void src_qp(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, src_qp$OFFSET, fieldValue);
  }

  private static final long wc_flags$OFFSET = $LAYOUT.byteOffset(groupElement("wc_flags"));

  /** {@return the offset of {@code wc_flags} in bytes} */
  public static long wc_flags$offset() {
    return wc_flags$OFFSET;
  }

  /**
   * Reads {@code wc_flags}: IBV_WC_ flags.
   *
   * @param struct the struct
   * @return its value
   */
  public static int wc_flags(MemorySegment struct) {
    return struct.get(C_INT, wc_flags$OFFSET);
  }

  /**
   * Writes {@code wc_flags}: IBV_WC_ flags.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wc_flags(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, wc_flags$OFFSET, fieldValue);
  }

  private static final long pkey_index$OFFSET = $LAYOUT.byteOffset(groupElement("pkey_index"));

  /** {@return the offset of {@code pkey_index} in bytes} */
  public static long pkey_index$offset() {
    return pkey_index$OFFSET;
  }

  /**
   * Reads {@code pkey_index}: index of the partition key, for datagrams.
   *
   * @param struct the struct
   * @return its value
   */
  public static short pkey_index(MemorySegment struct) {
    return struct.get(C_SHORT, pkey_index$OFFSET);
  }

  /**
   * Writes {@code pkey_index}: index of the partition key, for datagrams.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void pkey_index(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, pkey_index$OFFSET, fieldValue);
  }

  private static final long slid$OFFSET = $LAYOUT.byteOffset(groupElement("slid"));

  /** {@return the offset of {@code slid} in bytes} */
  public static long slid$offset() {
    return slid$OFFSET;
  }

  /**
   * Reads {@code slid}: source LID, for datagrams.
   *
   * @param struct the struct
   * @return its value
   */
  public static short slid(MemorySegment struct) {
    return struct.get(C_SHORT, slid$OFFSET);
  }

  /**
   * Writes {@code slid}: source LID, for datagrams.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void slid(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, slid$OFFSET, fieldValue);
  }

  private static final long sl$OFFSET = $LAYOUT.byteOffset(groupElement("sl"));

  /** {@return the offset of {@code sl} in bytes} */
  public static long sl$offset() {
    return sl$OFFSET;
  }

  /**
   * Reads {@code sl}: service level, for datagrams.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte sl(MemorySegment struct) {
    return struct.get(C_CHAR, sl$OFFSET);
  }

  /**
   * Writes {@code sl}: service level, for datagrams.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sl(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, sl$OFFSET, fieldValue);
  }

  private static final long dlid_path_bits$OFFSET =
      $LAYOUT.byteOffset(groupElement("dlid_path_bits"));

  /** {@return the offset of {@code dlid_path_bits} in bytes} */
  public static long dlid_path_bits$offset() {
    return dlid_path_bits$OFFSET;
  }

  /**
   * Reads {@code dlid_path_bits}: path bits of the destination LID, for datagrams.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte dlid_path_bits(MemorySegment struct) {
    return struct.get(C_CHAR, dlid_path_bits$OFFSET);
  }

  /**
   * Writes {@code dlid_path_bits}: path bits of the destination LID, for datagrams.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void dlid_path_bits(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, dlid_path_bits$OFFSET, fieldValue);
  }
}
