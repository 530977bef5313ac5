package dev.starling.bench;

import java.util.Arrays;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The two times of each invocation of a paired benchmark, and their medians over an iteration. One
 * instance per benchmark thread; keeps the last {@value #CAPACITY} invocations.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Pair {
  private static final int CAPACITY = 1 << 14;

  private final double[] javaTimesNs = new double[CAPACITY];
  private final double[] rivalTimesNs = new double[CAPACITY];
  private long recorded;

  /** Makes an empty pair. */
  public Pair() {}

  /** Forgets the previous iteration. */
  @Setup(Level.Iteration)
  public void clear() {
    recorded = 0;
  }

  /**
   * Says which side goes first in the invocation that begins.
   *
   * @return whether it is Java
   */
  boolean javaFirst() {
    return (recorded & 1) == 0;
  }

  /**
   * Keeps the times of an invocation.
   *
   * @param javaTimeNs time of the Java side, per call, ns
   * @param rivalTimeNs time of the other side, per call, ns
   */
  void record(double javaTimeNs, double rivalTimeNs) {
    int slot = (int) (recorded % CAPACITY);
    javaTimesNs[slot] = javaTimeNs;
    rivalTimesNs[slot] = rivalTimeNs;
    recorded++;
  }

  /**
   * Returns the median time of a Java call in this iteration; read by JMH.
   *
   * @return ns
   */
  public double javaNs() {
    return median(javaTimesNs);
  }

  /**
   * Returns the median time of the rival's call in this iteration; read by JMH.
   *
   * @return ns
   */
  public double rivalNs() {
    return median(rivalTimesNs);
  }

  private double median(double[] timesNs) {
    int count = (int) Math.min(recorded, CAPACITY);
    if (count == 0) {
      return Double.NaN;
    }
    double[] sorted = Arrays.copyOf(timesNs, count);
    Arrays.sort(sorted);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
  }
}
