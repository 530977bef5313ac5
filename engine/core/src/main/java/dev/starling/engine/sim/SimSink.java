package dev.starling.engine.sim;

import dev.starling.engine.log.LogFullException;
import dev.starling.engine.log.LogSink;
import dev.starling.engine.log.MemoryLog;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A log in memory that fills up, and whose writer may die in the middle of a record. */
final class SimSink implements LogSink {
  private static final int RESERVED_RECORDS = 4;

  private final MemoryLog log;
  private final SimWorker writer;
  private final Runnable onTorn;
  private long room;
  private boolean full;
  private boolean torn;
  private boolean abandoned;

  /**
   * Wraps a log.
   *
   * @param log where the records go
   * @param writer dies at records
   * @param room how many records there is space for
   * @param onTorn is told when a death before a record leaves a part of it; null where it leaves
   *     nothing
   */
  SimSink(MemoryLog log, SimWorker writer, long room, Runnable onTorn) {
    this.log = log;
    this.writer = writer;
    this.room = room;
    this.onTorn = onTorn;
  }

  /** {@return whether a record did not fit} */
  boolean isFull() {
    return full;
  }

  /** {@return whether the last record is a part only} */
  boolean isTorn() {
    return torn;
  }

  /** Nothing is written any more, full or not: the run is over. */
  void abandon() {
    abandoned = true;
  }

  @Override
  public void append(
      MemorySegment head,
      long headLengthBytes,
      MemorySegment payload,
      long payloadOffset,
      long payloadLengthBytes) {
    if (writer.isDead() || abandoned) {
      // Whoever closes what a dead worker left writes nothing in its name.
      return;
    }
    if (room <= 0) {
      full = true;
      throw new LogFullException(
          "the simulated log has no more room: give the scenario a larger one");
    }
    room--;
    if (!writer.survives(CrashPoint.Moment.BEFORE_RECORD)) {
      if (onTorn != null) {
        log.append(head, headLengthBytes, payload, payloadOffset, payloadLengthBytes);
        tearLast();
      }
      throw new SimulatedDeath(writer.rank());
    }
    log.append(head, headLengthBytes, payload, payloadOffset, payloadLengthBytes);
    if (!writer.survives(CrashPoint.Moment.AFTER_RECORD)) {
      throw new SimulatedDeath(writer.rank());
    }
  }

  private void tearLast() {
    List<byte[]> records = log.records();
    byte[] whole = records.removeLast();
    records.add(Arrays.copyOf(whole, whole.length / 2));
    torn = true;
    onTorn.run();
  }

  @Override
  public void useReserve() {
    room = RESERVED_RECORDS;
  }

  @Override
  public boolean isSegmentFull() {
    return log.isSegmentFull();
  }

  @Override
  public void roll() {
    log.roll();
  }

  @Override
  public int segment() {
    return log.segment();
  }

  @Override
  public long dropBefore(int oldest) {
    return log.dropBefore(oldest);
  }

  @Override
  public void close() {
    log.close();
  }
}
