package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_SHORT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.MemorySegment;

/**
 * The attributes of a queue pair, of {@code <infiniband/verbs.h>}; see {@code ibv_modify_qp(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_qp_attr {
 *   enum ibv_qp_state qp_state;
 *   enum ibv_qp_state cur_qp_state;
 *   enum ibv_mtu path_mtu;
 *   enum ibv_mig_state path_mig_state;
 *   uint32_t qkey;
 *   uint32_t rq_psn;
 *   uint32_t sq_psn;
 *   uint32_t dest_qp_num;
 *   unsigned int qp_access_flags;
 *   struct ibv_qp_cap cap;
 *   struct ibv_ah_attr ah_attr;
 *   struct ibv_ah_attr alt_ah_attr;
 *   uint16_t pkey_index;
 *   uint16_t alt_pkey_index;
 *   uint8_t en_sqd_async_notify;
 *   uint8_t sq_draining;
 *   uint8_t max_rd_atomic;
 *   uint8_t max_dest_rd_atomic;
 *   uint8_t min_rnr_timer;
 *   uint8_t port_num;
 *   uint8_t timeout;
 *   uint8_t retry_cnt;
 *   uint8_t rnr_retry;
 *   uint8_t alt_port_num;
 *   uint8_t alt_timeout;
 *   uint32_t rate_limit;
 * };
 * }
 *
 * <p>Parts for path migration have no accessors.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_qp_attr extends ibv_qp_attr_path {
  private ibv_qp_attr() {}

  private static final long qp_state$OFFSET = $LAYOUT.byteOffset(groupElement("qp_state"));

  /** {@return the offset of {@code qp_state} in bytes} */
  public static long qp_state$offset() {
    return qp_state$OFFSET;
  }

  /**
   * Reads {@code qp_state}: IBV_QPS_ state to go to, or the present one.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_state(MemorySegment struct) {
    return struct.get(C_INT, qp_state$OFFSET);
  }

  /**
   * Writes {@code qp_state}: IBV_QPS_ state to go to, or the present one.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qp_state(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, qp_state$OFFSET, fieldValue);
  }

  private static final long cur_qp_state$OFFSET = $LAYOUT.byteOffset(groupElement("cur_qp_state"));

  /** {@return the offset of {@code cur_qp_state} in bytes} */
  public static long cur_qp_state$offset() {
    return cur_qp_state$OFFSET;
  }

  /**
   * Reads {@code cur_qp_state}: IBV_QPS_ state that is assumed.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cur_qp_state(MemorySegment struct) {
    return struct.get(C_INT, cur_qp_state$OFFSET);
  }

  /**
   * Writes {@code cur_qp_state}: IBV_QPS_ state that is assumed.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void cur_qp_state(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, cur_qp_state$OFFSET, fieldValue);
  }

  private static final long path_mtu$OFFSET = $LAYOUT.byteOffset(groupElement("path_mtu"));

  /** {@return the offset of {@code path_mtu} in bytes} */
  public static long path_mtu$offset() {
    return path_mtu$OFFSET;
  }

  /**
   * Reads {@code path_mtu}: IBV_MTU_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int path_mtu(MemorySegment struct) {
    return struct.get(C_INT, path_mtu$OFFSET);
  }

  /**
   * Writes {@code path_mtu}: IBV_MTU_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void path_mtu(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, path_mtu$OFFSET, fieldValue);
  }

  private static final long qkey$OFFSET = $LAYOUT.byteOffset(groupElement("qkey"));

  /** {@return the offset of {@code qkey} in bytes} */
  public static long qkey$offset() {
    return qkey$OFFSET;
  }

  /**
   * Reads {@code qkey}: queue key of a datagram queue pair.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qkey(MemorySegment struct) {
    return struct.get(C_INT, qkey$OFFSET);
  }

  /**
   * Writes {@code qkey}: queue key of a datagram queue pair.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qkey(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, qkey$OFFSET, fieldValue);
  }

  private static final long rq_psn$OFFSET = $LAYOUT.byteOffset(groupElement("rq_psn"));

  /** {@return the offset of {@code rq_psn} in bytes} */
  public static long rq_psn$offset() {
    return rq_psn$OFFSET;
  }

  /**
   * Reads {@code rq_psn}: first packet sequence number to receive, 24 bits.
   *
   * @param struct the struct
   * @return its value
   */
  public static int rq_psn(MemorySegment struct) {
    return struct.get(C_INT, rq_psn$OFFSET);
  }

  /**
   * Writes {@code rq_psn}: first packet sequence number to receive, 24 bits.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void rq_psn(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, rq_psn$OFFSET, fieldValue);
  }

  private static final long sq_psn$OFFSET = $LAYOUT.byteOffset(groupElement("sq_psn"));

  /** {@return the offset of {@code sq_psn} in bytes} */
  public static long sq_psn$offset() {
    return sq_psn$OFFSET;
  }

  /**
   * Reads {@code sq_psn}: first packet sequence number to send, 24 bits.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sq_psn(MemorySegment struct) {
    return struct.get(C_INT, sq_psn$OFFSET);
  }

  /**
   * Writes {@code sq_psn}: first packet sequence number to send, 24 bits.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sq_psn(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, sq_psn$OFFSET, fieldValue);
  }

  private static final long dest_qp_num$OFFSET = $LAYOUT.byteOffset(groupElement("dest_qp_num"));

  /** {@return the offset of {@code dest_qp_num} in bytes} */
  public static long dest_qp_num$offset() {
    return dest_qp_num$OFFSET;
  }

  /**
   * Reads {@code dest_qp_num}: number of the remote queue pair.
   *
   * @param struct the struct
   * @return its value
   */
  public static int dest_qp_num(MemorySegment struct) {
    return struct.get(C_INT, dest_qp_num$OFFSET);
  }

  /**
   * Writes {@code dest_qp_num}: number of the remote queue pair.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void dest_qp_num(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, dest_qp_num$OFFSET, fieldValue);
  }

  private static final long qp_access_flags$OFFSET =
      $LAYOUT.byteOffset(groupElement("qp_access_flags"));

  /** {@return the offset of {@code qp_access_flags} in bytes} */
  public static long qp_access_flags$offset() {
    return qp_access_flags$OFFSET;
  }

  /**
   * Reads {@code qp_access_flags}: IBV_ACCESS_REMOTE_ flags that the peer is granted.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_access_flags(MemorySegment struct) {
    return struct.get(C_INT, qp_access_flags$OFFSET);
  }

  /**
   * Writes {@code qp_access_flags}: IBV_ACCESS_REMOTE_ flags that the peer is granted.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void qp_access_flags(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, qp_access_flags$OFFSET, fieldValue);
  }

  private static final long pkey_index$OFFSET = $LAYOUT.byteOffset(groupElement("pkey_index"));

  /** {@return the offset of {@code pkey_index} in bytes} */
  public static long pkey_index$offset() {
    return pkey_index$OFFSET;
  }

  /**
   * Reads {@code pkey_index}: index of the partition key.
   *
   * @param struct the struct
   * @return its value
   */
  public static short pkey_index(MemorySegment struct) {
    return struct.get(C_SHORT, pkey_index$OFFSET);
  }

  /**
   * Writes {@code pkey_index}: index of the partition key.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void pkey_index(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, pkey_index$OFFSET, fieldValue);
  }

  private static final long sq_draining$OFFSET = $LAYOUT.byteOffset(groupElement("sq_draining"));

  /** {@return the offset of {@code sq_draining} in bytes} */
  public static long sq_draining$offset() {
    return sq_draining$OFFSET;
  }

  /**
   * Reads {@code sq_draining}: 1 while the send queue drains.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte sq_draining(MemorySegment struct) {
    return struct.get(C_CHAR, sq_draining$OFFSET);
  }

  /**
   * Writes {@code sq_draining}: 1 while the send queue drains.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sq_draining(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, sq_draining$OFFSET, fieldValue);
  }

  private static final long max_rd_atomic$OFFSET =
      $LAYOUT.byteOffset(groupElement("max_rd_atomic"));

  /** {@return the offset of {@code max_rd_atomic} in bytes} */
  public static long max_rd_atomic$offset() {
    return max_rd_atomic$OFFSET;
  }

  /**
   * Reads {@code max_rd_atomic}: most outstanding READs and atomics as initiator.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte max_rd_atomic(MemorySegment struct) {
    return struct.get(C_CHAR, max_rd_atomic$OFFSET);
  }

  /**
   * Writes {@code max_rd_atomic}: most outstanding READs and atomics as initiator.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_rd_atomic(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, max_rd_atomic$OFFSET, fieldValue);
  }

  private static final long max_dest_rd_atomic$OFFSET =
      $LAYOUT.byteOffset(groupElement("max_dest_rd_atomic"));

  /** {@return the offset of {@code max_dest_rd_atomic} in bytes} */
  public static long max_dest_rd_atomic$offset() {
    return max_dest_rd_atomic$OFFSET;
  }

  /**
   * Reads {@code max_dest_rd_atomic}: most outstanding READs and atomics as target.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte max_dest_rd_atomic(MemorySegment struct) {
    return struct.get(C_CHAR, max_dest_rd_atomic$OFFSET);
  }

  /**
   * Writes {@code max_dest_rd_atomic}: most outstanding READs and atomics as target.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void max_dest_rd_atomic(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, max_dest_rd_atomic$OFFSET, fieldValue);
  }

  private static final long min_rnr_timer$OFFSET =
      $LAYOUT.byteOffset(groupElement("min_rnr_timer"));

  /** {@return the offset of {@code min_rnr_timer} in bytes} */
  public static long min_rnr_timer$offset() {
    return min_rnr_timer$OFFSET;
  }

  /**
   * Reads {@code min_rnr_timer}: shortest wait that a peer is told when no receive is posted, 5-bit
   * code.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte min_rnr_timer(MemorySegment struct) {
    return struct.get(C_CHAR, min_rnr_timer$OFFSET);
  }

  /**
   * Writes {@code min_rnr_timer}: shortest wait that a peer is told when no receive is posted,
   * 5-bit code.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void min_rnr_timer(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, min_rnr_timer$OFFSET, fieldValue);
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

  private static final long timeout$OFFSET = $LAYOUT.byteOffset(groupElement("timeout"));

  /** {@return the offset of {@code timeout} in bytes} */
  public static long timeout$offset() {
    return timeout$OFFSET;
  }

  /**
   * Reads {@code timeout}: time until a packet is sent again: 4.096 us times 2 to this power, 0 for
   * never.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte timeout(MemorySegment struct) {
    return struct.get(C_CHAR, timeout$OFFSET);
  }

  /**
   * Writes {@code timeout}: time until a packet is sent again: 4.096 us times 2 to this power, 0
   * for never.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void timeout(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, timeout$OFFSET, fieldValue);
  }

  private static final long retry_cnt$OFFSET = $LAYOUT.byteOffset(groupElement("retry_cnt"));

  /** {@return the offset of {@code retry_cnt} in bytes} */
  public static long retry_cnt$offset() {
    return retry_cnt$OFFSET;
  }

  /**
   * Reads {@code retry_cnt}: how often a packet is sent again, 0 to 7.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte retry_cnt(MemorySegment struct) {
    return struct.get(C_CHAR, retry_cnt$OFFSET);
  }

  /**
   * Writes {@code retry_cnt}: how often a packet is sent again, 0 to 7.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void retry_cnt(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, retry_cnt$OFFSET, fieldValue);
  }

  private static final long rnr_retry$OFFSET = $LAYOUT.byteOffset(groupElement("rnr_retry"));

  /** {@return the offset of {@code rnr_retry} in bytes} */
  public static long rnr_retry$offset() {
    return rnr_retry$OFFSET;
  }

  /**
   * Reads {@code rnr_retry}: how often a send is repeated when no receive is posted, 7 for ever.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte rnr_retry(MemorySegment struct) {
    return struct.get(C_CHAR, rnr_retry$OFFSET);
  }

  /**
   * Writes {@code rnr_retry}: how often a send is repeated when no receive is posted, 7 for ever.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void rnr_retry(MemorySegment struct, byte fieldValue) {
    struct.set(C_CHAR, rnr_retry$OFFSET, fieldValue);
  }

  private static final long rate_limit$OFFSET = $LAYOUT.byteOffset(groupElement("rate_limit"));

  /** {@return the offset of {@code rate_limit} in bytes} */
  public static long rate_limit$offset() {
    return rate_limit$OFFSET;
  }

  /**
   * Reads {@code rate_limit}: limit of the send rate in kbit/s, 0 for none.
   *
   * @param struct the struct
   * @return its value
   */
  public static int rate_limit(MemorySegment struct) {
    return struct.get(C_INT, rate_limit$OFFSET);
  }

  /**
   * Writes {@code rate_limit}: limit of the send rate in kbit/s, 0 for none.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void rate_limit(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, rate_limit$OFFSET, fieldValue);
  }
}
