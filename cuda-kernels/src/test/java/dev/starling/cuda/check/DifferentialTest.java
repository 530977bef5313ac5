package dev.starling.cuda.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.CpuKernels;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The comparison, with the vector code of the engine in place of a GPU, and with planted mistakes.
 */
class DifferentialTest {
  private static final long CAPACITY = Case.mostBytes(Differential.LONGEST_RANDOM);

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String output() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static Executor vectorCode() {
    return new KernelsExecutor("vector code", new CpuKernels(), CAPACITY);
  }

  /** Does what the vector code does, and then spoils one float of what was written. */
  private static final class Spoiled implements Executor {
    private final Executor right = vectorCode();
    private final Operation operation;
    private final int fromCount;

    Spoiled(Operation operation, int fromCount) {
      this.operation = operation;
      this.fromCount = fromCount;
    }

    @Override
    public String name() {
      return "spoiled";
    }

    @Override
    public boolean takes(Operation taken) {
      return right.takes(taken);
    }

    @Override
    public MemorySegment run(Case example, MemorySegment input) {
      MemorySegment result = right.run(example, input);
      if (example.operation() == operation && example.count() >= fromCount) {
        long last = example.at()[0] + 4L * (example.count() - 1);
        int value = result.get(ValueLayout.JAVA_INT, last);
        boolean nan = Float.isNaN(Float.intBitsToFloat(value));
        result.set(ValueLayout.JAVA_INT, last, nan ? 0 : value ^ 1);
      }
      return result;
    }

    @Override
    public void close() {
      right.close();
    }
  }

  @Test
  void shouldFindNothingWhenTheResultsAreThoseOfTheCpu() {
    long seed = System.nanoTime();
    System.out.println("DifferentialTest: seed " + seed);
    try (Executor right = vectorCode();
        Differential differential = new Differential(List.of(right), CAPACITY, false, out)) {
      differential.lengths(0, 70, seed);
      differential.random(500, seed);
      assertEquals(0, differential.differences(), output());
      assertEquals(71L * Operation.values().length + 500, differential.cases());
      assertTrue(differential.comparisons() > 71L * 9, "what vector code does was compared");
    }
    assertEquals("", output());
  }

  @Test
  void shouldNameTheCaseThatRepeatsADifference() {
    try (Executor spoiled = new Spoiled(Operation.MOMENTUM, 33);
        Differential differential = new Differential(List.of(spoiled), CAPACITY, false, out)) {
      differential.lengths(0, 40, 7);
      assertEquals(8, differential.differences(), output());
      Matcher repeat = Pattern.compile("--case (momentum,33,-?[0-9]+)").matcher(output());
      assertTrue(repeat.find(), output());
      bytes.reset();
      differential.compare(Case.parse(repeat.group(1)));
      assertEquals(9, differential.differences());
      assertTrue(output().contains("spoiled: case " + repeat.group(1) + ": element 32 of"));
    }
  }

  @Test
  void shouldStopWhenEverythingDiffers() {
    try (Executor spoiled = new Spoiled(Operation.SCALE, 1);
        Differential differential = new Differential(List.of(spoiled), CAPACITY, false, out)) {
      differential.lengths(1, 100, 1);
      assertEquals(20, differential.differences());
      assertTrue(output().endsWith("the comparison stops after 20 differences\n"), output());
    }
  }

  @Test
  void shouldSeeBytesThatChangeOutsideTheVectors() {
    Executor beside =
        new Executor() {
          private final Executor right = vectorCode();

          @Override
          public String name() {
            return "beside";
          }

          @Override
          public boolean takes(Operation operation) {
            return operation == Operation.AVERAGE;
          }

          @Override
          public MemorySegment run(Case example, MemorySegment input) {
            MemorySegment result = right.run(example, input);
            long after = example.at()[0] + 4L * example.count();
            result.set(
                ValueLayout.JAVA_BYTE, after, (byte) ~result.get(ValueLayout.JAVA_BYTE, after));
            return result;
          }

          @Override
          public void close() {
            right.close();
          }
        };
    try (beside;
        Differential differential = new Differential(List.of(beside), CAPACITY, false, out)) {
      differential.lengths(5, 5, 3);
      assertEquals(1, differential.differences());
      assertTrue(output().contains(", outside the vectors: "), output());
    }
  }

  @Test
  void shouldPrintEveryCaseBeforeItRunsWhenAsked() {
    try (Executor right = vectorCode();
        Differential differential = new Differential(List.of(right), CAPACITY, true, out)) {
      differential.random(3, 11);
      assertEquals(
          3, output().lines().filter(line -> line.matches("case \\w+,\\d+,-?\\d+")).count());
    }
  }

  @Test
  void shouldDrawEverySpecialValueAndOffset() {
    SplittableRandom random = new SplittableRandom(5);
    boolean[] offsets = new boolean[8];
    boolean shared = false;
    int nans = 0;
    int subnormals = 0;
    int infinities = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(CAPACITY, 64);
      for (int i = 0; i < 200; i++) {
        Case example = new Case(Operation.STEP_AVERAGE_BOTH, 50, random.nextLong());
        offsets[(int) (example.at()[0] - 32) / 4] = true;
        shared |= example.at()[4] == example.at()[0];
        example.fill(memory);
        for (int k = 0; k < 50; k++) {
          float value = memory.get(ValueLayout.JAVA_FLOAT, example.at()[1] + 4L * k);
          nans += Float.isNaN(value) ? 1 : 0;
          infinities += Float.isInfinite(value) ? 1 : 0;
          subnormals += value != 0 && Math.abs(value) < Float.MIN_NORMAL ? 1 : 0;
        }
      }
    }
    for (boolean offset : offsets) {
      assertTrue(offset);
    }
    assertTrue(shared && nans > 0 && infinities > 0 && subnormals > 0);
  }

  @Test
  void shouldRefuseWhatIsNoCase() {
    for (String text :
        List.of("", "average", "average,-1,3", "nothing,1,2", "average,1,2,3", "average,1,x")) {
      assertThrows(ConfigurationException.class, () -> Case.parse(text), text);
    }
    assertFalse(Case.parse("adam,0,-5").operation().isSearch());
  }
}
