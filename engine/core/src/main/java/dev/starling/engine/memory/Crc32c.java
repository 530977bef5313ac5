package dev.starling.engine.memory;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** CRC-32C of memory of any length, without copying memory that lies outside the heap. */
public final class Crc32c {
  /** What one buffer view may span; a buffer cannot have 2 GiB. */
  private static final long VIEW_BYTES = 1L << 30;

  private Crc32c() {}

  /**
   * Returns the checksum of a range.
   *
   * @param segment the memory, off the heap or over a {@code byte[]}
   * @param offsetBytes start of the range
   * @param lengthBytes its length, 0 or more
   * @return CRC-32C (Castagnoli), all 32 bits
   * @throws IndexOutOfBoundsException when the range reaches beyond the segment
   */
  public static int of(MemorySegment segment, long offsetBytes, long lengthBytes) {
    CRC32C crc = new CRC32C();
    update(crc, segment, offsetBytes, lengthBytes);
    return (int) crc.getValue();
  }

  /**
   * Takes a range into a checksum.
   *
   * @param crc the checksum of what comes before
   * @param segment the memory, off the heap or over a {@code byte[]}
   * @param offsetBytes start of the range
   * @param lengthBytes its length, 0 or more
   * @throws IndexOutOfBoundsException when the range reaches beyond the segment; the checksum is as
   *     it was
   */
  public static void update(CRC32C crc, MemorySegment segment, long offsetBytes, long lengthBytes) {
    MemorySegment range = segment.asSlice(offsetBytes, lengthBytes);
    for (long at = 0; at < lengthBytes; at += VIEW_BYTES) {
      crc.update(range.asSlice(at, Math.min(VIEW_BYTES, lengthBytes - at)).asByteBuffer());
    }
  }
}
