package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Checks the arguments of a kernel once per call, so that its loop need not. A provider of {@link
 * Kernels} checks with it what it is given, so that all refuse the same with the same words.
 */
public final class Operands {
  private static final long MAX_COUNT = Long.MAX_VALUE >>> 2;

  private Operands() {}

  /**
   * Refuses an argument that is not {@code count} floats inside its segment.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies
   * @param offsetBytes where it starts in the segment
   * @param count its floats
   * @throws IllegalArgumentException if the count is negative or the start is not four-byte aligned
   * @throws IndexOutOfBoundsException if the range is not inside the segment
   */
  static void require(String name, MemorySegment segment, long offsetBytes, long count) {
    if (count < 0 || count > MAX_COUNT) {
      throw badCount(count);
    }
    if (offsetBytes < 0 || count << 2 > segment.byteSize() - offsetBytes) {
      throw outside(name, segment, offsetBytes, count, "floats");
    }
    if (((segment.address() + offsetBytes) & 3) != 0) {
      throw misaligned(name, segment, offsetBytes, "4; pass an offset that falls on a float.");
    }
  }

  /**
   * Refuses an argument that is not {@code count} bfloat16 inside its segment.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies
   * @param offsetBytes where it starts in the segment
   * @param count its elements, two bytes each
   * @throws IllegalArgumentException if the count is negative or the start is not two-byte aligned
   * @throws IndexOutOfBoundsException if the range is not inside the segment
   */
  static void requireBf16(String name, MemorySegment segment, long offsetBytes, long count) {
    if (count < 0 || count > MAX_COUNT) {
      throw badCount(count);
    }
    if (offsetBytes < 0 || count << 1 > segment.byteSize() - offsetBytes) {
      throw outside(name, segment, offsetBytes, count, "bfloat16");
    }
    if (((segment.address() + offsetBytes) & 1) != 0) {
      throw misaligned(name, segment, offsetBytes, "2; pass an even offset.");
    }
  }

  /**
   * As {@link #require}, for an argument that the kernel writes.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies
   * @param offsetBytes where it starts in the segment
   * @param count its floats
   * @throws IllegalArgumentException if the segment is read-only
   */
  static void requireOutput(String name, MemorySegment segment, long offsetBytes, long count) {
    if (segment.isReadOnly()) {
      throw readOnly(name);
    }
    require(name, segment, offsetBytes, count);
  }

  /**
   * As {@link #requireBf16}, for an argument that the kernel writes.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies
   * @param offsetBytes where it starts in the segment
   * @param count its elements, two bytes each
   * @throws IllegalArgumentException if the segment is read-only
   */
  static void requireBf16Output(String name, MemorySegment segment, long offsetBytes, long count) {
    if (segment.isReadOnly()) {
      throw readOnly(name);
    }
    requireBf16(name, segment, offsetBytes, count);
  }

  /**
   * Returns the address of a range of native memory that is open to this thread now.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies, native
   * @param offsetBytes where it starts in the segment
   * @param count its floats
   * @return the address of its first float
   * @throws IllegalArgumentException if the count is negative or the start is not four-byte aligned
   * @throws IndexOutOfBoundsException if the range is not inside the segment
   * @throws IllegalStateException if the memory has been closed
   * @throws WrongThreadException if the memory belongs to another thread
   */
  public static long address(String name, MemorySegment segment, long offsetBytes, long count) {
    require(name, segment, offsetBytes, count);
    requireOpen(name, segment);
    return segment.address() + offsetBytes;
  }

  /**
   * As {@link #address}, for {@code count} bfloat16 instead of floats.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies, native
   * @param offsetBytes where it starts in the segment
   * @param count its elements, two bytes each
   * @return the address of its first element
   * @throws IllegalArgumentException if the count is negative or the start is not two-byte aligned
   * @throws IndexOutOfBoundsException if the range is not inside the segment
   * @throws IllegalStateException if the memory has been closed
   * @throws WrongThreadException if the memory belongs to another thread
   */
  public static long bf16Address(String name, MemorySegment segment, long offsetBytes, long count) {
    requireBf16(name, segment, offsetBytes, count);
    requireOpen(name, segment);
    return segment.address() + offsetBytes;
  }

