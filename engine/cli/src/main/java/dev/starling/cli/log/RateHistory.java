package dev.starling.cli.log;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** How many records and bytes were written in each second. Belongs to one thread. */
final class RateHistory {
  /** Most intervals that {@link #intervals()} makes. */
  static final int MAX_INTERVALS = 60;

  private static final long NS_PER_S = 1_000_000_000L;

  /**
   * What was written in some seconds.
   *
   * @param startNs wall time at which they begin, in ns since 1970
   * @param seconds how many
   * @param records records
   * @param bytes their bytes
   */
  record Interval(long startNs, long seconds, long records, long bytes) {}

  private static final class Sum {
    private long records;
    private long bytes;
  }

  private final TreeMap<Long, Sum> bySecond = new TreeMap<>();
  private long lastSecond = Long.MIN_VALUE;
  private Sum last;
  private long firstNs = Long.MAX_VALUE;
  private long lastNs = Long.MIN_VALUE;

  /** Counts a record. */
  void add(long timeNs, long lengthBytes) {
    long second = Math.floorDiv(timeNs, NS_PER_S);
    if (second != lastSecond || last == null) {
      lastSecond = second;
      last = bySecond.computeIfAbsent(second, start -> new Sum());
    }
    last.records++;
    last.bytes += lengthBytes;
    firstNs = Math.min(firstNs, timeNs);
    lastNs = Math.max(lastNs, timeNs);
  }

  /** {@return whether nothing was counted} */
  boolean isEmpty() {
    return last == null;
  }

  /** {@return the time of the first record, in ns since 1970} */
  long firstNs() {
    return firstNs;
  }

  /** {@return the time of the last record, in ns since 1970} */
  long lastNs() {
    return lastNs;
  }

  /** {@return seconds from the first record to the last one} */
  double seconds() {
    return isEmpty() ? 0 : ((double) lastNs - firstNs) / NS_PER_S;
  }

  /** {@return all time from the first record to the last one, in whole seconds} */
  List<Interval> intervals() {
    List<Interval> intervals = new ArrayList<>();
    if (isEmpty()) {
      return intervals;
    }
    long first = bySecond.firstKey();
    long span = bySecond.lastKey() - first + 1;
    long width = (span + MAX_INTERVALS - 1) / MAX_INTERVALS;
    for (long start = first; start < first + span; start += width) {
      long records = 0;
      long bytes = 0;
      for (Sum sum : bySecond.subMap(start, start + width).values()) {
        records += sum.records;
        bytes += sum.bytes;
      }
      intervals.add(new Interval(start * NS_PER_S, width, records, bytes));
    }
    return intervals;
  }
}
