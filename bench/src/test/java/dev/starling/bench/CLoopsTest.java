package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The benchmark's own comparison of Java and C, on an odd length. */
@Timeout(60)
class CLoopsTest {
  @BeforeAll
  static void needsGcc() throws InterruptedException {
    boolean found;
    try {
      Process gcc = new ProcessBuilder("gcc", "--version").start();
      found = gcc.waitFor(30, TimeUnit.SECONDS) && gcc.exitValue() == 0;
    } catch (IOException e) {
      found = false;
    }
    Assumptions.assumeTrue(found, "gcc is not on the PATH");
  }

  @ParameterizedTest
  @EnumSource(KernelBenchmark.Kernel.class)
  void shouldGiveTheBitsOfJavaWhenComparedInSetup(KernelBenchmark.Kernel kernel) throws Throwable {
    KernelBenchmark benchmark = new KernelBenchmark();
    benchmark.kernel = kernel;
    benchmark.floats = 10_007;
    benchmark.open();
    try {
      Pair pair = new Pair();
      Ceilings ceilings = new Ceilings();
      benchmark.javaAndC(pair, ceilings);
      benchmark.javaAndC(pair, ceilings);
      assertFalse(Double.isNaN(pair.javaNs() + pair.rivalNs()));
    } finally {
      benchmark.close();
    }
  }
}
