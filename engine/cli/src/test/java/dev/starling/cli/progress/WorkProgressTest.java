package dev.starling.cli.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WorkProgressTest {
  private static String shown(boolean interactive, long delayNs) {
    StringWriter err = new StringWriter();
    PrintWriter writer = new PrintWriter(err, true);
    Terminal terminal = new Terminal(writer, writer, interactive);
    try (WorkProgress progress = new WorkProgress(terminal, "log stat", 200, delayNs)) {
      progress.advance(50);
      progress.advance(100);
    }
    return err.toString();
  }

  @Test
  void shouldDrawNothingWhenNobodyWatches() {
    assertEquals("", shown(false, 0));
  }

  @Test
  void shouldDrawNothingWhenItIsQuick() {
    assertEquals("", shown(true, TimeUnit.HOURS.toNanos(1)));
  }

  @Test
  void shouldDrawABarAndTakeItAwayWhenItIsLong() {
    String shown = shown(true, 0);
    assertTrue(shown.contains("log stat  75 % [===="), shown);
    assertTrue(shown.endsWith(" \r"), "the line is left empty: " + shown.replace("\r", "<CR>"));
    assertEquals(-1, shown.indexOf('\n'), shown);
  }
}