  private static void requireOpen(String name, MemorySegment segment) {
    if (!segment.scope().isAlive()) {
      throw closed(name);
    }
    if (!segment.isAccessibleBy(Thread.currentThread())) {
      throw confined(name);
    }
  }

  /**
   * As {@link #address}, for an argument that the kernel writes.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies, native
   * @param offsetBytes where it starts in the segment
   * @param count its floats
   * @return the address of its first float
   * @throws IllegalArgumentException if the segment is read-only
   */
  public static long writableAddress(
      String name, MemorySegment segment, long offsetBytes, long count) {
    if (segment.isReadOnly()) {
      throw readOnly(name);
    }
    return address(name, segment, offsetBytes, count);
  }

  /**
   * As {@link #bf16Address}, for an argument that the kernel writes.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies, native
   * @param offsetBytes where it starts in the segment
   * @param count its elements, two bytes each
   * @return the address of its first element
   * @throws IllegalArgumentException if the segment is read-only
   */
  public static long writableBf16Address(
      String name, MemorySegment segment, long offsetBytes, long count) {
    if (segment.isReadOnly()) {
      throw readOnly(name);
    }
    return bf16Address(name, segment, offsetBytes, count);
  }

  /**
   * Refuses two native ranges of the same length that overlap without being the same.
   *
   * @param written address of a range the kernel writes
   * @param other address of another range of the same call
   * @param count floats in each
   * @throws IllegalArgumentException if they overlap partly
   */
  public static void requireSameOrApart(long written, long other, long count) {
    long distanceBytes = written - other;
    if (distanceBytes != 0 && Math.abs(distanceBytes) < count << 2) {
      throw overlap(distanceBytes, count << 2);
    }
  }

  /**
   * Refuses two ranges of the same length that overlap without being the same.
   *
   * @param written segment of a range the kernel writes
   * @param wo where it starts in the segment, bytes
   * @param other segment of another range of the same call
   * @param oo where that starts in its segment, bytes
   * @param count floats in each
   * @throws IllegalArgumentException if they overlap partly
   */
  static void requireSameOrApart(
      MemorySegment written, long wo, MemorySegment other, long oo, long count) {
    if (inSameSpace(written, other)) {
      requireSameOrApart(written.address() + wo, other.address() + oo, count);
    }
  }

  /**
   * Refuses two native ranges that have a byte in common, be they the same or not.
   *
   * @param written address of a range the kernel writes
   * @param writtenBytes its length
   * @param other address of another range of the same call
   * @param otherBytes its length
   * @throws IllegalArgumentException if they overlap
   */
  public static void requireApart(long written, long writtenBytes, long other, long otherBytes) {
    long distanceBytes = written - other;
    if (distanceBytes < otherBytes && -distanceBytes < writtenBytes) {
      throw shared(distanceBytes, writtenBytes, otherBytes);
    }
  }

  /**
   * Refuses two ranges that have a byte in common, be they the same or not.
   *
   * @param written segment of a range the kernel writes
   * @param wo where it starts in the segment, bytes
   * @param writtenBytes its length
   * @param other segment of another range of the same call
   * @param oo where that starts in its segment, bytes
   * @param otherBytes its length
   * @throws IllegalArgumentException if they overlap
   */
  static void requireApart(
      MemorySegment written,
      long wo,
      long writtenBytes,
      MemorySegment other,
      long oo,
      long otherBytes) {
    if (inSameSpace(written, other)) {
      requireApart(written.address() + wo, writtenBytes, other.address() + oo, otherBytes);
    }
  }

