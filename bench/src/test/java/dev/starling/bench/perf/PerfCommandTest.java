package dev.starling.bench.perf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.bench.CommandRun;
import org.junit.jupiter.api.Test;

class PerfCommandTest {
  @Test
  void shouldBeACommandOfStarlingWhenTheModuleIsOnTheClassPath() {
    String help = CommandRun.of("--help").requireOk().out();
    assertTrue(help.contains("\n  perf "), help);
  }
}
