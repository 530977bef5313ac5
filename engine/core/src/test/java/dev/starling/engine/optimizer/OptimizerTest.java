package dev.starling.engine.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.CpuKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The SGD family, and what holds for every optimizer. */
class OptimizerTest {
  private static final int COUNT = 1031;
  private static final int STEPS = 130;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  private float[] gaussian(double scale) {
    float[] values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return values;
  }

  @Test
  void shouldUseTheGradientItselfWhenThereIsNoMomentum() {
    try (Arena arena = Arena.ofConfined();
        Sgd sgd = new Sgd(0f, 0.25f, 4);
        Nesterov nesterov = new Nesterov(0f, 0.25f, 4)) {
      MemorySegment gradient = arena.allocate(16);
      for (Optimizer optimizer : new Optimizer[] {sgd, nesterov}) {
        optimizer.begin(1);
        assertEquals(Optimizer.DONE, optimizer.advance(new CpuKernels(), gradient, 0, 4));
        assertSame(gradient, optimizer.update(gradient));
        assertEquals(0.25f, optimizer.l2Decay());
        assertEquals(0, optimizer.stateBytes());
      }
    }
  }

  @Test
  void shouldFollowTheMomentumFormulaToTheBitWhenTheModelIsCutIntoRanges() {
    System.out.println("OptimizerTest.momentum: seed " + seed + "L");
    float mu = 0.9f;
    float[] x = gaussian(1);
    float[] v = new float[COUNT];
    try (OptimizerRun run = new OptimizerRun(new Sgd(mu, 0f, COUNT), x)) {
      for (int step = 0; step < STEPS; step++) {
        float rate = 0.1f / (step + 1);
        float[] g = gaussian(0.1);
        float[] update = run.step(g, 1 + step % 3, rate);
        for (int i = 0; i < COUNT; i++) {
          v[i] = Math.fma(mu, v[i], g[i]);
          x[i] = Math.fma(-rate, v[i], x[i]);
        }
        assertArrayEquals(v, update, "step " + step);
      }
      assertArrayEquals(x, run.parameters());
    }
  }

  @Test
  void shouldFollowTheNesterovFormulaToTheBitWhenTheModelIsCutIntoRanges() {
    System.out.println("OptimizerTest.nesterov: seed " + seed + "L");
    float mu = 0.95f;
    float[] x = gaussian(1);
    float[] v = new float[COUNT];
    float[] u = new float[COUNT];
    try (OptimizerRun run = new OptimizerRun(new Nesterov(mu, 0f, COUNT), x)) {
      for (int step = 0; step < STEPS; step++) {
        float rate = 0.1f / (step + 1);
        float[] g = gaussian(0.1);
        float[] update = run.step(g, 1 + step % 3, rate);
        for (int i = 0; i < COUNT; i++) {
          v[i] = Math.fma(mu, v[i], g[i]);
          u[i] = Math.fma(mu, v[i], g[i]);
          x[i] = Math.fma(-rate, u[i], x[i]);
        }
        assertArrayEquals(u, update, "step " + step);
      }
      assertArrayEquals(x, run.parameters());
    }
  }

