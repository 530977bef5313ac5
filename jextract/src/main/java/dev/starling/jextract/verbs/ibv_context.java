package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_POINTER;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * An open device, of {@code <infiniband/verbs.h>}; see {@code ibv_open_device(3)}.
 *
 * {@snippet lang=c :
 * struct ibv_context {
 *   struct ibv_device *device;
 *   struct {
 *     // 11 others
 *     void *poll_cq;
 *     void *req_notify_cq;
 *     // 12 others
 *     void *post_send;
 *     void *post_recv;
 *     // 5 others
 *   } ops;
 *   int cmd_fd;
 *   int async_fd;
 *   int num_comp_vectors;
 *   pthread_mutex_t mutex;
 *   void *abi_compat;
 * };
 * }
 *
 * <p>Filled by the library and only read, so it has no setters. Of the table {@code ops} only the
 * functions in use are named.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class ibv_context {
  private ibv_context() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_POINTER.withName("device"),
              MemoryLayout.structLayout(
                      MemoryLayout.paddingLayout(88),
                      C_POINTER.withName("poll_cq"),
                      C_POINTER.withName("req_notify_cq"),
                      MemoryLayout.paddingLayout(96),
                      C_POINTER.withName("post_send"),
                      C_POINTER.withName("post_recv"),
                      MemoryLayout.paddingLayout(40))
                  .withName("ops"),
              C_INT.withName("cmd_fd"),
              C_INT.withName("async_fd"),
              C_INT.withName("num_comp_vectors"),
              MemoryLayout.paddingLayout(4),
              MemoryLayout.paddingLayout(40),
              C_POINTER.withName("abi_compat"))
          .withName("ibv_context");

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

  private static final long device$OFFSET = $LAYOUT.byteOffset(groupElement("device"));

  /** {@return the offset of {@code device} in bytes} */
  public static long device$offset() {
    return device$OFFSET;
  }

  /**
   * Reads {@code device}: the device that was opened.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment device(MemorySegment struct) {
    return struct.get(C_POINTER, device$OFFSET);
  }

  private static final long ops_poll_cq$OFFSET =
      $LAYOUT.byteOffset(groupElement("ops"), groupElement("poll_cq"));

  /** {@return the offset of {@code ops.poll_cq} in bytes} */
  public static long ops_poll_cq$offset() {
    return ops_poll_cq$OFFSET;
  }

  /**
   * Reads {@code ops.poll_cq}: function of {@link Ibverbs#ibv_poll_cq}.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ops_poll_cq(MemorySegment struct) {
    return struct.get(C_POINTER, ops_poll_cq$OFFSET);
  }

  private static final long ops_req_notify_cq$OFFSET =
      $LAYOUT.byteOffset(groupElement("ops"), groupElement("req_notify_cq"));

  /** {@return the offset of {@code ops.req_notify_cq} in bytes} */
  public static long ops_req_notify_cq$offset() {
    return ops_req_notify_cq$OFFSET;
  }

  /**
   * Reads {@code ops.req_notify_cq}: function of {@link Ibverbs#ibv_req_notify_cq}.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ops_req_notify_cq(MemorySegment struct) {
    return struct.get(C_POINTER, ops_req_notify_cq$OFFSET);
  }

  private static final long ops_post_send$OFFSET =
      $LAYOUT.byteOffset(groupElement("ops"), groupElement("post_send"));

  /** {@return the offset of {@code ops.post_send} in bytes} */
  public static long ops_post_send$offset() {
    return ops_post_send$OFFSET;
  }

  /**
   * Reads {@code ops.post_send}: function of {@link Ibverbs#ibv_post_send}.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ops_post_send(MemorySegment struct) {
    return struct.get(C_POINTER, ops_post_send$OFFSET);
  }

  private static final long ops_post_recv$OFFSET =
      $LAYOUT.byteOffset(groupElement("ops"), groupElement("post_recv"));

  /** {@return the offset of {@code ops.post_recv} in bytes} */
  public static long ops_post_recv$offset() {
    return ops_post_recv$OFFSET;
  }

  /**
   * Reads {@code ops.post_recv}: function of {@link Ibverbs#ibv_post_recv}.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment ops_post_recv(MemorySegment struct) {
    return struct.get(C_POINTER, ops_post_recv$OFFSET);
  }

  private static final long cmd_fd$OFFSET = $LAYOUT.byteOffset(groupElement("cmd_fd"));

  /** {@return the offset of {@code cmd_fd} in bytes} */
  public static long cmd_fd$offset() {
    return cmd_fd$OFFSET;
  }

  /**
   * Reads {@code cmd_fd}: descriptor for commands.
   *
   * @param struct the struct
   * @return its value
   */
  public static int cmd_fd(MemorySegment struct) {
    return struct.get(C_INT, cmd_fd$OFFSET);
  }

  private static final long async_fd$OFFSET = $LAYOUT.byteOffset(groupElement("async_fd"));

  /** {@return the offset of {@code async_fd} in bytes} */
  public static long async_fd$offset() {
    return async_fd$OFFSET;
  }

  /**
   * Reads {@code async_fd}: descriptor that is readable when an asynchronous event waits.
   *
   * @param struct the struct
   * @return its value
   */
  public static int async_fd(MemorySegment struct) {
    return struct.get(C_INT, async_fd$OFFSET);
  }

  private static final long num_comp_vectors$OFFSET =
      $LAYOUT.byteOffset(groupElement("num_comp_vectors"));

  /** {@return the offset of {@code num_comp_vectors} in bytes} */
  public static long num_comp_vectors$offset() {
    return num_comp_vectors$OFFSET;
  }

  /**
   * Reads {@code num_comp_vectors}: number of completion vectors.
   *
   * @param struct the struct
   * @return its value
   */
  public static int num_comp_vectors(MemorySegment struct) {
    return struct.get(C_INT, num_comp_vectors$OFFSET);
  }

  private static final long abi_compat$OFFSET = $LAYOUT.byteOffset(groupElement("abi_compat"));

  /** {@return the offset of {@code abi_compat} in bytes} */
  public static long abi_compat$offset() {
    return abi_compat$OFFSET;
  }

  /**
   * Reads {@code abi_compat}: all ones if the extended table lies before the struct.
   *
   * @param struct the struct
   * @return its value
   */
  public static MemorySegment abi_compat(MemorySegment struct) {
    return struct.get(C_POINTER, abi_compat$OFFSET);
  }
}
