package dev.starling.jextract.libc;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * Scheduling attributes of a thread, of {@code <linux/sched/types.h>}; see {@code
 * sched_setattr(2)}.
 *
 * {@snippet lang=c :
 * struct sched_attr {
 *   __u32 size;
 *   __u32 sched_policy;
 *   __u64 sched_flags;
 *   __s32 sched_nice;
 *   __u32 sched_priority;
 *   __u64 sched_runtime;
 *   __u64 sched_deadline;
 *   __u64 sched_period;
 *   __u32 sched_util_min;
 *   __u32 sched_util_max;
 * };
 * }
 *
 * <p>Named as in C. Static accessors only; the memory belongs to whoever allocated it.
 */
public final class sched_attr {
  private sched_attr() {}

  private static final GroupLayout $LAYOUT =
      MemoryLayout.structLayout(
              Libc.C_INT.withName("size"),
              Libc.C_INT.withName("sched_policy"),
              Libc.C_LONG.withName("sched_flags"),
              Libc.C_INT.withName("sched_nice"),
              Libc.C_INT.withName("sched_priority"),
              Libc.C_LONG.withName("sched_runtime"),
              Libc.C_LONG.withName("sched_deadline"),
              Libc.C_LONG.withName("sched_period"),
              Libc.C_INT.withName("sched_util_min"),
              Libc.C_INT.withName("sched_util_max"))
          .withName("sched_attr");

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

