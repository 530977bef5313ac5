package dev.starling.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to call C: a function that does nothing, through the foreign function interface,
 * against the same calls made by C through a pointer. The two take turns in batches.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(
    value = 1,
    jvmArgs = {
      "-Xmx256m",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED",
      "--sun-misc-unsafe-memory-access=allow"
    })
public class DowncallBenchmark {
  private static final int BATCH = 10_000;

  /** Set up by JMH. */
  public DowncallBenchmark() {}

  /**
   * Calls as the engine calls what never blocks: without a thread transition.
   *
   * @param pair takes the times; the rival is C
   * @throws Throwable never in practice; method handles declare it
   */
  @Benchmark
  public void critical(Pair pair) throws Throwable {
    long javaNs;
    long rivalNs;
    if (pair.javaFirst()) {
      javaNs = timeCritical();
      rivalNs = timeC();
    } else {
      rivalNs = timeC();
      javaNs = timeCritical();
    }
    pair.record((double) javaNs / BATCH, (double) rivalNs / BATCH);
  }

  /**
   * Calls with the transition that lets the garbage collector go on meanwhile.
   *
   * @param pair takes the times; the rival is C
   * @throws Throwable never in practice; method handles declare it
   */
  @Benchmark
  public void transition(Pair pair) throws Throwable {
    long javaNs;
    long rivalNs;
    if (pair.javaFirst()) {
      javaNs = timeTransition();
      rivalNs = timeC();
    } else {
      rivalNs = timeC();
      javaNs = timeTransition();
    }
    pair.record((double) javaNs / BATCH, (double) rivalNs / BATCH);
  }

  private static long timeCritical() throws Throwable {
    long startNs = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      CLoops.NOTHING_CRITICAL.invokeExact();
    }
    return System.nanoTime() - startNs;
  }

  private static long timeTransition() throws Throwable {
    long startNs = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      CLoops.NOTHING.invokeExact();
    }
    return System.nanoTime() - startNs;
  }

  private static long timeC() throws Throwable {
    long startNs = System.nanoTime();
    CLoops.CALL_NOTHING.invokeExact((long) BATCH);
    return System.nanoTime() - startNs;
  }
}
