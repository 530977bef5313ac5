package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import dev.starling.engine.log.LogRecord;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChronicleLogTest {
  @TempDir Path directory;

  private static int randomLength(SplittableRandom random, int max) {
    int bound = Math.max(TestRecords.HEAD_BYTES, max >> random.nextInt(20));
    return random.nextInt(TestRecords.HEAD_BYTES, bound + 1) & -8;
  }

  private static List<byte[]> readAll(Path log) {
    List<byte[]> records = new ArrayList<>();
    try (ChronicleCursor cursor = ChronicleLogs.open(log)) {
      while (cursor.next()) {
        records.add(cursor.record().toArray(ValueLayout.JAVA_BYTE));
      }
      assertNull(cursor.damage());
    }
    return records;
  }

  @Test
  void shouldReadWhatWasWrittenWhenRecordsHaveAnySize() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Path path = directory.resolve("2.0");
    int count = 60;
    try (ChronicleLog log = ChronicleLog.create(path, new ChronicleLogContext());
        TestRecords records = new TestRecords(seed)) {
      for (int i = 0; i < count; i++) {
        records.append(
            log,
            i % 10 == 7
                ? LogRecord.MAX_LENGTH_BYTES
                : randomLength(random, LogRecord.MAX_LENGTH_BYTES));
      }
    }
    try (ChronicleCursor cursor = ChronicleLogs.open(path)) {
      for (int i = 0; i < count; i++) {
        assertTrue(cursor.next(), "seed " + seed + " record " + i + ": " + cursor.damage());
        assertEquals(i, LogRecord.sequence(cursor.record()));
      }
      assertFalse(cursor.next());
      assertNull(cursor.damage());
    }
    assertEquals(List.of(), ChronicleLogs.checkDigests(path));
  }

  @Test
  void shouldReadWhatChronicleReads() throws Exception {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    ChronicleLogContext context =
        new ChronicleLogContext().blockBytes(1 << 20).segmentBytes(1 << 20);
    try (ChronicleLog log = ChronicleLog.create(directory, context);
        TestRecords records = new TestRecords(seed)) {
      while (log.segment() < 4) {
        if (log.isSegmentFull()) {
          log.roll();
        }
        records.append(log, randomLength(random, 1 << 18));
      }
    }
    List<byte[]> ours = readAll(directory);
    List<byte[]> theirs = new ArrayList<>();
    try (ChronicleQueue queue =
            ChronicleWriter.builder(directory, 1 << 20, new SegmentCycle()).readOnly(true).build();
        ExcerptTailer tailer = queue.createTailer()) {
      for (boolean more = true; more; ) {
        try (DocumentContext document = tailer.readingDocument()) {
          more = document.isPresent();
          if (more) {
            Bytes<?> bytes = document.wire().bytes();
            byte[] record = new byte[(int) bytes.readRemaining()];
            bytes.read(record);
            theirs.add(record);
          }
        }
      }
    }
    assertEquals(theirs.size(), ours.size(), "seed " + seed);
    for (int i = 0; i < ours.size(); i++) {
      assertEquals(
          -1,
          MemorySegment.ofArray(ours.get(i)).mismatch(MemorySegment.ofArray(theirs.get(i))),
          "seed " + seed + " record " + i);
    }
    assertTrue(Files.exists(directory.resolve("00000004.cq4")));
  }

  @Test
  void shouldGoOnReadingWhenMoreIsWritten() {
    ChronicleLogContext context =
        new ChronicleLogContext().blockBytes(1 << 20).segmentBytes(1 << 19);
    try (ChronicleLog log = ChronicleLog.create(directory, context);
        TestRecords records = new TestRecords(1);
        ChronicleCursor cursor = ChronicleLogs.open(directory)) {
      assertFalse(cursor.next(), "nothing yet");
      for (int i = 0; i < 5000; i++) {
        if (log.isSegmentFull()) {
          log.roll();
          assertFalse(cursor.next(), "an end is not a record");
        }
        records.append(log, 1024);
        assertTrue(cursor.next(), () -> "next: " + cursor.damage());
        assertEquals(i, LogRecord.sequence(cursor.record()));
        assertEquals(log.segment(), cursor.segment());
      }
      assertFalse(cursor.next());
      assertNull(cursor.damage());
      assertTrue(log.segment() >= 5, "segment " + log.segment());
    }
  }

  @Test
  void shouldReadEveryRecordWhenAnotherThreadWrites() throws Exception {
    long seed = System.nanoTime();
    int count = 4000;
    ChronicleLogContext context =
        new ChronicleLogContext().blockBytes(1 << 20).segmentBytes(1 << 21);
    Thread writer =
        new Thread(
            () -> {
              SplittableRandom random = new SplittableRandom(seed);
              try (ChronicleLog log = ChronicleLog.create(directory, context);
                  TestRecords records = new TestRecords(seed)) {
                for (int i = 0; i < count; i++) {
                  if (log.isSegmentFull()) {
                    log.roll();
                  }
                  records.append(log, randomLength(random, 1 << 18));
                }
              }
            });
    writer.start();
    int found = 0;
    try (ChronicleCursor cursor = ChronicleLogs.open(directory)) {
      boolean more = true;
      while (more) {
        boolean last = !writer.isAlive();
        while (cursor.next()) {
          found++;
        }
        assertNull(cursor.damage(), "seed " + seed + " after " + found);
        more = !last;
      }
    } finally {
      writer.join(60_000);
    }
    assertEquals(count, found, "seed " + seed);
    assertEquals(List.of(), ChronicleLogs.checkDigests(directory));
  }

  @Test
  void shouldRefuseADirectoryThatHasALog() {
    try (ChronicleLog log = ChronicleLog.create(directory, new ChronicleLogContext())) {
      assertEquals(0, log.segment());
      StarlingException refused =
          assertThrows(
              StarlingException.class,
              () -> ChronicleLog.create(directory, new ChronicleLogContext()));
      assertTrue(refused.getMessage().contains("EEXIST"), refused.getMessage());
    }
  }
}