  private static final ValueLayout.OfInt size$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("size"));
  private static final long size$OFFSET = $LAYOUT.byteOffset(groupElement("size"));

  /** {@return the offset of {@code size} in bytes} */
  public static long size$offset() {
    return size$OFFSET;
  }

  /**
   * Reads {@code size}: length of the struct in bytes.
   *
   * @param struct the struct
   * @return its value
   */
  public static int size(MemorySegment struct) {
    return struct.get(size$LAYOUT, size$OFFSET);
  }

  /**
   * Writes {@code size}: length of the struct in bytes.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void size(MemorySegment struct, int fieldValue) {
    struct.set(size$LAYOUT, size$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfInt sched_policy$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("sched_policy"));
  private static final long sched_policy$OFFSET = $LAYOUT.byteOffset(groupElement("sched_policy"));

  /** {@return the offset of {@code sched_policy} in bytes} */
  public static long sched_policy$offset() {
    return sched_policy$OFFSET;
  }

  /**
   * Reads {@code sched_policy}: scheduling policy, 0 for the ordinary one.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sched_policy(MemorySegment struct) {
    return struct.get(sched_policy$LAYOUT, sched_policy$OFFSET);
  }

  /**
   * Writes {@code sched_policy}: scheduling policy, 0 for the ordinary one.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_policy(MemorySegment struct, int fieldValue) {
    struct.set(sched_policy$LAYOUT, sched_policy$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong sched_flags$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("sched_flags"));
  private static final long sched_flags$OFFSET = $LAYOUT.byteOffset(groupElement("sched_flags"));

  /** {@return the offset of {@code sched_flags} in bytes} */
  public static long sched_flags$offset() {
    return sched_flags$OFFSET;
  }

  /**
   * Reads {@code sched_flags}: SCHED_FLAG_ constants.
   *
   * @param struct the struct
   * @return its value
   */
  public static long sched_flags(MemorySegment struct) {
    return struct.get(sched_flags$LAYOUT, sched_flags$OFFSET);
  }

  /**
   * Writes {@code sched_flags}: SCHED_FLAG_ constants.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_flags(MemorySegment struct, long fieldValue) {
    struct.set(sched_flags$LAYOUT, sched_flags$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfInt sched_nice$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("sched_nice"));
  private static final long sched_nice$OFFSET = $LAYOUT.byteOffset(groupElement("sched_nice"));

  /** {@return the offset of {@code sched_nice} in bytes} */
  public static long sched_nice$offset() {
    return sched_nice$OFFSET;
  }

  /**
   * Reads {@code sched_nice}: nice value.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sched_nice(MemorySegment struct) {
    return struct.get(sched_nice$LAYOUT, sched_nice$OFFSET);
  }

  /**
   * Writes {@code sched_nice}: nice value.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_nice(MemorySegment struct, int fieldValue) {
    struct.set(sched_nice$LAYOUT, sched_nice$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfInt sched_priority$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("sched_priority"));
  private static final long sched_priority$OFFSET =
      $LAYOUT.byteOffset(groupElement("sched_priority"));

  /** {@return the offset of {@code sched_priority} in bytes} */
  public static long sched_priority$offset() {
    return sched_priority$OFFSET;
  }

  /**
   * Reads {@code sched_priority}: priority of the real-time policies.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sched_priority(MemorySegment struct) {
    return struct.get(sched_priority$LAYOUT, sched_priority$OFFSET);
  }

  /**
   * Writes {@code sched_priority}: priority of the real-time policies.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_priority(MemorySegment struct, int fieldValue) {
    struct.set(sched_priority$LAYOUT, sched_priority$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong sched_runtime$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("sched_runtime"));
  private static final long sched_runtime$OFFSET =
      $LAYOUT.byteOffset(groupElement("sched_runtime"));

  /** {@return the offset of {@code sched_runtime} in bytes} */
  public static long sched_runtime$offset() {
    return sched_runtime$OFFSET;
  }

  /**
   * Reads {@code sched_runtime}: time slice in nanoseconds; for the ordinary policy since Linux
   * 6.12.
   *
   * @param struct the struct
   * @return its value
   */
  public static long sched_runtime(MemorySegment struct) {
    return struct.get(sched_runtime$LAYOUT, sched_runtime$OFFSET);
  }

  /**
   * Writes {@code sched_runtime}: time slice in nanoseconds; for the ordinary policy since Linux
   * 6.12.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_runtime(MemorySegment struct, long fieldValue) {
    struct.set(sched_runtime$LAYOUT, sched_runtime$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong sched_deadline$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("sched_deadline"));
  private static final long sched_deadline$OFFSET =
      $LAYOUT.byteOffset(groupElement("sched_deadline"));

  /** {@return the offset of {@code sched_deadline} in bytes} */
  public static long sched_deadline$offset() {
    return sched_deadline$OFFSET;
  }

  /**
   * Reads {@code sched_deadline}: deadline in nanoseconds.
   *
   * @param struct the struct
   * @return its value
   */
  public static long sched_deadline(MemorySegment struct) {
    return struct.get(sched_deadline$LAYOUT, sched_deadline$OFFSET);
  }

  /**
   * Writes {@code sched_deadline}: deadline in nanoseconds.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_deadline(MemorySegment struct, long fieldValue) {
    struct.set(sched_deadline$LAYOUT, sched_deadline$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfLong sched_period$LAYOUT =
      (ValueLayout.OfLong) $LAYOUT.select(groupElement("sched_period"));
  private static final long sched_period$OFFSET = $LAYOUT.byteOffset(groupElement("sched_period"));

  /** {@return the offset of {@code sched_period} in bytes} */
  public static long sched_period$offset() {
    return sched_period$OFFSET;
  }

  /**
   * Reads {@code sched_period}: period in nanoseconds.
   *
   * @param struct the struct
   * @return its value
   */
  public static long sched_period(MemorySegment struct) {
    return struct.get(sched_period$LAYOUT, sched_period$OFFSET);
  }

  /**
   * Writes {@code sched_period}: period in nanoseconds.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_period(MemorySegment struct, long fieldValue) {
    struct.set(sched_period$LAYOUT, sched_period$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfInt sched_util_min$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("sched_util_min"));
  private static final long sched_util_min$OFFSET =
      $LAYOUT.byteOffset(groupElement("sched_util_min"));

  /** {@return the offset of {@code sched_util_min} in bytes} */
  public static long sched_util_min$offset() {
    return sched_util_min$OFFSET;
  }

  /**
   * Reads {@code sched_util_min}: lower clamp of utilisation.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sched_util_min(MemorySegment struct) {
    return struct.get(sched_util_min$LAYOUT, sched_util_min$OFFSET);
  }

  /**
   * Writes {@code sched_util_min}: lower clamp of utilisation.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_util_min(MemorySegment struct, int fieldValue) {
    struct.set(sched_util_min$LAYOUT, sched_util_min$OFFSET, fieldValue);
  }

  private static final ValueLayout.OfInt sched_util_max$LAYOUT =
      (ValueLayout.OfInt) $LAYOUT.select(groupElement("sched_util_max"));
  private static final long sched_util_max$OFFSET =
      $LAYOUT.byteOffset(groupElement("sched_util_max"));

  /** {@return the offset of {@code sched_util_max} in bytes} */
  public static long sched_util_max$offset() {
    return sched_util_max$OFFSET;
  }

  /**
   * Reads {@code sched_util_max}: upper clamp of utilisation.
   *
   * @param struct the struct
   * @return its value
   */
  public static int sched_util_max(MemorySegment struct) {
    return struct.get(sched_util_max$LAYOUT, sched_util_max$OFFSET);
  }

  /**
   * Writes {@code sched_util_max}: upper clamp of utilisation.
   *
   * @param struct the struct
   * @param fieldValue its new value
   */
  public static void sched_util_max(MemorySegment struct, int fieldValue) {
    struct.set(sched_util_max$LAYOUT, sched_util_max$OFFSET, fieldValue);
  }
}
