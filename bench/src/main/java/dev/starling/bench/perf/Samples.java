package dev.starling.bench.perf;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import org.HdrHistogram.Histogram;

/** The latencies of one size: a histogram with 3 digits up to a minute. Belongs to one thread. */
final class Samples {
  private static final long MAX_NS = 60_000_000_000L;
  private static final int DIGITS = 3;

  private final Histogram histogram = new Histogram(MAX_NS, DIGITS);

  /**
   * Keeps a latency. Allocates nothing.
   *
   * @param latencyNs its length; longer than a minute counts as a minute
   */
  void record(long latencyNs) {
    histogram.recordValue(Math.clamp(latencyNs, 0L, MAX_NS));
  }

  long count() {
    return histogram.getTotalCount();
  }

  double minUs() {
    return histogram.getMinValue() / 1e3;
  }

  double averageUs() {
    return histogram.getMean() / 1e3;
  }

  double maxUs() {
    return histogram.getMaxValue() / 1e3;
  }

  /**
   * Returns what so many of a hundred did not exceed.
   *
   * @param percent from 0 to 100
   * @return microseconds
   */
  double percentileUs(double percent) {
    return histogram.getValueAtPercentile(percent) / 1e3;
  }

  /** {@return the histogram of nanoseconds in HdrHistogram's compressed form, in Base64} */
  String encoded() {
    ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
    int length = histogram.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
  }
}
