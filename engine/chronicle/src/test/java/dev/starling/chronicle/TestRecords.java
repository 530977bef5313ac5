package dev.starling.chronicle;

import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.LogSink;
import dev.starling.engine.log.RecordKind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/** Builds valid records of any size: a header, and a payload of random bytes. */
final class TestRecords implements AutoCloseable {
  static final int HEAD_BYTES = LogRecord.HEADER_BYTES + 8;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment head = arena.allocate(HEAD_BYTES, 8);
  private final MemorySegment payload = arena.allocate(LogRecord.MAX_LENGTH_BYTES, 8);
  private final CRC32C crc = new CRC32C();
  private long sequence;

  TestRecords(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (long at = 0; at < payload.byteSize(); at += 8) {
      payload.set(LONG, at, random.nextLong() | 1);
    }
    head.set(ValueLayout.JAVA_BYTE, 4, (byte) RecordKind.FRAGMENT.code());
    head.set(INT, 24, 3);
  }

  long sequence() {
    return sequence;
  }

  /** Appends a record of so many bytes in all, at least {@link #HEAD_BYTES}. */
  void append(LogSink log, int lengthBytes) {
    int payloadBytes = lengthBytes - HEAD_BYTES;
    long offset = sequence * 8 % (payload.byteSize() - payloadBytes + 8);
    prepare(offset, payloadBytes);
    log.append(head, HEAD_BYTES, payload, offset, payloadBytes);
    sequence++;
  }

  private void prepare(long offset, int payloadBytes) {
    head.set(LONG, 8, sequence);
    head.set(LONG, 16, sequence * 1000);
    head.set(INT, 28, 8 + payloadBytes);
    head.set(LONG, 32, offset);
    crc.reset();
    crc.update(head.asSlice(4).asByteBuffer());
    crc.update(payload.asSlice(offset, payloadBytes).asByteBuffer());
    head.set(INT, 0, (int) crc.getValue());
  }

  @Override
  public void close() {
    arena.close();
  }
}
