package dev.starling.engine.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class LogRecordTest {
  private final byte[] good = record();

  private static byte[] record() {
    MemoryLog sink = new MemoryLog("log", Long.MAX_VALUE);
    try (UpdateLog log =
        new UpdateLog(sink, "format=1\n", 1, UpdateLog.OnFailure.STOP, lost -> {})) {
      log.intent(0, 5, 2, 0, 9, true);
      return sink.records().get(1);
    }
  }

  private static String damage(byte[] record) {
    return LogRecord.damage(MemorySegment.ofArray(record), 1);
  }

  private static byte[] sealed(byte[] record) {
    CRC32C crc = new CRC32C();
    crc.update(record, 4, record.length - 4);
    MemorySegment.ofArray(record).set(LogRecord.INT, 0, (int) crc.getValue());
    return record;
  }

  @Test
  void shouldFindNothingWrongWithARecordAsItWasWritten() {
    assertNull(damage(good));
    MemorySegment record = MemorySegment.ofArray(good);
    assertEquals(RecordKind.INTENT, LogRecord.kind(record));
    assertEquals(0, LogRecord.stripe(record));
    assertEquals(1, LogRecord.sequence(record));
    assertEquals(24, LogRecord.bodyLengthBytes(record));
    assertTrue(LogRecord.has(record, LogRecord.WITH_UPDATE));
    long agoNs = System.currentTimeMillis() * 1_000_000 - LogRecord.timeNs(record);
    assertTrue(Math.abs(agoNs) < 600_000_000_000L, "written " + agoNs + " ns ago");
  }

  @Test
  void shouldFindEveryFlippedBit() {
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      assertNotNull(damage(bad), "bit " + bit);
    }
  }

  @Test
  void shouldSayWhatIsWrong() {
    assertEquals("it has 31 bytes, fewer than a header", damage(Arrays.copyOf(good, 31)));
    assertEquals(
        "it has 48 bytes but its header tells of a body of 24 bytes",
        damage(Arrays.copyOf(good, 48)));
    byte[] other = good.clone();
    other[40]++;
    assertTrue(damage(other).matches("its checksum is [0-9a-f]{8} but its content gives .{8}"));
    byte[] unknown = good.clone();
    unknown[4] = 99;
    assertEquals("its kind 99 means nothing here", damage(sealed(unknown)));
    assertEquals(
        "its sequence number is 1 where 7 comes next",
        LogRecord.damage(MemorySegment.ofArray(good), 7));
    byte[] negative = good.clone();
    MemorySegment.ofArray(negative).set(LogRecord.INT, 28, -8);
    assertTrue(damage(sealed(negative)).contains("a body of -8 bytes"));
  }

  @Test
  void shouldNeverThrowWhenTheBytesAreRubbish() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int trial = 0; trial < 2000; trial++) {
      byte[] rubbish = new byte[random.nextInt(100)];
      random.nextBytes(rubbish);
      assertNotNull(damage(rubbish), "seed " + seed);
    }
  }

  @Test
  void shouldKeepEveryCodeForOneKind() {
    for (RecordKind kind : RecordKind.values()) {
      assertEquals(kind, RecordKind.of(kind.code()));
      assertEquals(kind.ordinal() + 1, kind.code(), "a code never changes its meaning");
    }
    assertNull(RecordKind.of(0));
    assertNull(RecordKind.of(16));
    assertNull(RecordKind.of(-1));
  }
}
