package dev.starling.bench;

import org.HdrHistogram.Histogram;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The times of single calls and their percentiles over an iteration; 3 digits, up to {@value
 * #MAX_NS} ns. One instance per benchmark thread.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Latency {
  private static final long MAX_NS = 60_000_000_000L;

  private final Histogram histogram = new Histogram(MAX_NS, 3);

  /** Makes an empty histogram. */
  public Latency() {}

  /** Forgets the previous iteration. */
  @Setup(Level.Iteration)
  public void clear() {
    histogram.reset();
  }

  /**
   * Keeps the time of a call.
   *
   * @param timeNs its time, ns; longer than the longest counts as that
   */
  void record(long timeNs) {
    histogram.recordValue(Math.clamp(timeNs, 0, MAX_NS));
  }

  /**
   * Returns the median of this iteration; read by JMH, as are the other numbers.
   *
   * @return ns
   */
  public double p50Ns() {
    return histogram.getValueAtPercentile(50);
  }

  /**
   * Returns what 99 of 100 calls did not exceed.
   *
   * @return ns
   */
  public double p99Ns() {
    return histogram.getValueAtPercentile(99);
  }

  /**
   * Returns what 999 of 1000 calls did not exceed.
   *
   * @return ns
   */
  public double p999Ns() {
    return histogram.getValueAtPercentile(99.9);
  }

  /**
   * Returns the longest call.
   *
   * @return ns
   */
  public double maxNs() {
    return histogram.getMaxValue();
  }
}
