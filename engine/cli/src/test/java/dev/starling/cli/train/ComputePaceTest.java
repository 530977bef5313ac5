package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ComputePaceTest {
  private final StopSignal stop = new StopSignal(new PrintWriter(new StringWriter()));

  @AfterEach
  void close() {
    stop.close();
  }

  private static long waitedMs(ComputePace pace, long realMs) {
    long beginNs = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(realMs);
    pace.await(beginNs);
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beginNs);
  }

  @Test
  void shouldTakeTheLeastTimeTimesTheFactorWhenTheGradientIsQuick() {
    long ms = waitedMs(new ComputePace(TimeUnit.MILLISECONDS.toNanos(20), 3, stop), 0);
    assertTrue(ms >= 60, "took " + ms + " ms");
  }

  @Test
  void shouldStretchTheRealTimeWhenItIsLongerThanTheLeast() {
    long ms = waitedMs(new ComputePace(TimeUnit.MILLISECONDS.toNanos(1), 2, stop), 50);
    assertTrue(ms >= 100, "took " + ms + " ms");
  }

  @Test
  void shouldNotWaitWhenNothingIsAsked() {
    long ms = waitedMs(new ComputePace(0, 1, stop), 0);
    assertTrue(ms < 1_000, "took " + ms + " ms");
  }

  @Test
  void shouldEndEarlyWhenTheRunIsStopped() {
    stop.request();
    long ms = waitedMs(new ComputePace(TimeUnit.HOURS.toNanos(1), 100, stop), 0);
    assertTrue(ms < 10_000, "took " + ms + " ms");
  }

  @Test
  void shouldEndEarlyAndStayInterruptedWhenTheThreadIsInterrupted() {
    Thread.currentThread().interrupt();
    waitedMs(new ComputePace(TimeUnit.HOURS.toNanos(1), 100, stop), 0);
    assertTrue(Thread.interrupted());
  }
}
