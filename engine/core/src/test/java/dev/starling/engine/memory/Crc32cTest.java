package dev.starling.engine.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class Crc32cTest {
  @Test
  void shouldGiveThePublishedChecksumWhenTheTextIsThatOfRfc3720() {
    byte[] digits = "x123456789y".getBytes(StandardCharsets.US_ASCII);
    assertEquals(0xe3069283, Crc32c.of(MemorySegment.ofArray(digits), 1, 9));
    assertEquals(0x8a9136aa, Crc32c.of(MemorySegment.ofArray(new byte[32]), 0, 32));
    assertEquals(0, Crc32c.of(MemorySegment.NULL, 0, 0));
  }

  /** Anonymous memory that is only read takes no space: all its pages are the one zero page. */
  @Test
  void shouldTakeInEveryByteWhenTheMemoryIsLongerThanABuffer() {
    long lengthBytes = (1L << 31) + 4099;
    try (PrivateMemory memory = PrivateMemory.allocate("test", lengthBytes)) {
      MemorySegment segment = memory.segment();
      segment.set(ValueLayout.JAVA_BYTE, lengthBytes - 1, (byte) 1);
      CRC32C zeros = new CRC32C();
      byte[] chunk = new byte[1 << 20];
      for (long at = 0; at < 1L << 31; at += chunk.length) {
        zeros.update(chunk);
      }
      zeros.update(chunk, 0, 4098);
      zeros.update(1);
      assertEquals((int) zeros.getValue(), Crc32c.of(segment, 0, lengthBytes));
    }
  }

  @Test
  void shouldLeaveTheChecksumAloneWhenTheRangeReachesBeyond() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(16);
      CRC32C crc = new CRC32C();
      assertThrows(IndexOutOfBoundsException.class, () -> Crc32c.update(crc, segment, 8, 9));
      assertEquals(0, crc.getValue());
    }
  }
}
