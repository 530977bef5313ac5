package dev.starling.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Holds the reference against the documented formulas, worked out in another way. */
class ScalarKernelsTest {
  private static MemorySegment of(float... values) {
    return MemorySegment.ofArray(values);
  }

  private static float[] values(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT);
  }

  @Test
  void shouldRoundOnceWhenTheFormulaSaysFma() {
    Random random = new Random(20);
    for (int i = 0; i < 20_000; i++) {
      float x = (float) random.nextGaussian();
      float u = (float) random.nextGaussian();
      float rate = random.nextFloat();
      BigDecimal exact = new BigDecimal(-rate).multiply(new BigDecimal(u)).add(new BigDecimal(x));
      MemorySegment out = of(0f);
      ScalarKernels.step(of(x), 0, of(u), 0, out, 0, rate, 1f, 1);
      assertEquals(exact.floatValue(), values(out)[0]);

      MemorySegment v = of(x);
      ScalarKernels.momentum(v, 0, of(u), 0, rate, 1);
      BigDecimal momentum = new BigDecimal(rate).multiply(new BigDecimal(x)).add(new BigDecimal(u));
      assertEquals(momentum.floatValue(), values(v)[0]);

      MemorySegment g = of(u);
      ScalarKernels.addDecay(g, 0, of(x), 0, rate, 1);
      assertEquals(momentum.floatValue(), values(g)[0]);
    }
  }

  @Test
  void shouldRoundTheDecayedParameterWhenKeepIsNotOne() {
    // 3 * 0.1f is not a float; unrounded, the last bit of the result would be another one.
    float x = 3f;
    float keep = 0.1f;
    float t = x * keep;
    float expected =
        new BigDecimal(-1f).multiply(new BigDecimal(0.3f)).add(new BigDecimal(t)).floatValue();
    float unrounded =
        new BigDecimal(x)
            .multiply(new BigDecimal(keep))
            .subtract(new BigDecimal(0.3f))
            .floatValue();
    MemorySegment out = of(0f);
    ScalarKernels.step(of(x), 0, of(0.3f), 0, out, 0, 1f, keep, 1);
    assertEquals(expected, values(out)[0]);
    assertEquals(false, expected == unrounded, "the example does not tell the two apart");
  }

  @Test
  void shouldAverageWhenSumIsExactOverflowsOrIsSubnormal() {
    MemorySegment out = of(0f, 0f, 0f, 0f, 0f);
    ScalarKernels.average(
        of(1f, Float.MAX_VALUE, Float.MIN_VALUE, -0f, 3 * Float.MIN_VALUE),
        0,
        of(2f, Float.MAX_VALUE, 0f, -0f, 0f),
        0,
        out,
        0,
        5);
    // Half of the smallest subnormal ties to even: zero. One and a half of it rounds to two.
    assertArrayEquals(
        new float[] {1.5f, Float.POSITIVE_INFINITY, 0f, -0f, 2 * Float.MIN_VALUE}, values(out));
  }

  @Test
  void shouldStepBeforeAveragingWhenFused() {
    MemorySegment both = of(0f, 0f);
    MemorySegment one = of(0f);
    ScalarKernels.stepAverage(of(8f), 0, of(4f), 0, of(1f), 0, one, 0, 0.5f, 0.5f, 1);
    ScalarKernels.stepAverageBoth(of(8f), 0, of(4f), 0, of(1f), 0, both, 0, both, 4, 0.5f, 0.5f, 1);
    assertArrayEquals(new float[] {1.5f}, values(one));
    assertArrayEquals(new float[] {1.5f, 1.5f}, values(both));
    ScalarKernels.averageBoth(of(8f), 0, of(4f), 0, both, 0, both, 4, 1);
    assertArrayEquals(new float[] {6f, 6f}, values(both));
  }

  @Test
  void shouldTouchOnlyItsRangeWhenFillingAndAccumulating() {
    MemorySegment x = of(1f, 1f, 1f, 1f);
    ScalarKernels.fill(x, 4, 7f, 2);
    assertArrayEquals(new float[] {1f, 7f, 7f, 1f}, values(x));
    ScalarKernels.accumulate(x, 8, of(2f, 5f), 0, 2);
    assertArrayEquals(new float[] {1f, 7f, 9f, 6f}, values(x));
  }

  @Test
  void shouldScaleInPlaceWithOneRounding() {
    MemorySegment x = of(1f, 3f, Float.MAX_VALUE, Float.MIN_VALUE, -0f, 5f);
    ScalarKernels.scale(x, 4, 0.1f, 4);
    float three = exact(3f).multiply(exact(0.1f)).floatValue();
    float tenth = exact(Float.MAX_VALUE).multiply(exact(0.1f)).floatValue();
    assertArrayEquals(new float[] {1f, three, tenth, 0f, -0f, 5f}, values(x), "only its range");
    ScalarKernels.scale(x, 0, 2e9f, 6);
    assertEquals(Float.POSITIVE_INFINITY, values(x)[2]);
  }

  @Test
  void shouldRoundOnceAnOperationWhenNesterovLooksAhead() {
    Random random = new Random(21);
    for (int i = 0; i < 20_000; i++) {
      float v = (float) random.nextGaussian();
      float g = (float) random.nextGaussian();
      float mu = random.nextFloat();
      MemorySegment vs = of(v);
      MemorySegment gs = of(g);
      ScalarKernels.nesterov(vs, 0, gs, 0, mu, 1);
      float velocity = exact(mu).multiply(exact(v)).add(exact(g)).floatValue();
      float update = exact(mu).multiply(exact(velocity)).add(exact(g)).floatValue();
      assertEquals(velocity, values(vs)[0]);
      assertEquals(update, values(gs)[0]);
    }
  }

  private static BigDecimal exact(float value) {
    return new BigDecimal(value);
  }

  @Test
  void shouldRoundOnceAnOperationWhenAdamAdvances() {
    Random random = new Random(22);
    for (int i = 0; i < 5_000; i++) {
      float m = (float) random.nextGaussian();
      float v = random.nextFloat() * (i % 2 == 0 ? 1f : 1e-38f);
      float g = (float) random.nextGaussian() * (i % 3 == 0 ? 1f : 1e-19f);
      float beta1 = random.nextFloat();
      float beta2 = 1 - random.nextFloat() / 100;
      float c1 = 1 + random.nextFloat();
      float c2 = 1 + 1000 * random.nextFloat();
      float epsilon = 1e-8f;
      MemorySegment ms = of(m);
      MemorySegment vs = of(v);
      MemorySegment gs = of(g);
      ScalarKernels.adam(ms, 0, vs, 0, gs, 0, beta1, beta2, c1, c2, epsilon, 1);

      // Exact for a beta of one half or more; below that it is rounded before it is used.
      float b1 = BigDecimal.ONE.subtract(exact(beta1)).floatValue();
      float t = exact(g).multiply(exact(b1)).floatValue();
      float first = exact(beta1).multiply(exact(m)).add(exact(t)).floatValue();
      float q = exact(g).pow(2).floatValue();
      q = exact(q).multiply(BigDecimal.ONE.subtract(exact(beta2))).floatValue();
      float second = exact(beta2).multiply(exact(v)).add(exact(q)).floatValue();
      float mh = exact(first).multiply(exact(c1)).floatValue();
      float vh = exact(second).multiply(exact(c2)).floatValue();
      float d = exact(vh).sqrt(new MathContext(60)).floatValue();
      d = exact(d).add(exact(epsilon)).floatValue();
      float update = exact(mh).divide(exact(d), new MathContext(60)).floatValue();
      assertEquals(first, values(ms)[0]);
      assertEquals(second, values(vs)[0]);
      assertEquals(update, values(gs)[0]);
    }
  }

  @Test
  void shouldNormInTheLanesOfTheDistanceFromZero() {
    Random random = new Random(23);
    for (int count = 0; count < 200; count++) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-40, 38)));
      }
      assertEquals(
          ScalarKernels.squaredDistance(of(values), 0, of(new float[count]), 0, count),
          ScalarKernels.squaredNorm(of(values), 0, count));
    }
    assertEquals(25.0, ScalarKernels.squaredNorm(of(9f, 3f, -4f, 9f), 4, 2));
    assertEquals(0.0, ScalarKernels.squaredNorm(of(), 0, 0));
  }

  @Test
  void shouldSumInSixteenLanesThatAreFoldedByHalves() {
    float big = 0x1p53f;
    float[] sameLane = new float[48];
    sameLane[0] = big;
    sameLane[16] = 1f;
    sameLane[32] = -big;
    assertEquals(0.0, ScalarKernels.sum(of(sameLane), 0, 48), "2^53 + 1 loses the 1 in one lane");
    float[] foldedLater = new float[16];
    foldedLater[0] = big;
    foldedLater[1] = 1f;
    foldedLater[2] = -big;
    assertEquals(1.0, ScalarKernels.sum(of(foldedLater), 0, 16), "lane 0 meets 2 before 1");
    float[] foldedTogether = new float[16];
    foldedTogether[0] = big;
    foldedTogether[4] = -big;
    foldedTogether[8] = 1f;
    assertEquals(0.0, ScalarKernels.sum(of(foldedTogether), 0, 16), "lane 0 meets 8 first");
  }

  @Test
  void shouldAddOneByOneWhenNoSixteenAreLeft() {
    float[] values = new float[19];
    values[0] = 0x1p53f;
    values[16] = 1f;
    values[17] = -0x1p53f;
    values[18] = 1f;
    assertEquals(1.0, ScalarKernels.sum(of(values), 0, 19), "2^53 + 1 loses the first 1");
    assertEquals(1.0, ScalarKernels.sum(of(values), 72, 1));
  }

  @Test
  void shouldGiveEuclideanDistanceWithoutFloatOverflow() {
    assertEquals(25.0, ScalarKernels.squaredDistance(of(3f, 0f), 0, of(0f, 4f), 0, 2));
    double d = 2.0 * Float.MAX_VALUE;
    assertEquals(
        d * d, ScalarKernels.squaredDistance(of(Float.MAX_VALUE), 0, of(-Float.MAX_VALUE), 0, 1));
    assertEquals(0.0, ScalarKernels.squaredDistance(of(), 0, of(), 0, 0));
  }
}
