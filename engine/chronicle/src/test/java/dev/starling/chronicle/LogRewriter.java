package dev.starling.chronicle;

import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Writes a log anew, in good order, from records that were changed. */
final class LogRewriter {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int SEQUENCE_OFFSET = 8;

  private LogRewriter() {}

  /** Reads all records of a log. */
  static List<byte[]> read(Path log) {
    List<byte[]> records = new ArrayList<>();
    try (ChronicleCursor cursor = ChronicleLogs.open(log)) {
      while (cursor.next()) {
        records.add(cursor.record().toArray(ValueLayout.JAVA_BYTE));
      }
      if (cursor.damage() != null) {
        throw new AssertionError(cursor.damage());
      }
    }
    return records;
  }

  static RecordKind kind(byte[] record) {
    return LogRecord.kind(MemorySegment.ofArray(record));
  }

  static boolean isContinuation(byte[] record) {
    return kind(record) == RecordKind.RUN
        && LogRecord.has(MemorySegment.ofArray(record), LogRecord.CONTINUED);
  }

  /** Numbers and seals the records again, so that nothing but their meaning is wrong. */
  static void rewrite(Path log, UnaryOperator<List<byte[]>> change) {
    List<byte[]> records = change.apply(new ArrayList<>(read(log)));
    delete(log);
    try (Arena arena = Arena.ofConfined();
        ChronicleLog fresh = ChronicleLog.create(log, SampleRun.settings())) {
      long sequence = 0;
      for (byte[] record : records) {
        if (isContinuation(record) && sequence > 0) {
          fresh.roll();
        }
        MemorySegment sealed = arena.allocate(record.length, 8);
        sealed.copyFrom(MemorySegment.ofArray(record));
        sealed.set(LONG, SEQUENCE_OFFSET, sequence++);
        CRC32C crc = new CRC32C();
        crc.update(sealed.asSlice(Integer.BYTES).asByteBuffer());
        sealed.set(INT, 0, (int) crc.getValue());
        fresh.append(sealed, record.length, null, 0, 0);
      }
    }
  }

  private static void delete(Path log) {
    try (Stream<Path> files = Files.list(log)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
