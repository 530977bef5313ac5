package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointIntervalTest {
  @ParameterizedTest
  @CsvSource({
    "1ms, 1000000, 0",
    "30s, 30000000000, 0",
    "5m, 300000000000, 0",
    "999999999h, 3599999996400000000000, 0",
    "1000steps, 0, 1000"
  })
  void shouldReadTimeAndSteps(String text, double ns, double steps) {
    CheckpointInterval interval = CheckpointInterval.parse(text);
    assertEquals(Math.min(ns, Long.MAX_VALUE), interval.ns(), 1e-6 * ns);
    assertEquals(steps, interval.steps());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0s", "-1s", "5", "s", "1.5s", "5 s", "5S", "5d", "12345678901s", "1step"})
  void shouldRefuseWhatIsNoInterval(String text) {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> CheckpointInterval.parse(text));
    assertTrue(failure.getMessage().contains("'" + text + "'"), failure.getMessage());
  }

  @Test
  void shouldBeDueWhenTimeOrStepsHavePassed() {
    assertTrue(CheckpointInterval.parse("1ms").isDue(1_000_000, 0));
    assertFalse(CheckpointInterval.parse("1ms").isDue(999_999, 1e9));
    assertTrue(CheckpointInterval.parse("10steps").isDue(0, 10));
    assertFalse(CheckpointInterval.parse("10steps").isDue(Long.MAX_VALUE, 9.9));
    assertFalse(CheckpointInterval.NEVER.isDue(Long.MAX_VALUE, 1e18));
  }
}
