package dev.starling.jextract.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * A resource limit, of {@code <sys/resource.h>}; see {@code getrlimit(2)}.
 *
 * {@snippet lang=c :
 * struct rlimit {
 *   rlim_t rlim_cur;
 *   rlim_t rlim_max;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class rlimit {
  private rlimit() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(Libc.C_LONG.withName("rlim_cur"), Libc.C_LONG.withName("rlim_max"))
          .withName("rlimit");

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

  private static final ValueLayout.OfLong rlim_cur$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("rlim_cur"));
  private static final long rlim_cur$OFFSET = $LAYOUT.byteOffset(groupElement("rlim_cur"));

  /** {@return the offset of {@code rlim_cur} in bytes} */
  public static long rlim_cur$offset() {
    return rlim_cur$OFFSET;
  }

  /**
   * Reads {@code rlim_cur}: the limit in force, unsigned.
   *
   * @param struct the struct
   * @return its value
   */
  public static long rlim_cur(MemorySegment struct) {
    return struct.get(rlim_cur$LAYOUT, rlim_cur$OFFSET);
  }

  /**
   * Writes {@code rlim_cur}: the limit in force, unsigned.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void rlim_cur(MemorySegment struct, long fieldValue) {
    struct.set(rlim_cur$LAYOUT, rlim_cur$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong rlim_max$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("rlim_max"));
  private static final long rlim_max$OFFSET = $LAYOUT.byteOffset(groupElement("rlim_max"));

  /** {@return the offset of {@code rlim_max} in bytes} */
  public static long rlim_max$offset() {
    return rlim_max$OFFSET;
  }

  /**
   * Reads {@code rlim_max}: how far it may be raised, unsigned.
   *
   * @param struct the struct
   * @return its value
   */
  public static long rlim_max(MemorySegment struct) {
    return struct.get(rlim_max$LAYOUT, rlim_max$OFFSET);
  }

  /**
   * Writes {@code rlim_max}: how far it may be raised, unsigned.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void rlim_max(MemorySegment struct, long fieldValue) {
    struct.set(rlim_max$LAYOUT, rlim_max$OFFSET, fieldValue);
  }
}
