package dev.starling.engine.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final double LATE = 1e12;

  private static void falls(Schedule schedule, int from, int to) {
    float before = schedule.learningRate(from);
    for (int step = from + 1; step <= to; step++) {
      float rate = schedule.learningRate(step);
      assertTrue(rate < before, schedule + " falls at " + step);
      before = rate;
    }
  }

  @Test
  void shouldNeverChangeWhenConstant() {
    Schedule schedule = new Schedule.Constant(0.3f);
    for (double step : new double[] {0, 0.5, 1, 1e3, LATE}) {
      assertEquals(0.3f, schedule.learningRate(step));
    }
  }

  @Test
  void shouldFallAlongHalfACosineToZeroAndStayThere() {
    Schedule schedule = new Schedule.Cosine(0.4f, 1000);
    assertEquals(0.4f, schedule.learningRate(0));
    assertEquals(0.2f, schedule.learningRate(500), 1e-8);
    assertEquals(0.4 * (2 + Math.sqrt(2)) / 4, schedule.learningRate(250), 1e-7);
    falls(schedule, 1, 1000);
    assertEquals(0f, schedule.learningRate(1000));
    assertEquals(0f, schedule.learningRate(1000.5));
    assertEquals(0f, schedule.learningRate(LATE));
  }

  @Test
  void shouldFallAlongALineToZeroAndStayThere() {
    Schedule schedule = new Schedule.Linear(0.8f, 1000);
    assertEquals(0.8f, schedule.learningRate(0));
    assertEquals(0.6f, schedule.learningRate(250));
    assertEquals(0.2f, schedule.learningRate(750));
    assertEquals((float) (0.8f * (1 - 0.0005)), schedule.learningRate(0.5));
    falls(schedule, 0, 1000);
    assertEquals(0f, schedule.learningRate(1000));
    assertEquals(0f, schedule.learningRate(LATE));
  }

  @Test
  void shouldDropByTheFactorEveryTimeTheStepsHavePassed() {
    Schedule schedule = new Schedule.Step(1f, 30, 0.1);
    assertEquals(1f, schedule.learningRate(0));
    assertEquals(1f, schedule.learningRate(29.999));
    assertEquals(0.1f, schedule.learningRate(30));
    assertEquals(0.1f, schedule.learningRate(59));
    assertEquals(0.01f, schedule.learningRate(60), 1e-9);
    assertEquals(0.001f, schedule.learningRate(119), 1e-10);
    assertEquals(0f, schedule.learningRate(LATE));
    assertEquals(0.25f, new Schedule.Step(0.5f, 1, 0.5).learningRate(1));
    assertEquals(0.5f, new Schedule.Step(0.5f, 10, 0).learningRate(9));
    assertEquals(0f, new Schedule.Step(0.5f, 10, 0).learningRate(10));
    assertEquals(0.5f, new Schedule.Step(0.5f, 10, 1).learningRate(LATE));
  }

  @Test
  void shouldRiseToTheFirstRateOfWhatFollowsThenHandOver() {
    Schedule then = new Schedule.Linear(0.8f, 10);
    Schedule schedule = new Schedule.Warmup(3, then);
    assertEquals(0.2f, schedule.learningRate(0));
    assertEquals(0.4f, schedule.learningRate(1));
    assertEquals(0.6f, schedule.learningRate(2), 1e-7);
    assertEquals(0.8f, schedule.learningRate(3));
    for (double step = 0; step < 20; step += 0.5) {
      assertEquals(then.learningRate(step), schedule.learningRate(3 + step), "its own steps");
    }
    assertEquals(0.7f, new Schedule.Warmup(0, new Schedule.Constant(0.7f)).learningRate(0));
    Schedule steps = new Schedule.Warmup(100, new Schedule.Step(1f, 50, 0.5));
    assertEquals(1f, steps.learningRate(149));
    assertEquals(0.5f, steps.learningRate(150), "steps are counted after the rise");
  }

  @Test
  void shouldRiseThenFallWhenCosineHasAWarmUp() {
    Schedule schedule = new Schedule.Warmup(100, new Schedule.Cosine(0.4f, 1000));
    assertEquals(0.4 / 101, schedule.learningRate(0), 1e-6);
    float before = 0;
    for (int step = 0; step <= 100; step++) {
      float rate = schedule.learningRate(step);
      assertTrue(rate > before, "rises at " + step);
      before = rate;
    }
    assertEquals(0.4f, schedule.learningRate(100), 1e-6);
    assertEquals(0.2f, schedule.learningRate(600), 1e-6);
    falls(schedule, 101, 1100);
    assertEquals(0f, schedule.learningRate(1100));
    assertEquals(0f, schedule.learningRate(5000), "stays at the end");
  }

  /** How the rate was computed before schedules could be composed; logs of then replay now. */
  private static float literal(float rate, double warmupSteps, double totalSteps, double step) {
    if (step < warmupSteps) {
      return (float) (rate * (step + 1) / (warmupSteps + 1));
    }
    double progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
    return (float) (rate * 0.5 * (1 + StrictMath.cos(StrictMath.PI * progress)));
  }

  @Test
  void shouldGiveTheBitsOfTheFormulaWhenWarmUpAndCosineAreComposed() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      float rate = (float) Math.pow(10, random.nextDouble(-6, 2));
      double total = i % 5 == 0 ? 1 + random.nextInt(20) : 1 + random.nextDouble() * 1e5;
      double warmup =
          switch (i % 4) {
            case 0 -> 0;
            case 1 -> total;
            case 2 -> (int) (total / 3);
            default -> total * random.nextDouble();
          };
      Schedule composed =
          new Schedule.Warmup(warmup, new Schedule.Cosine(rate, Math.max(1, total - warmup)));
      for (int k = 0; k < 50; k++) {
        double step =
            switch (k % 5) {
              case 0 -> k;
              case 1 -> warmup + k - 25;
              case 2 -> total + k - 25;
              default -> total * 1.1 * random.nextDouble();
            };
        step = Math.max(0, step);
        int expected = Float.floatToRawIntBits(literal(rate, warmup, total, step));
        String where = composed + " at " + step + ", seed " + seed + "L";
        assertEquals(expected, Float.floatToRawIntBits(composed.learningRate(step)), where);
      }
    }
  }

  @Test
  void shouldNameTheNumberWhenItIsOutOfRange() {
    refuses("learning rate", () -> new Schedule.Constant(Float.NaN));
    refuses("learning rate", () -> new Schedule.Cosine(-1f, 10));
    refuses("total steps", () -> new Schedule.Cosine(1f, 0.5));
    refuses("learning rate", () -> new Schedule.Linear(Float.POSITIVE_INFINITY, 10));
    refuses("total steps", () -> new Schedule.Linear(1f, Double.NaN));
    refuses("learning rate", () -> new Schedule.Step(-0.1f, 10, 0.1));
    refuses("steps between drops", () -> new Schedule.Step(0.1f, 0, 0.1));
    refuses("factor of a drop", () -> new Schedule.Step(0.1f, 10, 1.5));
    refuses("warm-up steps", () -> new Schedule.Warmup(-1, new Schedule.Constant(1f)));
    assertThrows(NullPointerException.class, () -> new Schedule.Warmup(1, null));
  }

  private static void refuses(String option, Supplier<Schedule> factory) {
    ConfigurationException thrown = assertThrows(ConfigurationException.class, factory::get);
    assertTrue(thrown.getMessage().startsWith(option + "="), thrown.getMessage());
  }
}
