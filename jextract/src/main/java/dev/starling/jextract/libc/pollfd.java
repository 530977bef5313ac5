package dev.starling.jextract.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * A file descriptor to wait for, of {@code <poll.h>}; see {@code poll(2)}.
 *
 * {@snippet lang=c :
 * struct pollfd {
 *   int fd;
 *   short events;
 *   short revents;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class pollfd {
  private pollfd() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              Libc.C_INT.withName("fd"),
              Libc.C_SHORT.withName("events"),
              Libc.C_SHORT.withName("revents"))
          .withName("pollfd");

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

  private static final ValueLayout.OfInt fd$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("fd"));
  private static final long fd$OFFSET = $LAYOUT.byteOffset(groupElement("fd"));

  /** {@return the offset of {@code fd} in bytes} */
  public static long fd$offset() {
    return fd$OFFSET;
  }

  /**
   * Reads {@code fd}: the file descriptor.
   *
   * @param struct the struct
   * @return its value
   */
  public static int fd(MemorySegment struct) {
    return struct.get(fd$LAYOUT, fd$OFFSET);
  }

  /**
   * Writes {@code fd}: the file descriptor.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void fd(MemorySegment struct, int fieldValue) {
    struct.set(fd$LAYOUT, fd$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfShort events$LAYOUT =
      (ValueLayout.OfShort) $LAYOUT.select(groupElement("events"));
  private static final long events$OFFSET = $LAYOUT.byteOffset(groupElement("events"));

  /** {@return the offset of {@code events} in bytes} */
  public static long events$offset() {
    return events$OFFSET;
  }

  /**
   * Reads {@code events}: what is waited for, such as POLLIN.
   *
   * @param struct the struct
   * @return its value
   */
  public static short events(MemorySegment struct) {
    return struct.get(events$LAYOUT, events$OFFSET);
  }

  /**
   * Writes {@code events}: what is waited for, such as POLLIN.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void events(MemorySegment struct, short fieldValue) {
    struct.set(events$LAYOUT, events$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfShort revents$LAYOUT =
      (ValueLayout.OfShort) $LAYOUT.select(groupElement("revents"));
  private static final long revents$OFFSET = $LAYOUT.byteOffset(groupElement("revents"));

  /** {@return the offset of {@code revents} in bytes} */
  public static long revents$offset() {
    return revents$OFFSET;
  }

  /**
   * Reads {@code revents}: what happened; errors are always among it.
   *
   * @param struct the struct
   * @return its value
   */
  public static short revents(MemorySegment struct) {
    return struct.get(revents$LAYOUT, revents$OFFSET);
  }

  /**
   * Writes {@code revents}: what happened; errors are always among it.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void revents(MemorySegment struct, short fieldValue) {
    struct.set(revents$LAYOUT, revents$OFFSET, fieldValue);
  }
}
