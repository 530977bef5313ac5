package dev.starling.engine.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.kernel.CpuKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class OptimizerTest {
  @Test
  void shouldUseTheGradientItselfWhenThereIsNoMomentum() {
    try (Arena arena = Arena.ofConfined();
        Sgd sgd = new Sgd(0f, 0.25f, 4)) {
      MemorySegment gradient = arena.allocate(16);
      assertEquals(Optimizer.DONE, sgd.advance(new CpuKernels(), gradient, 0, 4));
      assertSame(gradient, sgd.update(gradient));
      assertEquals(0.25f, sgd.l2Decay());
    }
  }

  @Test
  void shouldAccumulateVelocityOverRanges() {
    int count = 21;
    try (Arena arena = Arena.ofConfined();
        Sgd sgd = new Sgd(0.5f, 0f, count)) {
      MemorySegment gradient = arena.allocate(4L * count);
      CpuKernels kernels = new CpuKernels();
      float expected = 0;
      for (int step = 1; step <= 4; step++) {
        for (int i = 0; i < count; i++) {
          gradient.setAtIndex(ValueLayout.JAVA_FLOAT, i, step);
        }
        sgd.advance(kernels, gradient, 0, 16);
        sgd.advance(kernels, gradient, 64, count - 16);
        expected = Math.fma(0.5f, expected, step);
        for (int i = 0; i < count; i++) {
          assertEquals(expected, sgd.update(gradient).getAtIndex(ValueLayout.JAVA_FLOAT, i));
        }
      }
    }
  }

  @Test
  void shouldRiseThenFallWhenCosineHasAWarmUp() {
    Schedule schedule = new Schedule.CosineWithWarmup(0.4f, 100, 1100);
    assertEquals(0.4 / 101, schedule.learningRate(0), 1e-6);
    float before = 0;
    for (int step = 0; step <= 100; step++) {
      float rate = schedule.learningRate(step);
      assertTrue(rate > before, "rises at " + step);
      before = rate;
    }
    assertEquals(0.4f, schedule.learningRate(100), 1e-6);
    assertEquals(0.2f, schedule.learningRate(600), 1e-6);
    for (int step = 101; step <= 1100; step++) {
      float rate = schedule.learningRate(step);
      assertTrue(rate < before, "falls at " + step);
      before = rate;
    }
    assertEquals(0f, schedule.learningRate(1100));
    assertEquals(0f, schedule.learningRate(5000), "stays at the end");
    assertEquals(0.3f, new Schedule.Constant(0.3f).learningRate(1e9));
  }

  @Test
  void shouldNameTheNumberWhenItIsOutOfRange() {
    assertThrows(ConfigurationException.class, () -> new Sgd(1f, 0f, 1));
    assertThrows(ConfigurationException.class, () -> new Sgd(0f, -1f, 1));
    assertThrows(ConfigurationException.class, () -> new Sgd(Float.NaN, 0f, 1));
    assertThrows(ConfigurationException.class, () -> new Schedule.Constant(Float.NaN));
    assertThrows(ConfigurationException.class, () -> new Schedule.CosineWithWarmup(1f, 11, 10));
    assertThrows(ConfigurationException.class, () -> new Schedule.CosineWithWarmup(-1f, 0, 10));
  }
}
