package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_CHAR;
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
 * A connection or listening point, of {@code <rdma/rdma_cma.h>}; see {@code rdma_create_id(3)}.
 *
 * {@snippet lang=c :
 * struct rdma_cm_id {
 *   struct ibv_context *verbs;
 *   struct rdma_event_channel *channel;
 *   void *context;
 *   struct ibv_qp *qp;
 *   struct {
 *     struct {
 *       struct sockaddr_storage src_storage;
 *       struct sockaddr_storage dst_storage;
 *       union {
 *         struct {
 *           union ibv_gid sgid;
 *           union ibv_gid dgid;
 *           __be16 pkey;
 *         } ibaddr;
 *       } addr;
 *     } addr;
 *     struct ibv_sa_path_rec *path_rec;
 *     int num_paths;
 *   } route;
 *   enum rdma_port_space ps;
 *   uint8_t port_num;
 *   struct rdma_cm_event *event;
 *   struct ibv_comp_channel *send_cq_channel;
 *   struct ibv_cq *send_cq;
 *   struct ibv_comp_channel *recv_cq_channel;
 *   struct ibv_cq *recv_cq;
 *   struct ibv_srq *srq;
 *   struct ibv_pd *pd;
 *   enum ibv_qp_type qp_type;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters. The {@code src_storage} and {@code
 * dst_storage} in it are what {@code rdma_get_local_addr} and {@code rdma_get_peer_addr} point at.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class rdma_cm_id {
  private rdma_cm_id() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("verbs"),
              C_POINTER.withName("channel"),
              C_POINTER.withName("context"),
              C_POINTER.withName("qp"),
              MemoryLayout.structLayout(
                      MemoryLayout.structLayout(
                              MemoryLayout.sequenceLayout(128, C_CHAR).withName("src_storage"),
                              MemoryLayout.sequenceLayout(128, C_CHAR).withName("dst_storage"),
                              MemoryLayout.unionLayout(
                                      MemoryLayout.structLayout(
                                              ibv_gid.layout().withName("sgid"),
                                              ibv_gid.layout().withName("dgid"),
                                              C_SHORT.withName("pkey"),
                                              MemoryLayout.paddingLayout(6))
                                          .withName("ibaddr"))
                                  .withName("addr"))
                          .withName("addr"),
                      C_POINTER.withName("path_rec"),
                      C_INT.withName("num_paths"),
                      MemoryLayout.paddingLayout(4))
                  .withName("route"),
              C_INT.withName("ps"),
              C_CHAR.withName("port_num"),
              MemoryLayout.paddingLayout(3),
              C_POINTER.withName("event"),
              C_POINTER.withName("send_cq_channel"),
              C_POINTER.withName("send_cq"),
              C_POINTER.withName("recv_cq_channel"),
              C_POINTER.withName("recv_cq"),
              C_POINTER.withName("srq"),
              C_POINTER.withName("pd"),
              C_INT.withName("qp_type"),
              MemoryLayout.paddingLayout(4))
          .withName("rdma_cm_id");

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

  private static final long verbs$OFFSET = $LAYOUT.byteOffset(groupElement("verbs"));

  /** {@return the offset of {@code verbs} in bytes} */
  public static long verbs$offset() {
    return verbs$OFFSET;
  }

  /**
   * Reads {@code verbs}: device, once bound or resolved, else NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment verbs(MemorySegment struct) {
    return struct.get(C_POINTER, verbs$OFFSET);
  }

  private static final long channel$OFFSET = $LAYOUT.byteOffset(groupElement("channel"));

  /** {@return the offset of {@code channel} in bytes} */
  public static long channel$offset() {
    return channel$OFFSET;
  }

  /**
   * Reads {@code channel}: channel of its events.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment channel(MemorySegment struct) {
    return struct.get(C_POINTER, channel$OFFSET);
  }

  private static final long context$OFFSET = $LAYOUT.byteOffset(groupElement("context"));

  /** {@return the offset of {@code context} in bytes} */
  public static long context$offset() {
    return context$OFFSET;
  }

  /**
   * Reads {@code context}: value kept for the caller.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment context(MemorySegment struct) {
    return struct.get(C_POINTER, context$OFFSET);
  }

  private static final long qp$OFFSET = $LAYOUT.byteOffset(groupElement("qp"));

  /** {@return the offset of {@code qp} in bytes} */
  public static long qp$offset() {
    return qp$OFFSET;
  }

  /**
   * Reads {@code qp}: queue pair, once created, else NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment qp(MemorySegment struct) {
    return struct.get(C_POINTER, qp$OFFSET);
  }

  private static final long route_addr_src_storage$OFFSET =
      $LAYOUT.byteOffset(groupElement("route"), groupElement("addr"), groupElement("src_storage"));

  /** {@return the offset of {@code route.addr.src_storage} in bytes} */
  public static long route_addr_src_storage$offset() {
    return route_addr_src_storage$OFFSET;
  }

  /**
   * Gives {@code route.addr.src_storage}: local address, a {@link sockaddr_storage}.
   *
   * @param struct the struct
   * @return the 128 bytes of it, to read or write
   */
  public static MemorySegment route_addr_src_storage(MemorySegment struct) {
    return struct.asSlice(route_addr_src_storage$OFFSET, 128);
  }

  private static final long route_addr_dst_storage$OFFSET =
      $LAYOUT.byteOffset(groupElement("route"), groupElement("addr"), groupElement("dst_storage"));

  /** {@return the offset of {@code route.addr.dst_storage} in bytes} */
  public static long route_addr_dst_storage$offset() {
    return route_addr_dst_storage$OFFSET;
  }

  /**
   * Gives {@code route.addr.dst_storage}: remote address, a {@link sockaddr_storage}.
   *
   * @param struct the struct
   * @return the 128 bytes of it, to read or write
   */
  public static MemorySegment route_addr_dst_storage(MemorySegment struct) {
    return struct.asSlice(route_addr_dst_storage$OFFSET, 128);
  }

  private static final long route_addr_addr_ibaddr_sgid_raw$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("sgid"),
          groupElement("raw"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.sgid.raw} in bytes} */
  public static long route_addr_addr_ibaddr_sgid_raw$offset() {
    return route_addr_addr_ibaddr_sgid_raw$OFFSET;
  }

  /**
   * Gives {@code route.addr.addr.ibaddr.sgid.raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment route_addr_addr_ibaddr_sgid_raw(MemorySegment struct) {
    return struct.asSlice(route_addr_addr_ibaddr_sgid_raw$OFFSET, 16);
  }

  private static final long route_addr_addr_ibaddr_sgid_global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("sgid"),
          groupElement("global"),
          groupElement("subnet_prefix"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.sgid.global.subnet_prefix} in bytes} */
  public static long route_addr_addr_ibaddr_sgid_global_subnet_prefix$offset() {
    return route_addr_addr_ibaddr_sgid_global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code route.addr.addr.ibaddr.sgid.global.subnet_prefix}: upper half, in network byte
   * order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long route_addr_addr_ibaddr_sgid_global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, route_addr_addr_ibaddr_sgid_global_subnet_prefix$OFFSET);
  }

  private static final long route_addr_addr_ibaddr_sgid_global_interface_id$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("sgid"),
          groupElement("global"),
          groupElement("interface_id"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.sgid.global.interface_id} in bytes} */
  public static long route_addr_addr_ibaddr_sgid_global_interface_id$offset() {
    return route_addr_addr_ibaddr_sgid_global_interface_id$OFFSET;
  }

  /**
   * Reads {@code route.addr.addr.ibaddr.sgid.global.interface_id}: lower half, in network byte
   * order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long route_addr_addr_ibaddr_sgid_global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, route_addr_addr_ibaddr_sgid_global_interface_id$OFFSET);
  }

  private static final long route_addr_addr_ibaddr_dgid_raw$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("dgid"),
          groupElement("raw"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.dgid.raw} in bytes} */
  public static long route_addr_addr_ibaddr_dgid_raw$offset() {
    return route_addr_addr_ibaddr_dgid_raw$OFFSET;
  }

  /**
   * Gives {@code route.addr.addr.ibaddr.dgid.raw}: the address as 16 bytes.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment route_addr_addr_ibaddr_dgid_raw(MemorySegment struct) {
    return struct.asSlice(route_addr_addr_ibaddr_dgid_raw$OFFSET, 16);
  }

  private static final long route_addr_addr_ibaddr_dgid_global_subnet_prefix$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("dgid"),
          groupElement("global"),
          groupElement("subnet_prefix"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.dgid.global.subnet_prefix} in bytes} */
  public static long route_addr_addr_ibaddr_dgid_global_subnet_prefix$offset() {
    return route_addr_addr_ibaddr_dgid_global_subnet_prefix$OFFSET;
  }

  /**
   * Reads {@code route.addr.addr.ibaddr.dgid.global.subnet_prefix}: upper half, in network byte
   * order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long route_addr_addr_ibaddr_dgid_global_subnet_prefix(MemorySegment struct) {
    return struct.get(C_LONG, route_addr_addr_ibaddr_dgid_global_subnet_prefix$OFFSET);
  }

  private static final long route_addr_addr_ibaddr_dgid_global_interface_id$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("dgid"),
          groupElement("global"),
          groupElement("interface_id"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.dgid.global.interface_id} in bytes} */
  public static long route_addr_addr_ibaddr_dgid_global_interface_id$offset() {
    return route_addr_addr_ibaddr_dgid_global_interface_id$OFFSET;
  }

  /**
   * Reads {@code route.addr.addr.ibaddr.dgid.global.interface_id}: lower half, in network byte
   * order.
   *
   * @param struct the struct
   * @return its value
   */
  public static long route_addr_addr_ibaddr_dgid_global_interface_id(MemorySegment struct) {
    return struct.get(C_LONG, route_addr_addr_ibaddr_dgid_global_interface_id$OFFSET);
  }

  private static final long route_addr_addr_ibaddr_pkey$OFFSET =
      $LAYOUT.byteOffset(
          groupElement("route"),
          groupElement("addr"),
          groupElement("addr"),
          groupElement("ibaddr"),
          groupElement("pkey"));

  /** {@return the offset of {@code route.addr.addr.ibaddr.pkey} in bytes} */
  public static long route_addr_addr_ibaddr_pkey$offset() {
    return route_addr_addr_ibaddr_pkey$OFFSET;
  }

  /**
   * Reads {@code route.addr.addr.ibaddr.pkey}: partition key in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static short route_addr_addr_ibaddr_pkey(MemorySegment struct) {
    return struct.get(C_SHORT, route_addr_addr_ibaddr_pkey$OFFSET);
  }

  private static final long route_path_rec$OFFSET =
      $LAYOUT.byteOffset(groupElement("route"), groupElement("path_rec"));

  /** {@return the offset of {@code route.path_rec} in bytes} */
  public static long route_path_rec$offset() {
    return route_path_rec$OFFSET;
  }

  /**
   * Reads {@code route.path_rec}: path records, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment route_path_rec(MemorySegment struct) {
    return struct.get(C_POINTER, route_path_rec$OFFSET);
  }

  private static final long route_num_paths$OFFSET =
      $LAYOUT.byteOffset(groupElement("route"), groupElement("num_paths"));

  /** {@return the offset of {@code route.num_paths} in bytes} */
  public static long route_num_paths$offset() {
    return route_num_paths$OFFSET;
  }

  /**
   * Reads {@code route.num_paths}: their number.
   *
   * @param struct the struct
   * @return its value
   */
  public static int route_num_paths(MemorySegment struct) {
    return struct.get(C_INT, route_num_paths$OFFSET);
  }

  private static final long ps$OFFSET = $LAYOUT.byteOffset(groupElement("ps"));

  /** {@return the offset of {@code ps} in bytes} */
  public static long ps$offset() {
    return ps$OFFSET;
  }

  /**
   * Reads {@code ps}: RDMA_PS_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ps(MemorySegment struct) {
    return struct.get(C_INT, ps$OFFSET);
  }

  private static final long port_num$OFFSET = $LAYOUT.byteOffset(groupElement("port_num"));

  /** {@return the offset of {@code port_num} in bytes} */
  public static long port_num$offset() {
    return port_num$OFFSET;
  }

  /**
   * Reads {@code port_num}: port of the device, from 1.
   *
   * @param struct the struct
   * @return its value
   */
  public static byte port_num(MemorySegment struct) {
    return struct.get(C_CHAR, port_num$OFFSET);
  }

  private static final long event$OFFSET = $LAYOUT.byteOffset(groupElement("event"));

  /** {@return the offset of {@code event} in bytes} */
  public static long event$offset() {
    return event$OFFSET;
  }

  /**
   * Reads {@code event}: event of a synchronous id, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment event(MemorySegment struct) {
    return struct.get(C_POINTER, event$OFFSET);
  }

  private static final long send_cq$OFFSET = $LAYOUT.byteOffset(groupElement("send_cq"));

  /** {@return the offset of {@code send_cq} in bytes} */
  public static long send_cq$offset() {
    return send_cq$OFFSET;
  }

  /**
   * Reads {@code send_cq}: queue for completions of sends.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment send_cq(MemorySegment struct) {
    return struct.get(C_POINTER, send_cq$OFFSET);
  }

  private static final long recv_cq$OFFSET = $LAYOUT.byteOffset(groupElement("recv_cq"));

  /** {@return the offset of {@code recv_cq} in bytes} */
  public static long recv_cq$offset() {
    return recv_cq$OFFSET;
  }

  /**
   * Reads {@code recv_cq}: queue for completions of receives.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment recv_cq(MemorySegment struct) {
    return struct.get(C_POINTER, recv_cq$OFFSET);
  }

  private static final long srq$OFFSET = $LAYOUT.byteOffset(groupElement("srq"));

  /** {@return the offset of {@code srq} in bytes} */
  public static long srq$offset() {
    return srq$OFFSET;
  }

  /**
   * Reads {@code srq}: shared receive queue, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment srq(MemorySegment struct) {
    return struct.get(C_POINTER, srq$OFFSET);
  }

  private static final long pd$OFFSET = $LAYOUT.byteOffset(groupElement("pd"));

  /** {@return the offset of {@code pd} in bytes} */
  public static long pd$offset() {
    return pd$OFFSET;
  }

  /**
   * Reads {@code pd}: protection domain of the queue pair.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment pd(MemorySegment struct) {
    return struct.get(C_POINTER, pd$OFFSET);
  }

  private static final long qp_type$OFFSET = $LAYOUT.byteOffset(groupElement("qp_type"));

  /** {@return the offset of {@code qp_type} in bytes} */
  public static long qp_type$offset() {
    return qp_type$OFFSET;
  }

  /**
   * Reads {@code qp_type}: IBV_QPT_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int qp_type(MemorySegment struct) {
    return struct.get(C_INT, qp_type$OFFSET);
  }
}
