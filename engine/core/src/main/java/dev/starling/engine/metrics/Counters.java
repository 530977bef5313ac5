package dev.starling.engine.metrics;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The counters of one worker over the counters section of its region. Every counter has one writer,
 * which adds without an atomic operation; readers see values that are complete but may be a moment
 * old.
 */
public final class Counters {
  /** How many staleness buckets there are; the last one holds everything beyond. */
  public static final int STALENESS_BUCKETS = 256;

  private static final long HISTOGRAM_OFFSET = 1024;
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment region;
  private final long baseOffset;

  /**
   * Opens the counters of a region.
   *
   * @param region the region
   * @param baseOffset where its counters section begins
   */
  public Counters(MemorySegment region, long baseOffset) {
    this.region = region;
    this.baseOffset = baseOffset;
  }

  /**
   * Adds to a counter; only its writer calls this.
   *
   * @param counter the counter
   * @param amount how much
   */
  public void add(Counter counter, long amount) {
    long offset = baseOffset + (long) counter.id() * Long.BYTES;
    LONG.setRelease(region, offset, (long) LONG.get(region, offset) + amount);
  }

  /**
   * Sets a counter; only its writer calls this.
   *
   * @param counter the counter
   * @param value its new value
   */
  public void set(Counter counter, long value) {
    LONG.setRelease(region, baseOffset + (long) counter.id() * Long.BYTES, value);
  }

  /**
   * Reads a counter.
   *
   * @param counter the counter
   * @return its value
   */
  public long get(Counter counter) {
    return (long) LONG.getAcquire(region, baseOffset + (long) counter.id() * Long.BYTES);
  }

  /**
   * Records the staleness of one applied gradient; the communication agent calls it.
   *
   * @param versions versions published between reading the parameters and applying the gradient
   */
  public void recordStaleness(long versions) {
    long bucket = Math.min(versions, STALENESS_BUCKETS - 1);
    long offset = baseOffset + HISTOGRAM_OFFSET + bucket * Long.BYTES;
    LONG.setRelease(region, offset, (long) LONG.get(region, offset) + 1);
    add(Counter.STALENESS_SUM, versions);
    if (versions > get(Counter.STALENESS_MAX)) {
      set(Counter.STALENESS_MAX, versions);
    }
  }

  /**
   * Reads a bucket of the staleness histogram.
   *
   * @param bucket 0 to {@link #STALENESS_BUCKETS} - 1
   * @return gradients of that staleness
   */
  public long staleness(int bucket) {
    return (long)
        LONG.getAcquire(region, baseOffset + HISTOGRAM_OFFSET + (long) bucket * Long.BYTES);
  }
}
