package dev.starling.engine.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class UpdateLogTest {
  private static final String TEXT = "format=1\nrank=2\nname=\u00e4\n";
  private static final int STRIPES = 3;

  private final List<String> lost = new ArrayList<>();

  /** A sink that takes no more than so many records, and one more when it may use the reserve. */
  private static final class FullLog implements LogSink {
    private final MemoryLog log = new MemoryLog("log", Long.MAX_VALUE);
    private int room;
    private boolean closed;

    FullLog(int room) {
      this.room = room;
    }

    @Override
    public void append(MemorySegment head, long length, MemorySegment payload, long at, long more) {
      if (room == 0) {
        throw new LogFullException("the log has no room");
      }
      room--;
      log.append(head, length, payload, at, more);
    }

    @Override
    public boolean isSegmentFull() {
      return false;
    }

    @Override
    public void roll() {
      if (room == 0) {
        throw new LogFullException("the log has no room for a segment");
      }
      log.roll();
    }

    @Override
    public int segment() {
      return log.segment();
    }

    @Override
    public long dropBefore(int segment) {
      return log.dropBefore(segment);
    }

    @Override
    public void useReserve() {
      room++;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private UpdateLog open(LogSink sink) {
    return open(sink, UpdateLog.OnFailure.STOP);
  }

  private UpdateLog open(LogSink sink, UpdateLog.OnFailure onFailure) {
    return new UpdateLog(sink, TEXT, STRIPES, onFailure, lost::add);
  }

  /** The only record that a call makes, behind the RUN record. */
  private byte[] recordOf(Consumer<UpdateLog> call) {
    MemoryLog sink = new MemoryLog("log", Long.MAX_VALUE);
    try (UpdateLog log = open(sink)) {
      call.accept(log);
      assertEquals(2, sink.records().size());
      return sink.records().get(1);
    }
  }

  /** Builds a record the way the format says; the time is the record's own. */
  private static byte[] expected(
      byte[] found, RecordKind kind, int flags, long sequence, int stripe, byte[] body) {
    int length = 32 + (body.length + 7 & -8);
    ByteBuffer record = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    record.put(4, (byte) kind.code()).put(5, (byte) flags).putLong(8, sequence);
    record.putLong(16, ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN).getLong(16));
    record.putInt(24, stripe).putInt(28, body.length).put(32, body);
    CRC32C crc = new CRC32C();
    crc.update(record.array(), 4, length - 4);
    return record.putInt(0, (int) crc.getValue()).array();
  }

  private static byte[] body(int length, Consumer<ByteBuffer> fill) {
    ByteBuffer body = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    fill.accept(body);
    assertFalse(body.hasRemaining());
    return body.array();
  }

  private void assertRecord(
      RecordKind kind, int flags, int stripe, byte[] body, Consumer<UpdateLog> call) {
    byte[] found = recordOf(call);
    assertArrayEquals(expected(found, kind, flags, 1, stripe, body), found, kind.toString());
  }

  @Test
  void shouldWriteEveryEventAsItsRecord() {
    assertRecord(
        RecordKind.RESTORE,
        0,
        -1,
        body(
            56,
            b ->
                b.putLong(-1)
                    .putInt(5)
                    .putInt(2)
                    .putLong(7)
                    .putLong(40)
                    .putLong(1)
                    .putLong(2)
                    .putLong(3)),
        log -> log.restored(new Origin(-1, 5, 2, 7, 40, new long[] {1, 2, 3})));
    assertRecord(
        RecordKind.GRADIENT,
        0,
        -1,
        body(
            40,
            b ->
                b.putLong(9)
                    .putLong(77)
                    .putInt(4)
                    .putFloat(0.1f)
                    .putFloat(0.5f)
                    .putInt(1)
                    .putLong(222)),
        log -> log.gradient(9, 4, 77, 0.1f, 0.5f, GradientPayload.BF16, 222));
    assertRecord(
        RecordKind.REJECT,
        0,
        -1,
        body(24, b -> b.putLong(3).putLong(12).putLong(-1)),
        log -> log.rejected(3, 12, -1));
    assertRecord(
        RecordKind.STEP, 0, 2, body(8, b -> b.putLong(1L << 40)), log -> log.step(2, 1L << 40));
    byte[] intent = body(24, b -> b.putLong(1L << 33).putLong(99).putInt(6).putInt(1));
    assertRecord(RecordKind.INTENT, 1, 0, intent, log -> log.intent(0, 1L << 33, 6, 1, 99, true));
    assertRecord(RecordKind.INTENT, 0, 0, intent, log -> log.intent(0, 1L << 33, 6, 1, 99, false));
    assertRecord(RecordKind.COMMIT, 0, 1, body(8, b -> b.putLong(8)), log -> log.commit(1, 8));
    assertRecord(RecordKind.TORN, 1, 1, body(8, b -> b.putLong(4)), log -> log.torn(1, 4, true));
    assertRecord(RecordKind.TORN, 0, 1, body(8, b -> b.putLong(4)), log -> log.torn(1, 4, false));
    assertRecord(
        RecordKind.FENCE,
        0,
        2,
        body(16, b -> b.putLong(44).putLong(3)),
        log -> log.fence(2, 3, 44));
    assertRecord(
        RecordKind.FENCED, 1, 2, body(8, b -> b.putLong(3)), log -> log.fenced(2, 3, true));
    assertRecord(
        RecordKind.FENCED, 0, 2, body(8, b -> b.putLong(3)), log -> log.fenced(2, 3, false));
    assertRecord(
        RecordKind.CHECKPOINT,
        0,
        -1,
        body(40, b -> b.putLong(12).putLong(50).putLong(7).putLong(8).putLong(9)),
        log -> log.checkpoint(12, 50, new long[] {7, 8, 9}));
  }

  @Test
  void shouldBeginAndEndWithRunAndEnd() {
    MemoryLog sink = new MemoryLog("log", Long.MAX_VALUE);
    UpdateLog log = open(sink);
    log.close();
    log.close();
    assertEquals(2, sink.records().size());
    byte[] text = TEXT.getBytes(StandardCharsets.UTF_8);
    byte[] run = sink.records().get(0);
    assertArrayEquals(expected(run, RecordKind.RUN, 0, 0, -1, text), run);
    byte[] end = sink.records().get(1);
    byte[] reason = body(8, b -> b.putLong(UpdateLog.CLOSED));
    assertArrayEquals(expected(end, RecordKind.END, 0, 1, -1, reason), end);
  }

  @Test
  void shouldBeginASegmentWithRunAndCutWhenACheckpointBegins() {
    MemoryLog sink = new MemoryLog("log", Long.MAX_VALUE);
    try (UpdateLog log = open(sink)) {
      log.step(0, 1);
      log.cut(5);
      log.step(0, 2);
      assertEquals(1, sink.segment());
      byte[] run = sink.records().get(2);
      byte[] text = TEXT.getBytes(StandardCharsets.UTF_8);
      assertArrayEquals(expected(run, RecordKind.RUN, LogRecord.CONTINUED, 2, -1, text), run);
      byte[] cut = sink.records().get(3);
      byte[] set = body(8, b -> b.putLong(5));
      assertArrayEquals(expected(cut, RecordKind.CUT, 0, 3, -1, set), cut);
      assertEquals(0, log.dropBefore(6), "the log was not cut for set 6");
      assertTrue(log.dropBefore(5) > 0);
      assertEquals(3, sink.records().size(), "RUN, CUT and STEP stay");
    }
  }

  @Test
  void shouldBeginAnotherSegmentBeforeAGradientWhenTheSegmentIsFull() {
    MemoryLog sink = new MemoryLog("log", 300);
    try (UpdateLog log = open(sink);
        LogCursor cursor = sink.cursor()) {
      for (int step = 1; step <= 20; step++) {
        log.gradient(step, 1, 0, 0.1f, 1f, GradientPayload.NONE, 0);
        log.step(0, step);
      }
      assertTrue(sink.segment() > 3, "segments " + sink.segment());
      int segment = -1;
      while (cursor.next()) {
        if (cursor.segment() != segment) {
          segment = cursor.segment();
          assertEquals(RecordKind.RUN, LogRecord.kind(cursor.record()));
          assertEquals(segment > 0, LogRecord.has(cursor.record(), LogRecord.CONTINUED));
        }
      }
      assertNull(cursor.damage());
    }
  }

  @Test
  void shouldKeepPayloadsOfEveryLengthAsTheyAre() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int trial = 0; trial < 300; trial++) {
      int length = trial < 40 ? trial + 1 : 1 + random.nextInt(5000);
      int piece = 1 + random.nextInt(length);
      byte[] values = new byte[length];
      random.nextBytes(values);
      assertArrayEquals(
          values, written(values, piece), length + " bytes by " + piece + ", seed " + seed);
    }
  }

  /** Writes a payload in pieces and puts it together again from the records. */
  private byte[] written(byte[] values, int piece) {
    MemoryLog sink = new MemoryLog("log", Long.MAX_VALUE);
    byte[] found = new byte[values.length];
    try (Arena arena = Arena.ofConfined();
        UpdateLog log = open(sink);
        LogCursor cursor = sink.cursor()) {
      MemorySegment payload = arena.allocate(values.length, 8);
      MemorySegment.copy(values, 0, payload, ValueLayout.JAVA_BYTE, 0, values.length);
      for (int at = 0; at < values.length; at += piece) {
        log.fragment(payload, at, Math.min(piece, values.length - at));
      }
      assertTrue(cursor.next());
      int next = 0;
      while (cursor.next()) {
        MemorySegment record = cursor.record();
        assertEquals(RecordKind.FRAGMENT, LogRecord.kind(record));
        assertEquals(next, LogRecord.bodyLong(record, 0));
        int length = LogRecord.bodyLengthBytes(record) - 8;
        MemorySegment.copy(record, ValueLayout.JAVA_BYTE, 40, found, next, length);
        next += length;
      }
      assertNull(cursor.damage());
      assertEquals(values.length, next);
    }
    return found;
  }

  @Test
  void shouldCutALongPayloadIntoRecordsThatAReaderCanMap() {
    long length = 3L * LogRecord.MAX_FRAGMENT_BYTES + 12;
    MemoryLog sink = new MemoryLog("log", Long.MAX_VALUE);
    try (Arena arena = Arena.ofConfined();
        UpdateLog log = open(sink);
        LogCursor cursor = sink.cursor()) {
      log.fragment(arena.allocate(length, 8), 0, length);
      long next = 0;
      assertTrue(cursor.next());
      while (cursor.next()) {
        assertTrue(cursor.record().byteSize() <= LogRecord.MAX_LENGTH_BYTES);
        assertEquals(next, LogRecord.bodyLong(cursor.record(), 0));
        next += LogRecord.bodyLengthBytes(cursor.record()) - 8;
      }
      assertNull(cursor.damage());
      assertEquals(length, next);
      assertEquals(6, sink.records().size(), "RUN, three long ones, 8 bytes, 4 bytes");
    }
  }

  @Test
  void shouldStopTheWorkerWhenTheLogIsFullAndSaySoInEnd() {
    FullLog sink = new FullLog(2);
    UpdateLog log = open(sink, UpdateLog.OnFailure.STOP);
    log.step(0, 1);
    LogFullException full = assertThrows(LogFullException.class, () -> log.step(0, 2));
    assertEquals("the log has no room", full.getMessage());
    log.close();
    assertEquals(List.of(), lost);
    assertEnd(sink, UpdateLog.FAILED);
  }

  @Test
  void shouldGoOnWithoutTheLogWhenItIsFullAndThatIsWanted() {
    FullLog sink = new FullLog(2);
    UpdateLog log = open(sink, UpdateLog.OnFailure.CONTINUE);
    log.step(0, 1);
    for (int version = 2; version < 10; version++) {
      log.step(0, version);
      log.cut(version);
    }
    assertEquals(
        List.of("the log has no room; training goes on without the log"), lost, "told once");
    assertEquals(2, sink.log.records().size());
    log.close();
    assertEquals(1, lost.size());
    assertEnd(sink, UpdateLog.FAILED);
  }

  private static void assertEnd(FullLog sink, long reason) {
    assertTrue(sink.closed);
    byte[] end = sink.log.records().getLast();
    byte[] body = body(8, b -> b.putLong(reason));
    long sequence = sink.log.records().size() - 1L;
    assertArrayEquals(expected(end, RecordKind.END, 0, sequence, -1, body), end);
    try (LogCursor cursor = sink.log.cursor()) {
      while (cursor.next()) {
        assertEquals(0, cursor.segment());
      }
      assertNull(cursor.damage());
    }
  }

  @Test
  void shouldStopTheWorkerWhenThereIsNoRoomForASegment() {
    FullLog sink = new FullLog(1);
    try (UpdateLog log = open(sink)) {
      assertThrows(LogFullException.class, () -> log.cut(1));
    }
    assertEnd(sink, UpdateLog.FAILED);
  }

  /** Takes everything and keeps nothing. */
  private static final class NoLog implements LogSink {
    private long bytes;

    @Override
    public void append(MemorySegment head, long length, MemorySegment payload, long at, long more) {
      bytes += length + more;
    }

    @Override
    public boolean isSegmentFull() {
      return false;
    }

    @Override
    public void roll() {}

    @Override
    public int segment() {
      return 0;
    }

    @Override
    public long dropBefore(int segment) {
      return 0;
    }

    @Override
    public void close() {}
  }

  @Test
  void shouldAllocateNothingInSteadyState() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    NoLog sink = new NoLog();
    try (Arena arena = Arena.ofConfined();
        UpdateLog log = open(sink)) {
      MemorySegment payload = arena.allocate(1 << 16, 8);
      long[] versions = new long[STRIPES];
      train(log, payload, versions, 20_000);
      long before = threads.getCurrentThreadAllocatedBytes();
      train(log, payload, versions, 20_000);
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(sink.bytes > 0);
      assertTrue(allocated < 10_000, allocated + " bytes for 20000 updates");
    }
  }

  private static void train(UpdateLog log, MemorySegment payload, long[] versions, int updates) {
    for (int update = 1; update <= updates; update++) {
      log.gradient(update, 1, 0, 0.1f, 1f, GradientPayload.F32, 2 * 4100);
      log.fragment(payload, 0, 4100);
      log.fragment(payload, 4100, 4100);
      log.intent(0, update, 1, 0, update, true);
      log.commit(0, update);
      log.step(1, update);
      log.fence(2, 1, update);
      log.fenced(2, 1, true);
      log.checkpoint(update, update, versions);
    }
  }
}
