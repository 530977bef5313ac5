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
 * An IPv6 address with port, of {@code <netinet/in.h>}; see {@code ipv6(7)}.
 *
 * {@snippet lang=c :
 * struct sockaddr_in6 {
 *   sa_family_t sin6_family;
 *   in_port_t sin6_port;
 *   uint32_t sin6_flowinfo;
 *   struct in6_addr sin6_addr;
 *   uint32_t sin6_scope_id;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class sockaddr_in6 {
  private sockaddr_in6() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_SHORT.withName("sin6_family"),
              C_SHORT.withName("sin6_port"),
              C_INT.withName("sin6_flowinfo"),
              MemoryLayout.sequenceLayout(16, C_CHAR).withName("sin6_addr"),
              C_INT.withName("sin6_scope_id"))
          .withName("sockaddr_in6");

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

  private static final long sin6_family$OFFSET = $LAYOUT.byteOffset(groupElement("sin6_family"));

  /** {@return the offset of {@code sin6_family} in bytes} */
  public static long sin6_family$offset() {
    return sin6_family$OFFSET;
  }

  /**
   * Reads {@code sin6_family}: AF_INET6.
   *
   * @param struct the struct
   * @return its value
   */
  public static short sin6_family(MemorySegment struct) {
    return struct.get(C_SHORT, sin6_family$OFFSET);
  }

  /**
   * Writes {@code sin6_family}: AF_INET6.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin6_family(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, sin6_family$OFFSET, fieldValue);
  }

  private static final long sin6_port$OFFSET = $LAYOUT.byteOffset(groupElement("sin6_port"));

  /** {@return the offset of {@code sin6_port} in bytes} */
  public static long sin6_port$offset() {
    return sin6_port$OFFSET;
  }

  /**
   * Reads {@code sin6_port}: port in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static short sin6_port(MemorySegment struct) {
    return struct.get(C_SHORT, sin6_port$OFFSET);
  }

  /**
   * Writes {@code sin6_port}: port in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin6_port(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, sin6_port$OFFSET, fieldValue);
  }

  private static final long sin6_flowinfo$OFFSET =
      $LAYOUT.byteOffset(groupElement("sin6_flowinfo"));

  /** {@return the offset of {@code sin6_flowinfo} in bytes} */
  public static long sin6_flowinfo$offset() {
    return sin6_flowinfo$OFFSET;
  }

  /**
   * Reads {@code sin6_flowinfo}: flow information.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sin6_flowinfo(MemorySegment struct) {
    return struct.get(C_INT, sin6_flowinfo$OFFSET);
  }

  /**
   * Writes {@code sin6_flowinfo}: flow information.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin6_flowinfo(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, sin6_flowinfo$OFFSET, fieldValue);
  }

  private static final long sin6_addr$OFFSET = $LAYOUT.byteOffset(groupElement("sin6_addr"));

  /** {@return the offset of {@code sin6_addr} in bytes} */
  public static long sin6_addr$offset() {
    return sin6_addr$OFFSET;
  }

  /**
   * Gives {@code sin6_addr}: address.
   *
   * @param struct the struct
   * @return the 16 bytes of it, to read or write
   */
  public static MemorySegment sin6_addr(MemorySegment struct) {
    return struct.asSlice(sin6_addr$OFFSET, 16);
  }

  private static final long sin6_scope_id$OFFSET =
      $LAYOUT.byteOffset(groupElement("sin6_scope_id"));

  /** {@return the offset of {@code sin6_scope_id} in bytes} */
  public static long sin6_scope_id$offset() {
    return sin6_scope_id$OFFSET;
  }

  /**
   * Reads {@code sin6_scope_id}: index of the interface for a link-local address.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sin6_scope_id(MemorySegment struct) {
    return struct.get(C_INT, sin6_scope_id$OFFSET);
  }

  /**
   * Writes {@code sin6_scope_id}: index of the interface for a link-local address.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin6_scope_id(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, sin6_scope_id$OFFSET, fieldValue);
  }
}
