package dev.starling.engine.log;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A log in memory, for simulations and tests. Belongs to one thread at a time. */
public final class MemoryLog implements LogSink {
  private final String name;
  private final long segmentBytes;
  private final List<byte[]> records = new ArrayList<>();
  private final List<Integer> segments = new ArrayList<>();
  private int segment;
  private long lengthBytes;

  /**
   * Creates an empty log.
   *
   * @param name how failures name it
   * @param segmentBytes how long a segment grows
   */
  public MemoryLog(String name, long segmentBytes) {
    this.name = name;
    this.segmentBytes = segmentBytes;
  }

  @Override
  public void append(
      MemorySegment head,
      long headLengthBytes,
      MemorySegment payload,
      long payloadOffset,
      long payloadLengthBytes) {
    byte[] record = new byte[(int) (headLengthBytes + payloadLengthBytes)];
    MemorySegment.copy(head, ValueLayout.JAVA_BYTE, 0, record, 0, (int) headLengthBytes);
    if (payload != null) {
      MemorySegment.copy(
          payload,
          ValueLayout.JAVA_BYTE,
          payloadOffset,
          record,
          (int) headLengthBytes,
          (int) payloadLengthBytes);
    }
    records.add(record);
    segments.add(segment);
    lengthBytes += record.length;
  }

  @Override
  public boolean isSegmentFull() {
    return lengthBytes >= segmentBytes;
  }

  @Override
  public void roll() {
    segment++;
    lengthBytes = 0;
  }

  @Override
  public int segment() {
    return segment;
  }

  @Override
  public long dropBefore(int oldest) {
    long dropped = 0;
    while (!segments.isEmpty() && segments.get(0) < oldest) {
      segments.remove(0);
      dropped += records.remove(0).length;
    }
    return dropped;
  }

  /**
   * Returns the records, for tests that damage them.
   *
   * @return the records in order, changeable
   */
  public List<byte[]> records() {
    return records;
  }

  /**
   * Reads the log as it is now.
   *
   * @return a cursor before the first record
   */
  public LogCursor cursor() {
    return new Cursor();
  }

  @Override
  public void close() {}

  private final class Cursor implements LogCursor {
    private int at = -1;
    private long sequence = -1;
    private String damage;

    @Override
    public boolean next() {
      if (damage != null || at + 1 >= records.size()) {
        return false;
      }
      at++;
      MemorySegment record = record();
      if (sequence < 0 && record.byteSize() >= LogRecord.HEADER_BYTES) {
        sequence = LogRecord.sequence(record);
      }
      String wrong = LogRecord.damage(record, sequence++);
      damage = wrong == null ? null : position() + " is damaged: " + wrong;
      return damage == null;
    }

    @Override
    public MemorySegment record() {
      return MemorySegment.ofArray(records.get(at)).asReadOnly();
    }

    @Override
    public String position() {
      return name + " record " + at;
    }

    @Override
    public int segment() {
      return segments.get(at);
    }

    @Override
    public String damage() {
      return damage;
    }

    @Override
    public void close() {}
  }
}
