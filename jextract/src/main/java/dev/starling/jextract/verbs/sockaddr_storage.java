package dev.starling.jextract.verbs;

import static dev.starling.jextract.verbs.VerbsTypes.C_LONG;
import static dev.starling.jextract.verbs.VerbsTypes.C_SHORT;
import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * Room for an address of any family, of {@code <sys/socket.h>}; see {@code socket(7)}.
 *
 * {@snippet lang=c :
 * struct sockaddr_storage {
 *   sa_family_t ss_family;
 *   char __ss_padding[118];
 *   unsigned long __ss_align;
 * };
 * }
 *
 * <p>Read the family first, then the bytes as {@link sockaddr_in} or {@link sockaddr_in6}.
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class sockaddr_storage {
  private sockaddr_storage() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              C_SHORT.withName("ss_family"),
              MemoryLayout.paddingLayout(118),
              C_LONG.withName("__ss_align"))
          .withName("sockaddr_storage");

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

  private static final long ss_family$OFFSET = $LAYOUT.byteOffset(groupElement("ss_family"));

  /** {@return the offset of {@code ss_family} in bytes} */
  public static long ss_family$offset() {
    return ss_family$OFFSET;
  }

  /**
   * Reads {@code ss_family}: AF_INET, AF_INET6 or AF_IB; 0 for no address.
   *
   * @param struct the struct
   * @return its value
   */
  public static short ss_family(MemorySegment struct) {
    return struct.get(C_SHORT, ss_family$OFFSET);
  }

  /**
   * Writes {@code ss_family}: AF_INET, AF_INET6 or AF_IB; 0 for no address.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void ss_family(MemorySegment struct, short fieldValue) {
    struct.set(C_SHORT, ss_family$OFFSET, fieldValue);
  }
}
