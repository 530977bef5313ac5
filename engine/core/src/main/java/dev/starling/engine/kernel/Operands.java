package dev.starling.engine.kernel;

import java.lang.foreign.MemorySegment;

/** Checks the arguments of a kernel once per call, so that its loop need not. */
final class Operands {
  private static final long MAX_COUNT = Long.MAX_VALUE >>> 2;

  private Operands() {}

  /**
   * Returns the range of {@code count} floats that starts {@code offsetBytes} into {@code segment}.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies
   * @param offsetBytes where it starts in the segment
   * @param count its floats
   * @return the range
   * @throws IllegalArgumentException if the count is negative or the start is not four-byte aligned
   * @throws IndexOutOfBoundsException if the range is not inside the segment
   */
  static MemorySegment range(String name, MemorySegment segment, long offsetBytes, long count) {
    if (count < 0 || count > MAX_COUNT) {
      throw badCount(count);
    }
    long lengthBytes = count << 2;
    if (offsetBytes < 0 || lengthBytes > segment.byteSize() - offsetBytes) {
      throw outside(name, segment, offsetBytes, count);
    }
    if (((segment.address() + offsetBytes) & 3) != 0) {
      throw misaligned(name, segment, offsetBytes);
    }
    return segment.asSlice(offsetBytes, lengthBytes);
  }

  /**
   * As {@link #range}, for an argument that the kernel writes.
   *
   * @param name the argument's name in the kernel's signature, for the message
   * @param segment where the argument lies
   * @param offsetBytes where it starts in the segment
   * @param count its floats
   * @return the range
   * @throws IllegalArgumentException if the segment is read-only
   */
  static MemorySegment output(String name, MemorySegment segment, long offsetBytes, long count) {
    if (segment.isReadOnly()) {
      throw readOnly(name);
    }
    return range(name, segment, offsetBytes, count);
  }

  /**
   * Refuses two ranges of the same length that overlap without being the same.
   *
   * @param written a range the kernel writes
   * @param other another range of the same call
   * @throws IllegalArgumentException if they overlap partly
   */
  static void sameOrApart(MemorySegment written, MemorySegment other) {
    long distanceBytes = written.address() - other.address();
    if (distanceBytes != 0
        && distanceBytes < other.byteSize()
        && -distanceBytes < written.byteSize()
        && written.isNative() == other.isNative()
        && (written.isNative() || written.heapBase().get() == other.heapBase().get())) {
      throw overlap(distanceBytes, other.byteSize());
    }
  }

  private static IllegalArgumentException badCount(long count) {
    return new IllegalArgumentException(
        "A kernel was called with a count of "
            + count
            + " floats; pass a number between 0 and 2^61 - 1.");
  }

  private static IndexOutOfBoundsException outside(
      String name, MemorySegment segment, long offsetBytes, long count) {
    return new IndexOutOfBoundsException(
        "Kernel argument '"
            + name
            + "': "
            + count
            + " floats from byte "
            + offsetBytes
            + " do not lie inside its segment of "
            + segment.byteSize()
            + " bytes; pass a smaller offset or count, or a larger segment.");
  }

  private static IllegalArgumentException misaligned(
      String name, MemorySegment segment, long offsetBytes) {
    return new IllegalArgumentException(
        "Kernel argument '"
            + name
            + "' starts at address 0x"
            + Long.toHexString(segment.address() + offsetBytes)
            + ", which is not a multiple of 4; pass an offset that falls on a float.");
  }

  private static IllegalArgumentException readOnly(String name) {
    return new IllegalArgumentException(
        "Kernel argument '"
            + name
            + "' is written by the kernel but its segment is read-only; pass a writable segment.");
  }

  private static IllegalArgumentException overlap(long distanceBytes, long lengthBytes) {
    return new IllegalArgumentException(
        "A kernel's output starts "
            + distanceBytes
            + " bytes from another argument of "
            + lengthBytes
            + " bytes and overlaps it partly; pass the same range (in place) or separate ranges.");
  }
}
