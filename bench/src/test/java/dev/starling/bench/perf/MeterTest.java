package dev.starling.bench.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeterTest {
  private static final long SLOW_NS = 20_000_000;
  private static final long FAST_NS = 1_000_000;

  private static void busy(long forNs) {
    long startNs = System.nanoTime();
    while (System.nanoTime() - startNs < forNs) {
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 20, 45})
  void shouldDivideByTheWholeTimeWhenTheAverageIsTaken(long iterations) {
    Meter meter = new Meter();
    long startNs = System.nanoTime();
    meter.begin(iterations);
    for (long done = 1; done <= iterations; done++) {
      busy(FAST_NS);
      meter.completed(done);
    }
    meter.end();
    double least = iterations * 1e9 / (System.nanoTime() - startNs);
    assertTrue(meter.averagePerSecond() >= least);
    assertTrue(meter.averagePerSecond() <= 1e9 / FAST_NS);
    assertTrue(meter.peakPerSecond() >= meter.averagePerSecond());
    assertTrue(meter.peakPerSecond() <= 1e9 / FAST_NS);
  }

  /** The test's own clock is read just outside and just inside of the meter's slices. */
  @Test
  void shouldTakeTheFastestSliceWhenSomeAreSlow() {
    Meter meter = new Meter();
    double least = 0;
    double most = 0;
    long outsideNs = System.nanoTime();
    meter.begin(40);
    long insideNs = System.nanoTime();
    for (long done = 1; done <= 40; done++) {
      busy(done <= 2 ? FAST_NS : SLOW_NS / 4);
      long beforeNs = System.nanoTime();
      meter.completed(done);
      if (done % 2 == 0) {
        long afterNs = System.nanoTime();
        least = Math.max(least, 2e9 / (afterNs - outsideNs));
        most = Math.max(most, 2e9 / (beforeNs - insideNs));
        outsideNs = beforeNs;
        insideNs = afterNs;
      }
    }
    meter.end();
    assertTrue(meter.averagePerSecond() < 1e9 / (SLOW_NS / 4) * 1.1);
    assertTrue(meter.peakPerSecond() >= least, meter.peakPerSecond() + " < " + least);
    assertTrue(meter.peakPerSecond() <= most, meter.peakPerSecond() + " > " + most);
  }

  @Test
  void shouldForgetTheRateBeforeWhenItBeginsAgain() {
    Meter meter = new Meter();
    meter.begin(1);
    meter.completed(1);
    meter.end();
    meter.begin(1);
    busy(SLOW_NS);
    meter.completed(1);
    meter.end();
    assertTrue(meter.peakPerSecond() <= 1e9 / SLOW_NS);
    assertEquals(meter.averagePerSecond(), meter.peakPerSecond());
  }
}
