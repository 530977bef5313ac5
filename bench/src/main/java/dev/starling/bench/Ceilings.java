package dev.starling.bench;

import java.util.Arrays;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The times of the loops of STREAM, in turns, and their medians over an iteration. One instance per
 * benchmark thread; keeps the last {@value #CAPACITY} calls of each loop.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Ceilings {
  private static final int CAPACITY = 1 << 12;

  /** A loop. */
  enum Loop {
    /** One read, one write. */
    COPY(2),
    /** One read, one write. */
    SCALE(2),
    /** Two reads, one write. */
    ADD(3),
    /** Two reads, one write. */
    TRIAD(3);

    private final int vectors;

    Loop(int vectors) {
      this.vectors = vectors;
    }

    /** {@return bytes read and written for each element, as STREAM counts} */
    int elementBytes() {
      return vectors * Float.BYTES;
    }
  }

  private final double[][] timesNs = new double[Loop.values().length][CAPACITY];
  private final long[] recorded = new long[Loop.values().length];
  private int next;

  /** Makes an instance without times. */
  public Ceilings() {}

  /** Forgets the previous iteration. */
  @Setup(Level.Iteration)
  public void clear() {
    Arrays.fill(recorded, 0);
  }

  /** {@return the loop whose turn it is} */
  Loop next() {
    return Loop.values()[next];
  }

  /**
   * Keeps the time of {@link #next()}, and goes on to the one after it.
   *
   * @param timeNs of a call, ns
   */
  void record(double timeNs) {
    timesNs[next][(int) (recorded[next]++ % CAPACITY)] = timeNs;
    next = (next + 1) % timesNs.length;
  }

  /**
   * Returns the median time of a copy in this iteration, NaN if it had no turn; read by JMH, as are
   * the others.
   *
   * @return ns
   */
  public double copyNs() {
    return median(Loop.COPY);
  }

  /**
   * Returns the median time of a multiplication by a constant.
   *
   * @return ns
   */
  public double scaleNs() {
    return median(Loop.SCALE);
  }

  /**
   * Returns the median time of an addition.
   *
   * @return ns
   */
  public double addNs() {
    return median(Loop.ADD);
  }

  /**
   * Returns the median time of a multiplication and addition.
   *
   * @return ns
   */
  public double triadNs() {
    return median(Loop.TRIAD);
  }

  private double median(Loop loop) {
    int count = (int) Math.min(recorded[loop.ordinal()], CAPACITY);
    if (count == 0) {
      return Double.NaN;
    }
    double[] sorted = Arrays.copyOf(timesNs[loop.ordinal()], count);
    Arrays.sort(sorted);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
  }
}