  /**
   * The original form, in double: the velocity w moves the position y and the gradient is taken
   * ahead of it, at y + mu w. The optimizer's parameters are that point.
   */
  @Test
  void shouldStandWhereNesterovLooksAheadWhenDescendingABowl() {
    double mu = 0.9f;
    double rate = 0.05f;
    float[] start = gaussian(1);
    double[] y = new double[COUNT];
    double[] w = new double[COUNT];
    double[] curvature = new double[COUNT];
    for (int i = 0; i < COUNT; i++) {
      y[i] = start[i];
      curvature[i] = (float) random.nextDouble(0.1, 10);
    }
    try (OptimizerRun run = new OptimizerRun(new Nesterov((float) mu, 0f, COUNT), start)) {
      for (int step = 0; step < STEPS; step++) {
        float[] x = run.parameters();
        float[] g = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
          g[i] = (float) (curvature[i] * x[i]);
          w[i] = mu * w[i] - rate * curvature[i] * (y[i] + mu * w[i]);
          y[i] += w[i];
        }
        run.step(g, 1, (float) rate);
        x = run.parameters();
        for (int i = 0; i < COUNT; i++) {
          assertEquals(y[i] + mu * w[i], x[i], 1e-5, "step " + step + ", seed " + seed + "L");
        }
      }
      double worst = 0;
      for (int i = 0; i < COUNT; i++) {
        worst = Math.max(worst, Math.abs(y[i]));
      }
      assertTrue(worst < 2, "the bowl was left: " + worst);
    }
  }

  @Test
  void shouldCountMergedGradientsInFullWhenOptimizerIsOfTheSgdFamily() {
    try (Sgd sgd = new Sgd(0.9f, 0f, 1);
        Nesterov nesterov = new Nesterov(0.9f, 0f, 1)) {
      for (int merged = 1; merged < 10; merged++) {
        assertEquals(1f, sgd.gradientScale(merged));
        assertEquals(1f, nesterov.gradientScale(merged));
      }
      assertEquals(1f, sgd.keep(0.7f));
      assertEquals(1f, nesterov.keep(0.7f));
    }
  }

  @Test
  void shouldTellTheMemoryOfItsState() {
    try (Sgd sgd = new Sgd(0.9f, 0f, 21);
        Nesterov nesterov = new Nesterov(0.9f, 0f, 21);
        AdamW adam = new AdamW(0f, 21)) {
      assertEquals(84, sgd.stateBytes());
      assertEquals(84, nesterov.stateBytes());
      assertEquals(128 + 84, adam.stateBytes(), "the second moment starts on a cache line");
    }
  }

  static Stream<Supplier<Optimizer>> all() {
    return Stream.of(
        () -> new Sgd(0.9f, 0f, 21), () -> new Nesterov(0.9f, 0f, 21), () -> new AdamW(0.1f, 21));
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldRefuseStepsBelowOne(Supplier<Optimizer> factory) {
    try (Optimizer optimizer = factory.get()) {
      for (long step : new long[] {0, -1, Long.MIN_VALUE}) {
        IllegalArgumentException thrown =
            assertThrows(IllegalArgumentException.class, () -> optimizer.begin(step));
        assertTrue(thrown.getMessage().contains("step " + step), thrown.getMessage());
      }
      optimizer.begin(Long.MAX_VALUE);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldRefuseToAdvanceWhenClosed(Supplier<Optimizer> factory) {
    Optimizer optimizer = factory.get();
    try {
      optimizer.begin(1);
    } finally {
      optimizer.close();
    }
    optimizer.close();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment gradient = arena.allocate(84);
      assertThrows(
          IllegalStateException.class, () -> optimizer.advance(new CpuKernels(), gradient, 0, 21));
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldRefuseRangesOutsideTheModel(Supplier<Optimizer> factory) {
    try (Arena arena = Arena.ofConfined();
        Optimizer optimizer = factory.get()) {
      MemorySegment gradient = arena.allocate(400);
      optimizer.begin(1);
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> optimizer.advance(new CpuKernels(), gradient, 4, 21),
          "the gradient is long enough, the state is not");
    }
  }

  @Test
  void shouldNameTheNumberWhenItIsOutOfRange() {
    refuses("momentum", () -> new Sgd(1f, 0f, 1));
    refuses("momentum", () -> new Sgd(Float.NaN, 0f, 1));
    refuses("weight decay", () -> new Sgd(0f, -1f, 1));
    refuses("parameters", () -> new Sgd(0.9f, 0f, 0));
    refuses("momentum", () -> new Nesterov(1f, 0f, 1));
    refuses("weight decay", () -> new Nesterov(0.9f, 2f, 1));
    refuses("parameters", () -> new Nesterov(0.9f, 0f, Long.MAX_VALUE));
    refuses("beta1", () -> new AdamW(1f, 0.999f, 1e-8f, 0f, 1));
    refuses("beta2", () -> new AdamW(0.9f, -0.1f, 1e-8f, 0f, 1));
    refuses("beta2", () -> new AdamW(0.9f, Float.NaN, 1e-8f, 0f, 1));
    refuses("epsilon", () -> new AdamW(0.9f, 0.999f, 0f, 0f, 1));
    refuses("weight decay", () -> new AdamW(1.5f, 1));
    refuses("parameters", () -> new AdamW(0f, 0));
    refuses("parameters", () -> new AdamW(0f, Long.MAX_VALUE));
  }

  private static void refuses(String option, Supplier<Optimizer> factory) {
    ConfigurationException thrown =
        assertThrows(ConfigurationException.class, () -> factory.get().close());
    assertTrue(thrown.getMessage().startsWith(option + "="), thrown.getMessage());
  }
}
