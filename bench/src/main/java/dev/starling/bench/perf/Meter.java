package dev.starling.bench.perf;

/**
 * The rate of many operations: over all of them, and over the fastest of {@value #SLICES} slices.
 * Belongs to one thread; allocates nothing while it measures.
 */
final class Meter {
  private static final int SLICES = 20;

  private long sliceLength;
  private long sliceEnd;
  private long sliceStart;
  private long sliceStartNs;
  private long startNs;
  private long operations;
  private double averagePerSecond;
  private double peakPerSecond;

  /**
   * Begins; to be called right before the first operation.
   *
   * @param iterations how many operations there will be
   */
  void begin(long iterations) {
    operations = iterations;
    sliceLength = Math.max(1, iterations / SLICES);
    sliceStart = 0;
    sliceEnd = sliceLength;
    peakPerSecond = 0;
    startNs = System.nanoTime();
    sliceStartNs = startNs;
  }

  /**
   * Says how far it is.
   *
   * @param completed operations that are over
   */
  void completed(long completed) {
    if (completed >= sliceEnd) {
      endSlice(completed);
    }
  }

  private void endSlice(long completed) {
    long nowNs = System.nanoTime();
    double perSecond = perSecond(completed - sliceStart, nowNs - sliceStartNs);
    peakPerSecond = Math.max(peakPerSecond, perSecond);
    sliceStart = completed;
    sliceStartNs = nowNs;
    // What is left over is shorter than a slice and counts for the average alone.
    sliceEnd = completed + sliceLength;
    if (completed == operations) {
      averagePerSecond = perSecond(operations, nowNs - startNs);
    }
  }

  /** Ends; to be called right after the last completion. */
  void end() {
    if (sliceStart < operations) {
      averagePerSecond = perSecond(operations, System.nanoTime() - startNs);
    }
    peakPerSecond = Math.max(peakPerSecond, averagePerSecond);
  }

  private static double perSecond(long count, long tookNs) {
    return count * 1e9 / Math.max(1, tookNs);
  }

  double averagePerSecond() {
    return averagePerSecond;
  }

  double peakPerSecond() {
    return peakPerSecond;
  }
}
