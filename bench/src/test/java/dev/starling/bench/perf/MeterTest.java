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

  @Test
  void shouldTakeTheFastestSliceWhenSomeAreSlow() {
    Meter meter = new Meter();
    meter.begin(40);
    for (long done = 1; done <= 40; done++) {
      busy(done <= 2 ? FAST_NS : SLOW_NS / 4);
      meter.completed(done);
    }
    meter.end();
    assertTrue(meter.averagePerSecond() < 1e9 / (SLOW_NS / 4) * 1.1);
    assertTrue(meter.peakPerSecond() > 1.5 * meter.averagePerSecond());
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
