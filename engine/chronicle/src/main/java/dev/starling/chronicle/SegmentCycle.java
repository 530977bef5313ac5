package dev.starling.chronicle;

import net.openhft.chronicle.core.time.TimeProvider;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.rollcycles.RollCycleArithmetic;

/**
 * Makes Chronicle begin a file when the log says so. For Chronicle a file is a day; the clock here
 * stands at midnight of the day that is the segment's number, counted from {@link #EPOCH_MS}. That
 * epoch is day 0 of the modified Julian calendar, so a file's name is just the segment's number.
 */
final class SegmentCycle implements RollCycle, TimeProvider {
  /** 17 November 1858, day 0 of the modified Julian calendar, in ms of 1970. */
  static final long EPOCH_MS = -40_587L * 86_400_000L;

  private static final int DAY_MS = 86_400_000;

  /** Few entries, far apart: the index serves Chronicle's own tools, our reader scans. */
  private static final RollCycleArithmetic ARITHMETIC = RollCycleArithmetic.of(256, 1 << 16);

  private volatile int segment;

  int segment() {
    return segment;
  }

  void segment(int newSegment) {
    segment = newSegment;
  }

  @Override
  public long currentTimeMillis() {
    return EPOCH_MS + (long) segment * DAY_MS;
  }

  @Override
  public String format() {
    return "gggggggg";
  }

  @Override
  public int lengthInMillis() {
    return DAY_MS;
  }

  @Override
  public int defaultIndexCount() {
    return ARITHMETIC.indexCount();
  }

  @Override
  public int defaultIndexSpacing() {
    return ARITHMETIC.indexSpacing();
  }

  @Override
  public long toIndex(int cycle, long sequenceNumber) {
    return ARITHMETIC.toIndex(cycle, sequenceNumber);
  }

  @Override
  public long toSequenceNumber(long index) {
    return ARITHMETIC.toSequenceNumber(index);
  }

  @Override
  public int toCycle(long index) {
    return ARITHMETIC.toCycle(index);
  }

  @Override
  public long maxMessagesPerCycle() {
    return ARITHMETIC.maxMessagesPerCycle();
  }
}
