package dev.starling.cli.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ScaleTest {
  private static Scale scale(Axis axis, double... values) {
    return new Scale(axis, new Range(axis).add(values), 0, 100, 5, true);
  }

  private static List<String> labels(Axis axis, double... values) {
    return scale(axis, values).ticks().stream().map(Scale.Tick::label).toList();
  }

  private static final Axis LINEAR = Axis.linear("x", "s");
  private static final Axis LOGARITHMIC = Axis.logarithmic("x", "s");

  @Test
  void shouldTickAtOneTwoAndFiveWhenTheAxisIsLinear() {
    assertEquals(List.of("0", "1", "2", "3", "4", "5"), labels(LINEAR, 0.2, 4.9));
    assertEquals(List.of("0", "20", "40", "60", "80", "100"), labels(LINEAR, 3, 97));
    assertEquals(List.of("0.90", "0.95", "1.00", "1.05"), labels(LINEAR, 0.93, 1.04));
    assertEquals(List.of("-2", "-1", "0", "1", "2"), labels(LINEAR, -2, 2));
    assertEquals(List.of("0", "10k", "20k", "30k"), labels(LINEAR, 0, 30_000));
    assertEquals(List.of("0", "5e-06", "1e-05", "1.5e-05", "2e-05"), labels(LINEAR, 0, 2e-5));
  }

  @Test
  void shouldTickAtPowersOfTenWhenTheAxisIsLogarithmic() {
    assertEquals(List.of("1", "10", "100", "1000", "10k"), labels(LOGARITHMIC, 1, 1e4));
    assertEquals(List.of("1", "2", "5", "10"), labels(LOGARITHMIC, 1.5, 8));
  }

  @Test
  void shouldMapBothEndsAndTheMiddleWhenAxesAreLinearAndLogarithmic() {
    Scale linear = scale(LINEAR, 0, 10);
    assertEquals(0, linear.at(0), 1e-9);
    assertEquals(30, linear.at(3), 1e-9);
    assertEquals(100, linear.at(10), 1e-9);
    Scale logarithmic = scale(LOGARITHMIC, 1, 10_000);
    assertEquals(0, logarithmic.at(1), 1e-9);
    assertEquals(50, logarithmic.at(100), 1e-9);
    assertEquals(100, logarithmic.at(10_000), 1e-9);
  }

  @Test
  void shouldHaveDistinctTicksInsideTheAxisWhenTheRangeIsOdd() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    double[] special = {0, 1, -1, 1e-300, -1e-300, 1e300, -1e300, 1e9, 1e9 + 1, 1e-9, 0.1};
    for (int i = 0; i < 20_000; i++) {
      Axis axis = random.nextBoolean() ? LINEAR : LOGARITHMIC;
      double first =
          random.nextInt(3) == 0
              ? special[random.nextInt(special.length)]
              : random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
      double second = random.nextInt(3) == 0 ? first : first * (1 + random.nextDouble() * 3);
      boolean rounds = random.nextBoolean();
      Scale scale = new Scale(axis, new Range(axis).add(first, second), 0, 100, 5, rounds);
      String what = first + " to " + second + " " + axis + " rounds " + rounds;
      List<Scale.Tick> ticks = scale.ticks();
      assertTrue(ticks.size() >= 2 && ticks.size() <= 14, what + ": " + ticks);
      for (int t = 0; t < ticks.size(); t++) {
        double at = scale.at(ticks.get(t).value());
        assertTrue(at >= -1e-3 && at <= 100 + 1e-3, what + ": " + ticks + " at " + at);
        assertTrue(t == 0 || !ticks.get(t).label().equals(ticks.get(t - 1).label()), what + ticks);
      }
      for (double value : new double[] {first, second}) {
        if (axis.isDrawable(value)) {
          double at = scale.at(value);
          assertTrue(at >= -1e-6 && at <= 100 + 1e-6, what + ": " + value + " at " + at);
        }
      }
    }
  }

  @Test
  void shouldWriteFourDigitsWhenNumbersAreShown() {
    assertEquals("0", Numbers.text(0));
    assertEquals("3.142", Numbers.text(Math.PI));
    assertEquals("-12.5", Numbers.text(-12.5));
    assertEquals("12.35k", Numbers.text(12_345));
    assertEquals("9999", Numbers.text(9999));
    assertEquals("4.7M", Numbers.text(4.7e6));
    assertEquals("1.5e-05", Numbers.text(1.5e-5));
    assertEquals("–", Numbers.text(Double.NaN));
    assertEquals("∞", Numbers.text(Double.POSITIVE_INFINITY));
  }
}
