package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_INT;
import static dev.starling.jextract.verbs.VerbsTypes.C_SHORT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * An IPv4 address with port, of {@code <netinet/in.h>}; see {@code ip(7)}.
 *
 * {@snippet lang=c :
 * struct sockaddr_in {
 *   sa_family_t sin_family;
 *   in_port_t sin_port;
 *   struct {
 *     in_addr_t s_addr;
 *   } sin_addr;
 *   unsigned char sin_zero[8];
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class sockaddr_in {
  private sockaddr_in() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_SHORT.withName("sin_family"),
              C_SHORT.withName("sin_port"),
              MemoryLayout.structLayout(C_INT.withName("s_addr")).withName("sin_addr"),
              MemoryLayout.paddingLayout(8))
          .withName("sockaddr_in");

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

  private static final long sin_family$OFFSET = $LAYOUT.byteOffset(groupElement("sin_family"));

  /** {@return the offset of {@code sin_family} in bytes} */
  public static long sin_family$offset() {
    return sin_family$OFFSET;
  }

  /**
   * Reads {@code sin_family}: AF_INET.
   *
   * @param struct the struct
   * @return its value
   */
  public static short sin_family(MemorySegment struct) {
    return struct.get(C_SHORT, sin_family$OFFSET);
  }

  /**
   * Writes {@code sin_family}: AF_INET.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin_family(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, sin_family$OFFSET, fieldValue);
  }

  private static final long sin_port$OFFSET = $LAYOUT.byteOffset(groupElement("sin_port"));

  /** {@return the offset of {@code sin_port} in bytes} */
  public static long sin_port$offset() {
    return sin_port$OFFSET;
  }

  /**
   * Reads {@code sin_port}: port in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static short sin_port(MemorySegment struct) {
    return struct.get(C_SHORT, sin_port$OFFSET);
  }

  /**
   * Writes {@code sin_port}: port in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin_port(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, sin_port$OFFSET, fieldValue);
  }

  private static final long sin_addr_s_addr$OFFSET =
      $LAYOUT.byteOffset(groupElement("sin_addr"), groupElement("s_addr"));

  /** {@return the offset of {@code sin_addr.s_addr} in bytes} */
  public static long sin_addr_s_addr$offset() {
    return sin_addr_s_addr$OFFSET;
  }

  /**
   * Reads {@code sin_addr.s_addr}: address in network byte order.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sin_addr_s_addr(MemorySegment struct) {
    return struct.get(C_INT, sin_addr_s_addr$OFFSET);
  }

  /**
   * Writes {@code sin_addr.s_addr}: address in network byte order.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sin_addr_s_addr(MemorySegment struct, int fieldValue) {
    struct.set(C_INT, sin_addr_s_addr$OFFSET, fieldValue);
  }
}
