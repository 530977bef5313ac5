package dev.starling.engine.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.kernel.CpuKernels;
import dev.starling.engine.kernel.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static final int COUNT = 1031;
  private static final int STEPS = 150;
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;

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
  void shouldGiveTheNumbersWorkedOutByHandWhenStartingFromZero() {
    // m 0.05, 0.02, 0.018; v 0.00025, 0.00031225, 0.00031193775; corrected and divided:
    float[][] gradients = {{0.5f, -3f}, {-0.25f, -3f}, {0f, -3f}};
    double[] expected = {1.0, 0.2663370, 0.2058793};
    float rate = 0.5f;
    double x = 2;
    try (OptimizerRun run = new OptimizerRun(new AdamW(0.1f, 2), new float[] {2f, 0f})) {
      for (int step = 0; step < 3; step++) {
        float[] update = run.step(gradients[step], 1, rate);
        assertEquals(expected[step], update[0], 1e-6);
        assertEquals(-1, update[1], 1e-6, "a constant gradient moves by its sign");
        x = x * (1 - 0.5 * 0.1) - 0.5 * expected[step];
        assertEquals(x, run.parameters()[0], 1e-6);
      }
    }
  }

  @Test
  void shouldFollowTheFormulaToTheBitWhenTheModelIsCutIntoRanges() {
    System.out.println("AdamWTest.bits: seed " + seed + "L");
    float decay = 0.02f;
    float[] x = gaussian(1);
    float[] m = new float[COUNT];
    float[] v = new float[COUNT];
    float[] u = new float[COUNT];
    try (OptimizerRun run = new OptimizerRun(new AdamW(decay, COUNT), x)) {
      for (int step = 1; step <= STEPS; step++) {
        int merged = 1 + step % 4;
        float rate = 0.01f / step;
        float[] g = gaussian(step % 7 == 0 ? 1e-20 : 0.1);
        float[] update = run.step(g, merged, rate);
        float c1 = (float) (1 / (1 - StrictMath.pow(BETA1, step)));
        float c2 = (float) (1 / (1 - StrictMath.pow(BETA2, step)));
        float keep = (float) (1 - (double) rate * (double) decay);
        for (int i = 0; i < COUNT; i++) {
          float mean = merged == 1 ? g[i] : g[i] * (1f / merged);
          m[i] = Math.fma(BETA1, m[i], mean * (1f - BETA1));
          v[i] = Math.fma(BETA2, v[i], mean * mean * (1f - BETA2));
          u[i] = m[i] * c1 / ((float) Math.sqrt(v[i] * c2) + 1e-8f);
          x[i] = Math.fma(-rate, u[i], x[i] * keep);
        }
        assertArrayEquals(u, update, "step " + step);
      }
      assertArrayEquals(x, run.parameters());
    }
  }

  /** The algorithm as the papers write it, in double. */
  @Test
  void shouldStayNearTheTextbookInDoubleWhenRunForManySteps() {
    System.out.println("AdamWTest.textbook: seed " + seed + "L");
    float[] start = gaussian(1);
    double[] x = new double[COUNT];
    double[] m = new double[COUNT];
    double[] v = new double[COUNT];
    for (int i = 0; i < COUNT; i++) {
      x[i] = start[i];
    }
    double rate = 0.01;
    double decay = 0.1;
    try (OptimizerRun run = new OptimizerRun(new AdamW((float) decay, COUNT), start)) {
      for (int t = 1; t <= STEPS; t++) {
        int merged = 1 + t % 3;
        float[] sum = gaussian(1);
        run.step(sum, merged, (float) rate);
        for (int i = 0; i < COUNT; i++) {
          double g = (double) sum[i] / merged;
          m[i] = 0.9 * m[i] + 0.1 * g;
          v[i] = 0.999 * v[i] + 0.001 * g * g;
          double corrected = m[i] / (1 - Math.pow(0.9, t));
          double size = Math.sqrt(v[i] / (1 - Math.pow(0.999, t)));
          x[i] -= rate * (corrected / (size + 1e-8) + decay * x[i]);
        }
      }
      float[] actual = run.parameters();
      for (int i = 0; i < COUNT; i++) {
        assertEquals(x[i], actual[i], 2e-5, "parameter " + i);
      }
    }
  }

  /** Kernels that keep the factors of the last call of adam: beta1, beta2, c1, c2, epsilon. */
  private static Kernels recording(float[] factors) {
    CpuKernels kernels = new CpuKernels();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("adam")) {
                for (int i = 0; i < factors.length; i++) {
                  factors[i] = (float) arguments[6 + i];
                }
              }
              try {
                return method.invoke(kernels, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            });
  }

  private static float exactCorrection(float beta, int step) {
    MathContext digits = new MathContext(80);
    BigDecimal power = new BigDecimal(beta).pow(step, digits);
    return BigDecimal.ONE.divide(BigDecimal.ONE.subtract(power), digits).floatValue();
  }

  @Test
  void shouldCorrectTheBiasOfEachStepWithinOneUlp() {
    float[] factors = new float[5];
    Kernels kernels = recording(factors);
    try (Arena arena = Arena.ofConfined();
        AdamW adam = new AdamW(0.8f, 0.99995f, 1e-6f, 0f, 1)) {
      MemorySegment gradient = arena.allocate(4);
      for (int step : new int[] {1, 2, 3, 10, 99, 1_000, 12_345, 1_000_000}) {
        adam.begin(step);
        adam.advance(kernels, gradient, 0, 1);
        assertArrayEquals(
            new float[] {0.8f, 0.99995f, 1e-6f}, new float[] {factors[0], factors[1], factors[4]});
        float c1 = exactCorrection(0.8f, step);
        float c2 = exactCorrection(0.99995f, step);
        assertEquals(c1, factors[2], Math.ulp(c1), "step " + step);
        assertEquals(c2, factors[3], Math.ulp(c2), "step " + step);
      }
      adam.begin(Long.MAX_VALUE);
      adam.advance(kernels, gradient, 0, 1);
      assertEquals(1f, factors[2]);
      assertEquals(1f, factors[3]);
    }
  }

  @Test
  void shouldCorrectByTheStepItIsToldWhenStateWasRestored() {
    float[] factors = new float[5];
    Kernels kernels = recording(factors);
    try (Arena arena = Arena.ofConfined();
        AdamW adam = new AdamW(0f, 1)) {
      MemorySegment gradient = arena.allocate(4);
      adam.begin(500);
      adam.advance(kernels, gradient, 0, 1);
      assertEquals(exactCorrection(BETA2, 500), factors[3], 1e-6);
      adam.begin(2);
      adam.advance(kernels, gradient, 0, 1);
      assertEquals(exactCorrection(BETA2, 2), factors[3], 1e-3);
    }
  }

  @Test
  void shouldRefuseToAdvanceWhenNoStepWasBegun() {
    try (Arena arena = Arena.ofConfined();
        AdamW adam = new AdamW(0f, 1)) {
      MemorySegment gradient = arena.allocate(4);
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class, () -> adam.advance(new CpuKernels(), gradient, 0, 1));
      assertTrue(thrown.getMessage().contains("begin(step)"), thrown.getMessage());
    }
  }

  @Test
  void shouldMoveByTheMeanWhenGradientsWereMerged() {
    float[] start = gaussian(1);
    try (OptimizerRun one = new OptimizerRun(new AdamW(0.1f, COUNT), start);
        OptimizerRun four = new OptimizerRun(new AdamW(0.1f, COUNT), start)) {
      for (int step = 0; step < 20; step++) {
        float[] gradient = gaussian(1);
        float[] sum = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
          sum[i] = 4 * gradient[i];
        }
        assertArrayEquals(one.step(gradient, 1, 0.1f), four.step(sum, 4, 0.1f));
      }
      assertArrayEquals(one.parameters(), four.parameters(), "decay too counts once a step");
    }
    try (AdamW adam = new AdamW(0f, 1)) {
      assertEquals(1f, adam.gradientScale(1));
      assertEquals(0.5f, adam.gradientScale(2));
      assertEquals(1f / 3, adam.gradientScale(3));
    }
  }

  @Test
  void shouldKeepDecayOutOfTheMomentsWhenItIsDecoupled() {
    float[] start = gaussian(1);
    try (OptimizerRun decayed = new OptimizerRun(new AdamW(0.5f, COUNT), start);
        OptimizerRun plain = new OptimizerRun(new AdamW(0f, COUNT), start)) {
      for (int step = 0; step < 10; step++) {
        float[] gradient = gaussian(1);
        assertArrayEquals(plain.step(gradient, 1, 0.1f), decayed.step(gradient, 1, 0.1f));
      }
    }
    try (OptimizerRun still = new OptimizerRun(new AdamW(0.5f, COUNT), start)) {
      still.step(new float[COUNT], 1, 0.25f);
      float[] shrunk = still.parameters();
      for (int i = 0; i < COUNT; i++) {
        assertEquals(start[i] * 0.875f, shrunk[i], "1 - 0.25 * 0.5 of it is left");
      }
    }
  }

  @Test
  void shouldRoundTheKeptPartOnceWhenRateAndDecayAreAnything() {
    try (AdamW none = new AdamW(0f, 1)) {
      assertEquals(1f, none.keep(0.3f));
      assertEquals(0f, none.l2Decay());
    }
    for (int i = 0; i < 1_000; i++) {
      float decay = random.nextFloat();
      float rate = (float) Math.pow(10, random.nextDouble(-6, 0));
      try (AdamW adam = new AdamW(decay, 1)) {
        float exact =
            BigDecimal.ONE
                .subtract(new BigDecimal(rate).multiply(new BigDecimal(decay)))
                .floatValue();
        assertEquals(exact, adam.keep(rate), Math.ulp(exact), "rate " + rate + ", " + decay);
        assertEquals((float) (1 - (double) rate * (double) decay), adam.keep(rate));
        assertEquals(0f, adam.l2Decay());
      }
    }
  }
}
