package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static dev.starling.jextract.verbs.VerbsTypes.C_SHORT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A request for the send queue, of {@code <infiniband/verbs.h>}; see {@code ibv_post_send(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_send_wr {
 *   uint64_t wr_id;
 *   struct ibv_send_wr *next;
 *   struct ibv_sge *sg_list;
 *   int num_sge;
 *   enum ibv_wr_opcode opcode;
 *   unsigned int send_flags;
 *   union {
 *     __be32 imm_data;
 *     uint32_t invalidate_rkey;
 *   };
 *   union {
 *     struct {
 *       uint64_t remote_addr;
 *       uint32_t rkey;
 *     } rdma;
 *     struct {
 *       uint64_t remote_addr;
 *       uint64_t compare_add;
 *       uint64_t swap;
 *       uint32_t rkey;
 *     } atomic;
 *     struct {
 *       struct ibv_ah *ah;
 *       uint32_t remote_qpn;
 *       uint32_t remote_qkey;
 *     } ud;
 *   } wr;
 *   union {
 *     struct {
 *       uint32_t remote_srqn;
 *     } xrc;
 *   } qp_type;
 *   union {
 *     struct {
 *       struct ibv_mw *mw;
 *       uint32_t rkey;
 *       struct {
 *         struct ibv_mr *mr;
 *         uint64_t addr;
 *         uint64_t length;
 *         unsigned int mw_access_flags;
 *       } bind_info;
 *     } bind_mw;
 *     struct {
 *       void *hdr;
 *       uint16_t hdr_sz;
 *       uint16_t mss;
 *     } tso;
 *   };
 * };
 * }
 *
 * <p>Parts for datagrams, XRC, memory windows and segmentation offload have no accessors.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_send_wr {
  private ibv_send_wr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_LONG.withName("wr_id"),
              C_POINTER.withName("next"),
              C_POINTER.withName("sg_list"),
              C_INT.withName("num_sge"),
              C_INT.withName("opcode"),
              C_INT.withName("send_flags"),
              MemoryLayout.unionLayout(
                      C_INT.withName("imm_data"), C_INT.withName("invalidate_rkey"))
                  .withName("$data"),
              MemoryLayout.unionLayout(
                      MemoryLayout.structLayout(
                              C_LONG.withName("remote_addr"),
                              C_INT.withName("rkey"),
                              MemoryLayout.paddingLayout(4))
                          .withName("rdma"),
                      MemoryLayout.structLayout(
                              C_LONG.withName("remote_addr"),
                              C_LONG.withName("compare_add"),
                              C_LONG.withName("swap"),
                              C_INT.withName("rkey"),
                              MemoryLayout.paddingLayout(4))
                          .withName("atomic"),
                      MemoryLayout.structLayout(
                              C_POINTER.withName("ah"),
                              C_INT.withName("remote_qpn"),
                              C_INT.withName("remote_qkey"))
                          .withName("ud"))
                  .withName("wr"),
              MemoryLayout.unionLayout(
                      MemoryLayout.structLayout(C_INT.withName("remote_srqn")).withName("xrc"))
                  .withName("qp_type"),
              MemoryLayout.paddingLayout(4),
              MemoryLayout.unionLayout(
                      MemoryLayout.structLayout(
                              C_POINTER.withName("mw"),
                              C_INT.withName("rkey"),
                              MemoryLayout.paddingLayout(4),
                              MemoryLayout.structLayout(
                                      C_POINTER.withName("mr"),
                                      C_LONG.withName("addr"),
                                      C_LONG.withName("length"),
                                      C_INT.withName("mw_access_flags"),
                                      MemoryLayout.paddingLayout(4))
                                  .withName("bind_info"))
                          .withName("bind_mw"),
                      MemoryLayout.structLayout(
                              C_POINTER.withName("hdr"),
                              C_SHORT.withName("hdr_sz"),
                              C_SHORT.withName("mss"),
                              MemoryLayout.paddingLayout(4))
                          .withName("tso"))
                  .withName("$bind"))
          .withName("ibv_send_wr");

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
   * Reads {@code wr_id}: what the completion carries back.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_id(MemorySegment struct) {
    return struct.get(C_LONG, wr_id$OFFSET);
  }

  /**
   * Writes {@code wr_id}: what the completion carries back.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_id(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_id$OFFSET, fieldValue);
  }

  private static final long next$OFFSET = $LAYOUT.byteOffset(groupElement("next"));

  /** {@return the offset of {@code next} in bytes} */
  public static long next$offset() {
    return next$OFFSET;
  }

  /**
   * Reads {@code next}: next request of the chain, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment next(MemorySegment struct) {
    return struct.get(C_POINTER, next$OFFSET);
  }

  /**
   * Writes {@code next}: next request of the chain, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void next(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, next$OFFSET, fieldValue);
  }

  private static final long sg_list$OFFSET = $LAYOUT.byteOffset(groupElement("sg_list"));

  /** {@return the offset of {@code sg_list} in bytes} */
  public static long sg_list$offset() {
    return sg_list$OFFSET;
  }

  /**
   * Reads {@code sg_list}: array of {@link ibv_sge}.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment sg_list(MemorySegment struct) {
    return struct.get(C_POINTER, sg_list$OFFSET);
  }

  /**
   * Writes {@code sg_list}: array of {@link ibv_sge}.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sg_list(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, sg_list$OFFSET, fieldValue);
  }

  private static final long num_sge$OFFSET = $LAYOUT.byteOffset(groupElement("num_sge"));

  /** {@return the offset of {@code num_sge} in bytes} */
  public static long num_sge$offset() {
    return num_sge$OFFSET;
  }

  /**
   * Reads {@code num_sge}: length of that array.
   *
   * @param struct the struct
   * @return its value
   */
  public static int num_sge(MemorySegment struct) {
    return struct.get(C_INT, num_sge$OFFSET);
  }

  /**
   * Writes {@code num_sge}: length of that array.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void num_sge(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, num_sge$OFFSET, fieldValue);
  }

  private static final long opcode$OFFSET = $LAYOUT.byteOffset(groupElement("opcode"));

  /** {@return the offset of {@code opcode} in bytes} */
  public static long opcode$offset() {
    return opcode$OFFSET;
  }

  /**
   * Reads {@code opcode}: IBV_WR_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int opcode(MemorySegment struct) {
    return struct.get(C_INT, opcode$OFFSET);
  }

  /**
   * Writes {@code opcode}: IBV_WR_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void opcode(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, opcode$OFFSET, fieldValue);
  }

  private static final long send_flags$OFFSET = $LAYOUT.byteOffset(groupElement("send_flags"));

  /** {@return the offset of {@code send_flags} in bytes} */
  public static long send_flags$offset() {
    return send_flags$OFFSET;
  }

  /**
   * Reads {@code send_flags}: IBV_SEND_ flags.
   *
   * @param struct the struct
   * @return its value
   */
  public static int send_flags(MemorySegment struct) {
    return struct.get(C_INT, send_flags$OFFSET);
  }

  /**
   * Writes {@code send_flags}: IBV_SEND_ flags.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void send_flags(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, send_flags$OFFSET, fieldValue);
  }

  private static final long imm_data$OFFSET =
      $LAYOUT.byteOffset(groupElement("$data"), groupElement("imm_data"));

  /** {@return the offset of {@code imm_data} in bytes} */
  public static long imm_data$offset() {
    return imm_data$OFFSET;
  }

  /**
   * Reads {@code imm_data}: immediate data in network byte order, with an opcode that has it.
   *
   * @param struct the struct
   * @return its value
   */
  public static int imm_data(MemorySegment struct) {
    return struct.get(C_INT, imm_data$OFFSET);
  }

  /**
   * Writes {@code imm_data}: immediate data in network byte order, with an opcode that has it.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void imm_data(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, imm_data$OFFSET, fieldValue);
  }

  private static final long invalidate_rkey$OFFSET =
      $LAYOUT.byteOffset(groupElement("$data"), groupElement("invalidate_rkey"));

  /** {@return the offset of {@code invalidate_rkey} in bytes} */
  public static long invalidate_rkey$offset() {
    return invalidate_rkey$OFFSET;
  }

  /**
   * Reads {@code invalidate_rkey}: remote key to invalidate, with an opcode that does.
   *
   * @param struct the struct
   * @return its value
   */
  public static int invalidate_rkey(MemorySegment struct) {
    return struct.get(C_INT, invalidate_rkey$OFFSET);
  }

  /**
   * Writes {@code invalidate_rkey}: remote key to invalidate, with an opcode that does.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void invalidate_rkey(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, invalidate_rkey$OFFSET, fieldValue);
  }

  private static final long wr_rdma_remote_addr$OFFSET =
      $LAYOUT.byteOffset(groupElement("wr"), groupElement("rdma"), groupElement("remote_addr"));

  /** {@return the offset of {@code wr.rdma.remote_addr} in bytes} */
  public static long wr_rdma_remote_addr$offset() {
    return wr_rdma_remote_addr$OFFSET;
  }

  /**
   * Reads {@code wr.rdma.remote_addr}: remote address of a READ or WRITE.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_rdma_remote_addr(MemorySegment struct) {
    return struct.get(C_LONG, wr_rdma_remote_addr$OFFSET);
  }

  /**
   * Writes {@code wr.rdma.remote_addr}: remote address of a READ or WRITE.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_rdma_remote_addr(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_rdma_remote_addr$OFFSET, fieldValue);
  }

  private static final long wr_rdma_rkey$OFFSET =
      $LAYOUT.byteOffset(groupElement("wr"), groupElement("rdma"), groupElement("rkey"));

  /** {@return the offset of {@code wr.rdma.rkey} in bytes} */
  public static long wr_rdma_rkey$offset() {
    return wr_rdma_rkey$OFFSET;
  }

  /**
   * Reads {@code wr.rdma.rkey}: remote key of a READ or WRITE.
   *
   * @param struct the struct
   * @return its value
   */
  public static int wr_rdma_rkey(MemorySegment struct) {
    return struct.get(C_INT, wr_rdma_rkey$OFFSET);
  }

  /**
   * Writes {@code wr.rdma.rkey}: remote key of a READ or WRITE.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_rdma_rkey(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, wr_rdma_rkey$OFFSET, fieldValue);
  }

  private static final long wr_atomic_remote_addr$OFFSET =
      $LAYOUT.byteOffset(groupElement("wr"), groupElement("atomic"), groupElement("remote_addr"));

  /** {@return the offset of {@code wr.atomic.remote_addr} in bytes} */
  public static long wr_atomic_remote_addr$offset() {
    return wr_atomic_remote_addr$OFFSET;
  }

  /**
   * Reads {@code wr.atomic.remote_addr}: remote address of an atomic, a multiple of 8.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_atomic_remote_addr(MemorySegment struct) {
    return struct.get(C_LONG, wr_atomic_remote_addr$OFFSET);
  }

  /**
   * Writes {@code wr.atomic.remote_addr}: remote address of an atomic, a multiple of 8.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_atomic_remote_addr(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_atomic_remote_addr$OFFSET, fieldValue);
  }

  private static final long wr_atomic_compare_add$OFFSET =
      $LAYOUT.byteOffset(groupElement("wr"), groupElement("atomic"), groupElement("compare_add"));

  /** {@return the offset of {@code wr.atomic.compare_add} in bytes} */
  public static long wr_atomic_compare_add$offset() {
    return wr_atomic_compare_add$OFFSET;
  }

  /**
   * Reads {@code wr.atomic.compare_add}: value compared with, or added.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_atomic_compare_add(MemorySegment struct) {
    return struct.get(C_LONG, wr_atomic_compare_add$OFFSET);
  }

  /**
   * Writes {@code wr.atomic.compare_add}: value compared with, or added.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_atomic_compare_add(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_atomic_compare_add$OFFSET, fieldValue);
  }

  private static final long wr_atomic_swap$OFFSET =
      $LAYOUT.byteOffset(groupElement("wr"), groupElement("atomic"), groupElement("swap"));

  /** {@return the offset of {@code wr.atomic.swap} in bytes} */
  public static long wr_atomic_swap$offset() {
    return wr_atomic_swap$OFFSET;
  }

  /**
   * Reads {@code wr.atomic.swap}: value stored if the comparison holds.
   *
   * @param struct the struct
   * @return its value
   */
  public static long wr_atomic_swap(MemorySegment struct) {
    return struct.get(C_LONG, wr_atomic_swap$OFFSET);
  }

  /**
   * Writes {@code wr.atomic.swap}: value stored if the comparison holds.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_atomic_swap(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, wr_atomic_swap$OFFSET, fieldValue);
  }

  private static final long wr_atomic_rkey$OFFSET =
      $LAYOUT.byteOffset(groupElement("wr"), groupElement("atomic"), groupElement("rkey"));

  /** {@return the offset of {@code wr.atomic.rkey} in bytes} */
  public static long wr_atomic_rkey$offset() {
    return wr_atomic_rkey$OFFSET;
  }

  /**
   * Reads {@code wr.atomic.rkey}: remote key of an atomic.
   *
   * @param struct the struct
   * @return its value
   */
  public static int wr_atomic_rkey(MemorySegment struct) {
    return struct.get(C_INT, wr_atomic_rkey$OFFSET);
  }

  /**
   * Writes {@code wr.atomic.rkey}: remote key of an atomic.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void wr_atomic_rkey(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, wr_atomic_rkey$OFFSET, fieldValue);
  }
}
