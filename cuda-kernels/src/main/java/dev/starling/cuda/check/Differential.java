package dev.starling.cuda.check;

import dev.starling.engine.memory.PrivateMemory;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Compares the device with the scalar code of the engine, bit for bit, the bytes around the vectors
 * included. Any NaN equals any NaN where a float is written.
 */
final class Differential implements AutoCloseable {
  /** Every length up to here is tried with every operation. */
  static final int EVERY_LENGTH_TO = 4097;

  /** Lengths around which a grid and a vector of 16 bytes come out even. */
  static final int LARGE = 1 << 20;

  private static final int LARGEST_RANDOM_BITS = 17;

  /** No random case is longer. */
  static final int LONGEST_RANDOM = 1 << LARGEST_RANDOM_BITS;

  private static final int MOST_DIFFERENCES = 20;

  private final List<Executor> executors;
  private final boolean verbose;
  private final PrintStream out;
  private final PrivateMemory input;
  private final PrivateMemory expected;
  private long cases;
  private long comparisons;
  private int differences;

  /** Borrows the executors. */
  Differential(List<Executor> executors, long capacityBytes, boolean verbose, PrintStream out) {
    this.executors = List.copyOf(executors);
    this.verbose = verbose;
    this.out = out;
    input = PrivateMemory.allocate("values of the check", capacityBytes);
    try {
      expected = PrivateMemory.allocate("values that are expected", capacityBytes);
    } catch (Throwable failure) {
      input.close();
      throw failure;
    }
  }

  /** Every operation with every length of a range. */
  void lengths(int from, int to, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int count = from; count <= to; count++) {
      for (Operation operation : Operation.values()) {
        compare(new Case(operation, count, random.nextLong()));
      }
    }
  }

  /** Cases whose operation and length are drawn too; short ones are as frequent as long ones. */
  void random(long cases, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Operation[] operations = Operation.values();
    for (long i = 0; i < cases; i++) {
      Operation operation = operations[random.nextInt(operations.length)];
      int count = random.nextInt(1 << random.nextInt(LARGEST_RANDOM_BITS + 1));
      compare(new Case(operation, count, random.nextLong()));
    }
  }

  /** One case, by all executors. */
  void compare(Case example) {
    if (differences >= MOST_DIFFERENCES) {
      return;
    }
    if (verbose) {
      out.println("case " + example);
    }
    MemorySegment before = input.segment();
    MemorySegment after = expected.segment();
    example.fill(before);
    MemorySegment.copy(before, 0, after, 0, example.bytes());
    example.operation().compute(after, example.at(), example.factors(), example.count());
    cases++;
    for (Executor executor : executors) {
      if (executor.takes(example.operation())) {
        comparisons++;
        check(executor, example, run(executor, example), after);
      }
    }
  }

  private MemorySegment run(Executor executor, Case example) {
    try {
      return executor.run(example, input.segment());
    } catch (RuntimeException failure) {
      out.printf("FAILED: %s: case %s; repeat with --case %s%n", executor.name(), example, example);
      throw failure;
    }
  }

  private void check(Executor executor, Case example, MemorySegment actual, MemorySegment after) {
    long at = firstDifference(example, actual, after);
    if (at >= 0) {
      differences++;
      int got = actual.get(ValueLayout.JAVA_INT, at);
      int wanted = after.get(ValueLayout.JAVA_INT, at);
      out.printf(
          "DIFFERENT: %s: case %s: %s: %08x (%s) instead of %08x (%s); repeat with --case %s%n",
          executor.name(),
          example,
          example.describe(at),
          got,
          Float.intBitsToFloat(got),
          wanted,
          Float.intBitsToFloat(wanted),
          example);
      if (differences == MOST_DIFFERENCES) {
        out.printf("the comparison stops after %d differences%n", differences);
      }
    }
  }

  /** The offset of the first four bytes that differ, or -1. */
  private static long firstDifference(Case example, MemorySegment actual, MemorySegment after) {
    long from = 0;
    while (true) {
      long same =
          MemorySegment.mismatch(actual, from, example.bytes(), after, from, example.bytes());
      if (same < 0) {
        return -1;
      }
      long at = (from + same) & -Float.BYTES;
      boolean nans =
          example.isFloatAt(at)
              && Float.isNaN(actual.get(ValueLayout.JAVA_FLOAT, at))
              && Float.isNaN(after.get(ValueLayout.JAVA_FLOAT, at));
      if (!nans) {
        return at;
      }
      from = at + Float.BYTES;
    }
  }

  /** Cases that have been run. */
  long cases() {
    return cases;
  }

  /** Results that have been compared: a case counts once for each executor. */
  long comparisons() {
    return comparisons;
  }

  /** Results that were not those of the CPU. */
  int differences() {
    return differences;
  }

  @Override
  public void close() {
    expected.close();
    input.close();
  }
}
