package dev.starling.jextract.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * A file lock, of {@code <fcntl.h>}; see {@code fcntl_locking(2)}.
 *
 * {@snippet lang=c :
 * struct flock {
 *   short l_type;
 *   short l_whence;
 *   off_t l_start;
 *   off_t l_len;
 *   pid_t l_pid;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class flock {
  private flock() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              Libc.C_SHORT.withName("l_type"),
              Libc.C_SHORT.withName("l_whence"),
              MemoryLayout.paddingLayout(4),
              Libc.C_LONG.withName("l_start"),
              Libc.C_LONG.withName("l_len"),
              Libc.C_INT.withName("l_pid"),
              MemoryLayout.paddingLayout(4))
          .withName("flock");

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

  private static final ValueLayout.OfShort l_type$LAYOUT =
      (ValueLayout.OfShort) $LAYOUT.select(groupElement("l_type"));
  private static final long l_type$OFFSET = $LAYOUT.byteOffset(groupElement("l_type"));

  /** {@return the offset of {@code l_type} in bytes} */
  public static long l_type$offset() {
    return l_type$OFFSET;
  }

  /**
   * Reads {@code l_type}: F_RDLCK, F_WRLCK or F_UNLCK.
   *
   * @param struct the struct
   * @return its value
   */
  public static short l_type(MemorySegment struct) {
    return struct.get(l_type$LAYOUT, l_type$OFFSET);
  }

  /**
   * Writes {@code l_type}: F_RDLCK, F_WRLCK or F_UNLCK.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void l_type(MemorySegment struct, short fieldValue) {
    struct.set(l_type$LAYOUT, l_type$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfShort l_whence$LAYOUT =
      (ValueLayout.OfShort) $LAYOUT.select(groupElement("l_whence"));
  private static final long l_whence$OFFSET = $LAYOUT.byteOffset(groupElement("l_whence"));

  /** {@return the offset of {@code l_whence} in bytes} */
  public static long l_whence$offset() {
    return l_whence$OFFSET;
  }

  /**
   * Reads {@code l_whence}: what l_start counts from, such as SEEK_SET.
   *
   * @param struct the struct
   * @return its value
   */
  public static short l_whence(MemorySegment struct) {
    return struct.get(l_whence$LAYOUT, l_whence$OFFSET);
  }

  /**
   * Writes {@code l_whence}: what l_start counts from, such as SEEK_SET.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void l_whence(MemorySegment struct, short fieldValue) {
    struct.set(l_whence$LAYOUT, l_whence$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong l_start$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("l_start"));
  private static final long l_start$OFFSET = $LAYOUT.byteOffset(groupElement("l_start"));

  /** {@return the offset of {@code l_start} in bytes} */
  public static long l_start$offset() {
    return l_start$OFFSET;
  }

  /**
   * Reads {@code l_start}: first byte locked.
   *
   * @param struct the struct
   * @return its value
   */
  public static long l_start(MemorySegment struct) {
    return struct.get(l_start$LAYOUT, l_start$OFFSET);
  }

  /**
   * Writes {@code l_start}: first byte locked.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void l_start(MemorySegment struct, long fieldValue) {
    struct.set(l_start$LAYOUT, l_start$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong l_len$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("l_len"));
  private static final long l_len$OFFSET = $LAYOUT.byteOffset(groupElement("l_len"));

  /** {@return the offset of {@code l_len} in bytes} */
  public static long l_len$offset() {
    return l_len$OFFSET;
  }

  /**
   * Reads {@code l_len}: number of bytes locked, 0 for all to the end.
   *
   * @param struct the struct
   * @return its value
   */
  public static long l_len(MemorySegment struct) {
    return struct.get(l_len$LAYOUT, l_len$OFFSET);
  }

  /**
   * Writes {@code l_len}: number of bytes locked, 0 for all to the end.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void l_len(MemorySegment struct, long fieldValue) {
    struct.set(l_len$LAYOUT, l_len$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfInt l_pid$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("l_pid"));
  private static final long l_pid$OFFSET = $LAYOUT.byteOffset(groupElement("l_pid"));

  /** {@return the offset of {@code l_pid} in bytes} */
  public static long l_pid$offset() {
    return l_pid$OFFSET;
  }

  /**
   * Reads {@code l_pid}: 0 for a lock of the open file description; F_OFD_GETLK gives -1.
   *
   * @param struct the struct
   * @return its value
   */
  public static int l_pid(MemorySegment struct) {
    return struct.get(l_pid$LAYOUT, l_pid$OFFSET);
  }

  /**
   * Writes {@code l_pid}: 0 for a lock of the open file description; F_OFD_GETLK gives -1.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void l_pid(MemorySegment struct, int fieldValue) {
    struct.set(l_pid$LAYOUT, l_pid$OFFSET, fieldValue);
  }
}