  /** Whether addresses of the two can be compared; if not, the two have no byte in common. */
  private static boolean inSameSpace(MemorySegment a, MemorySegment b) {
    return a.isNative()
        ? b.isNative()
        // A read-only segment does not show its array.
        : !b.isNative() && a.asOverlappingSlice(b).isPresent();
  }

  /**
   * Keeps two segments reachable up to here, so that the garbage collector does not free automatic
   * memory under a loop that knows only its address.
   *
   * @param a a segment
   * @param b another, or the same
   */
  static void hold(MemorySegment a, MemorySegment b) {
    Reference.reachabilityFence(a);
    Reference.reachabilityFence(b);
  }

  /**
   * Keeps three segments reachable up to here.
   *
   * @param a a segment
   * @param b another
   * @param c another
   */
  static void hold(MemorySegment a, MemorySegment b, MemorySegment c) {
    hold(a, b);
    Reference.reachabilityFence(c);
  }

  /**
   * Keeps four segments reachable up to here.
   *
   * @param a a segment
   * @param b another
   * @param c another
   * @param d another
   */
  static void hold(MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment d) {
    hold(a, b);
    hold(c, d);
  }

  /**
   * Keeps five segments reachable up to here.
   *
   * @param a a segment
   * @param b another
   * @param c another
   * @param d another
   * @param e another
   */
  static void hold(
      MemorySegment a, MemorySegment b, MemorySegment c, MemorySegment d, MemorySegment e) {
    hold(a, b);
    hold(c, d, e);
  }

  private static IllegalArgumentException badCount(long count) {
    return new IllegalArgumentException(
        "A kernel was called with a count of "
            + count
            + " floats; pass a number between 0 and 2^61 - 1.");
  }

  private static IndexOutOfBoundsException outside(
      String name, MemorySegment segment, long offsetBytes, long count, String elements) {
    return new IndexOutOfBoundsException(
        "Kernel argument '"
            + name
            + "': "
            + count
            + " "
            + elements
            + " from byte "
            + offsetBytes
            + " do not lie inside its segment of "
            + segment.byteSize()
            + " bytes; pass a smaller offset or count, or a larger segment.");
  }

  private static IllegalArgumentException misaligned(
      String name, MemorySegment segment, long offsetBytes, String multipleAndCure) {
    return new IllegalArgumentException(
        "Kernel argument '"
            + name
            + "' starts at address 0x"
            + Long.toHexString(segment.address() + offsetBytes)
            + ", which is not a multiple of "
            + multipleAndCure);
  }

  private static IllegalArgumentException readOnly(String name) {
    return new IllegalArgumentException(
        "Kernel argument '"
            + name
            + "' is written by the kernel but its segment is read-only; pass a writable segment.");
  }

  private static IllegalStateException closed(String name) {
    return new IllegalStateException(
        "Kernel argument '"
            + name
            + "' lies in memory that has been closed; close its arena only after the last call.");
  }

  private static WrongThreadException confined(String name) {
    return new WrongThreadException(
        "Kernel argument '"
            + name
            + "' lies in memory confined to another thread than "
            + Thread.currentThread().getName()
            + "; allocate it from a shared arena.");
  }

  private static IllegalArgumentException overlap(long distanceBytes, long lengthBytes) {
    return new IllegalArgumentException(
        "A kernel's output starts "
            + distanceBytes
            + " bytes from another argument of "
            + lengthBytes
            + " bytes and overlaps it partly; pass the same range (in place) or separate ranges.");
  }

  private static IllegalArgumentException shared(
      long distanceBytes, long writtenBytes, long otherBytes) {
    return new IllegalArgumentException(
        "A kernel's output of "
            + writtenBytes
            + " bytes starts "
            + distanceBytes
            + " bytes from another argument of "
            + otherBytes
            + " bytes and overlaps it; this kernel needs separate ranges.");
  }
}
