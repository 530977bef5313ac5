package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.log.LogRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a reader makes of a segment that comes into being between two of its looks. */
class SegmentReaderTest {
  @TempDir Path directory;

  private byte[] written;
  private Path segment;

  @BeforeEach
  void writeASegment() throws IOException {
    Path log = directory.resolve("log");
    try (ChronicleLog writer = ChronicleLog.create(log, new ChronicleLogContext());
        TestRecords records = new TestRecords(7)) {
      records.append(writer, 1 << 16);
    }
    written = Files.readAllBytes(log.resolve("00000000.cq4"));
    segment = Files.createFile(directory.resolve("segment"));
  }

  private void write(int from, int to) throws IOException {
    try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(written, from, to - from), from);
    }
  }

  @Test
  void shouldGoOnWhenAnEmptyFileBecameASegmentBetweenTwoLooks() throws IOException {
    try (SegmentReader reader = SegmentReader.open(segment)) {
      assertFalse(reader.next(), "the file is empty");
      assertEquals(SegmentReader.State.OPEN, reader.state());

      write(0, written.length);

      assertTrue(reader.hasGrown(-1), () -> "grown, and not: " + reader.damage());
      assertNull(reader.damage());
      assertTrue(reader.next(), () -> "the record: " + reader.damage());
      assertEquals(0, LogRecord.sequence(reader.document()));
    }
  }

  @Test
  void shouldWaitWhenTheFileIsStillEmpty() throws IOException {
    try (SegmentReader reader = SegmentReader.open(segment)) {
      assertFalse(reader.next());
      assertFalse(reader.hasGrown(-1));
      assertNull(reader.damage());
      assertEquals(SegmentReader.State.OPEN, reader.state());
    }
  }

  @Test
  void shouldNameAHoleWhenAnEmptyFileGotBytesAndNoHeader() throws IOException {
    Arrays.fill(written, 0, SegmentReader.PREAMBLE_BYTES, (byte) 0);
    try (SegmentReader reader = SegmentReader.open(segment)) {
      assertFalse(reader.next());

      write(0, written.length);

      assertFalse(reader.hasGrown(-1));
      assertEquals(SegmentReader.State.DAMAGED, reader.state());
      assertTrue(reader.damage().contains("there is a hole"), reader.damage());
    }
  }
}
