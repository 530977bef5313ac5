package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * What a name resolves to, or hints for it, of {@code <rdma/rdma_cma.h>}; see {@code
 * rdma_getaddrinfo(3)}.
 *
 * {@snippet lang=c :
 * struct rdma_addrinfo {
 *   int ai_flags;
 *   int ai_family;
 *   int ai_qp_type;
 *   int ai_port_space;
 *   socklen_t ai_src_len;
 *   socklen_t ai_dst_len;
 *   struct sockaddr *ai_src_addr;
 *   struct sockaddr *ai_dst_addr;
 *   char *ai_src_canonname;
 *   char *ai_dst_canonname;
 *   size_t ai_route_len;
 *   void *ai_route;
 *   size_t ai_connect_len;
 *   void *ai_connect;
 *   struct rdma_addrinfo *ai_next;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class rdma_addrinfo {
  private rdma_addrinfo() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_INT.withName("ai_flags"),
              C_INT.withName("ai_family"),
              C_INT.withName("ai_qp_type"),
              C_INT.withName("ai_port_space"),
              C_INT.withName("ai_src_len"),
              C_INT.withName("ai_dst_len"),
              C_POINTER.withName("ai_src_addr"),
              C_POINTER.withName("ai_dst_addr"),
              C_POINTER.withName("ai_src_canonname"),
              C_POINTER.withName("ai_dst_canonname"),
              C_LONG.withName("ai_route_len"),
              C_POINTER.withName("ai_route"),
              C_LONG.withName("ai_connect_len"),
              C_POINTER.withName("ai_connect"),
              C_POINTER.withName("ai_next"))
          .withName("rdma_addrinfo");

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

  private static final long ai_flags$OFFSET = $LAYOUT.byteOffset(groupElement("ai_flags"));

  /** {@return the offset of {@code ai_flags} in bytes} */
  public static long ai_flags$offset() {
    return ai_flags$OFFSET;
  }

  /**
   * Reads {@code ai_flags}: RAI_ flags.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ai_flags(MemorySegment struct) {
    return struct.get(C_INT, ai_flags$OFFSET);
  }

  /**
   * Writes {@code ai_flags}: RAI_ flags.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_flags(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ai_flags$OFFSET, fieldValue);
  }

  private static final long ai_family$OFFSET = $LAYOUT.byteOffset(groupElement("ai_family"));

  /** {@return the offset of {@code ai_family} in bytes} */
  public static long ai_family$offset() {
    return ai_family$OFFSET;
  }

  /**
   * Reads {@code ai_family}: AF_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ai_family(MemorySegment struct) {
    return struct.get(C_INT, ai_family$OFFSET);
  }

  /**
   * Writes {@code ai_family}: AF_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_family(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ai_family$OFFSET, fieldValue);
  }

  private static final long ai_qp_type$OFFSET = $LAYOUT.byteOffset(groupElement("ai_qp_type"));

  /** {@return the offset of {@code ai_qp_type} in bytes} */
  public static long ai_qp_type$offset() {
    return ai_qp_type$OFFSET;
  }

  /**
   * Reads {@code ai_qp_type}: IBV_QPT_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ai_qp_type(MemorySegment struct) {
    return struct.get(C_INT, ai_qp_type$OFFSET);
  }

  /**
   * Writes {@code ai_qp_type}: IBV_QPT_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_qp_type(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ai_qp_type$OFFSET, fieldValue);
  }

  private static final long ai_port_space$OFFSET =
      $LAYOUT.byteOffset(groupElement("ai_port_space"));

  /** {@return the offset of {@code ai_port_space} in bytes} */
  public static long ai_port_space$offset() {
    return ai_port_space$OFFSET;
  }

  /**
   * Reads {@code ai_port_space}: RDMA_PS_ constant.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ai_port_space(MemorySegment struct) {
    return struct.get(C_INT, ai_port_space$OFFSET);
  }

  /**
   * Writes {@code ai_port_space}: RDMA_PS_ constant.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_port_space(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ai_port_space$OFFSET, fieldValue);
  }

  private static final long ai_src_len$OFFSET = $LAYOUT.byteOffset(groupElement("ai_src_len"));

  /** {@return the offset of {@code ai_src_len} in bytes} */
  public static long ai_src_len$offset() {
    return ai_src_len$OFFSET;
  }

  /**
   * Reads {@code ai_src_len}: bytes at ai_src_addr.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ai_src_len(MemorySegment struct) {
    return struct.get(C_INT, ai_src_len$OFFSET);
  }

  /**
   * Writes {@code ai_src_len}: bytes at ai_src_addr.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_src_len(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ai_src_len$OFFSET, fieldValue);
  }

  private static final long ai_dst_len$OFFSET = $LAYOUT.byteOffset(groupElement("ai_dst_len"));

  /** {@return the offset of {@code ai_dst_len} in bytes} */
  public static long ai_dst_len$offset() {
    return ai_dst_len$OFFSET;
  }

  /**
   * Reads {@code ai_dst_len}: bytes at ai_dst_addr.
   *
   * @param struct the struct
   * @return its value
   */
  public static int ai_dst_len(MemorySegment struct) {
    return struct.get(C_INT, ai_dst_len$OFFSET);
  }

  /**
   * Writes {@code ai_dst_len}: bytes at ai_dst_addr.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_dst_len(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, ai_dst_len$OFFSET, fieldValue);
  }

  private static final long ai_src_addr$OFFSET = $LAYOUT.byteOffset(groupElement("ai_src_addr"));

  /** {@return the offset of {@code ai_src_addr} in bytes} */
  public static long ai_src_addr$offset() {
    return ai_src_addr$OFFSET;
  }

  /**
   * Reads {@code ai_src_addr}: local address, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_src_addr(MemorySegment struct) {
    return struct.get(C_POINTER, ai_src_addr$OFFSET);
  }

  /**
   * Writes {@code ai_src_addr}: local address, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_src_addr(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_src_addr$OFFSET, fieldValue);
  }

  private static final long ai_dst_addr$OFFSET = $LAYOUT.byteOffset(groupElement("ai_dst_addr"));

  /** {@return the offset of {@code ai_dst_addr} in bytes} */
  public static long ai_dst_addr$offset() {
    return ai_dst_addr$OFFSET;
  }

  /**
   * Reads {@code ai_dst_addr}: remote address, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_dst_addr(MemorySegment struct) {
    return struct.get(C_POINTER, ai_dst_addr$OFFSET);
  }

  /**
   * Writes {@code ai_dst_addr}: remote address, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_dst_addr(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_dst_addr$OFFSET, fieldValue);
  }

  private static final long ai_src_canonname$OFFSET =
      $LAYOUT.byteOffset(groupElement("ai_src_canonname"));

  /** {@return the offset of {@code ai_src_canonname} in bytes} */
  public static long ai_src_canonname$offset() {
    return ai_src_canonname$OFFSET;
  }

  /**
   * Reads {@code ai_src_canonname}: name of the local host, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_src_canonname(MemorySegment struct) {
    return struct.get(C_POINTER, ai_src_canonname$OFFSET);
  }

  /**
   * Writes {@code ai_src_canonname}: name of the local host, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_src_canonname(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_src_canonname$OFFSET, fieldValue);
  }

  private static final long ai_dst_canonname$OFFSET =
      $LAYOUT.byteOffset(groupElement("ai_dst_canonname"));

  /** {@return the offset of {@code ai_dst_canonname} in bytes} */
  public static long ai_dst_canonname$offset() {
    return ai_dst_canonname$OFFSET;
  }

  /**
   * Reads {@code ai_dst_canonname}: name of the remote host, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_dst_canonname(MemorySegment struct) {
    return struct.get(C_POINTER, ai_dst_canonname$OFFSET);
  }

  /**
   * Writes {@code ai_dst_canonname}: name of the remote host, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_dst_canonname(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_dst_canonname$OFFSET, fieldValue);
  }

  private static final long ai_route_len$OFFSET = $LAYOUT.byteOffset(groupElement("ai_route_len"));

  /** {@return the offset of {@code ai_route_len} in bytes} */
  public static long ai_route_len$offset() {
    return ai_route_len$OFFSET;
  }

  /**
   * Reads {@code ai_route_len}: bytes at ai_route.
   *
   * @param struct the struct
   * @return its value
   */
  public static long ai_route_len(MemorySegment struct) {
    return struct.get(C_LONG, ai_route_len$OFFSET);
  }

  /**
   * Writes {@code ai_route_len}: bytes at ai_route.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_route_len(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, ai_route_len$OFFSET, fieldValue);
  }

  private static final long ai_route$OFFSET = $LAYOUT.byteOffset(groupElement("ai_route"));

  /** {@return the offset of {@code ai_route} in bytes} */
  public static long ai_route$offset() {
    return ai_route$OFFSET;
  }

  /**
   * Reads {@code ai_route}: routing information, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_route(MemorySegment struct) {
    return struct.get(C_POINTER, ai_route$OFFSET);
  }

  /**
   * Writes {@code ai_route}: routing information, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_route(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_route$OFFSET, fieldValue);
  }

  private static final long ai_connect_len$OFFSET =
      $LAYOUT.byteOffset(groupElement("ai_connect_len"));

  /** {@return the offset of {@code ai_connect_len} in bytes} */
  public static long ai_connect_len$offset() {
    return ai_connect_len$OFFSET;
  }

  /**
   * Reads {@code ai_connect_len}: bytes at ai_connect.
   *
   * @param struct the struct
   * @return its value
   */
  public static long ai_connect_len(MemorySegment struct) {
    return struct.get(C_LONG, ai_connect_len$OFFSET);
  }

  /**
   * Writes {@code ai_connect_len}: bytes at ai_connect.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_connect_len(MemorySegment struct, long fieldValue) {
    struct.set(C_LONG, ai_connect_len$OFFSET, fieldValue);
  }

  private static final long ai_connect$OFFSET = $LAYOUT.byteOffset(groupElement("ai_connect"));

  /** {@return the offset of {@code ai_connect} in bytes} */
  public static long ai_connect$offset() {
    return ai_connect$OFFSET;
  }

  /**
   * Reads {@code ai_connect}: connection information, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_connect(MemorySegment struct) {
    return struct.get(C_POINTER, ai_connect$OFFSET);
  }

  /**
   * Writes {@code ai_connect}: connection information, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_connect(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_connect$OFFSET, fieldValue);
  }

  private static final long ai_next$OFFSET = $LAYOUT.byteOffset(groupElement("ai_next"));

  /** {@return the offset of {@code ai_next} in bytes} */
  public static long ai_next$offset() {
    return ai_next$OFFSET;
  }

  /**
   * Reads {@code ai_next}: next of the list, or NULL.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ai_next(MemorySegment struct) {
    return struct.get(C_POINTER, ai_next$OFFSET);
  }

  /**
   * Writes {@code ai_next}: next of the list, or NULL.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ai_next(MemorySegment struct, MemorySegment fieldValue) {
    struct.set(C_POINTER, ai_next$OFFSET, fieldValue);
  }
}
