package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProgressDisplayTest {
  private static final Progress HALF =
      new Progress(10, 5_000, 10_000, 7.5, 0.25, 0.9625, 1_000, 800, 81.4, 0);

  private static String shown(boolean interactive) {
    StringWriter err = new StringWriter();
    PrintWriter writer = new PrintWriter(err, true);
    try (ProgressDisplay display =
        ProgressDisplay.on(new Terminal(writer, writer, interactive), "train", 10_000)) {
      display.show(HALF);
    }
    return err.toString();
  }

  @Test
  void shouldPrintAPlainLineWhenThereIsNoTerminal() {
    assertEquals(
        "  10.0 s   50.0 %  epoch 7.50  step 1000  loss 0.2500  accuracy 96.25 %  81 exchanges/s\n",
        shown(false));
  }

  @Test
  void shouldRedrawOneLineWithBarAndTimeLeftWhenThereIsATerminal() {
    String shown = shown(true);
    assertEquals(0, shown.strip().chars().filter(c -> c == '\n').count(), shown);
    String last = shown.substring(shown.lastIndexOf('\r') + 1);
    for (String part :
        new String[] {"train  50 % [====", " left", "loss 0.2500", "acc 96.25 %", "81 exch/s"}) {
      assertTrue(last.contains(part), () -> part + " is missing in: " + last);
    }
  }

  @Test
  void shouldLeaveOutTheAccuracyAndNameRefusalsWhenSo() {
    Progress refused = new Progress(1, 1, 10, 0.1, Double.NaN, Double.NaN, 3, 0, 0, 2);
    assertFalse(refused.toLine().contains("accuracy"), refused.toLine());
    assertTrue(refused.toLine().endsWith("2 gradients refused"), refused.toLine());
  }

  @Test
  void shouldKeepWhatItTellsOnALineOfItsOwn() {
    for (boolean interactive : new boolean[] {false, true}) {
      StringWriter err = new StringWriter();
      PrintWriter writer = new PrintWriter(err, true);
      ProgressDisplay display =
          ProgressDisplay.on(new Terminal(writer, writer, interactive), "train", 10_000);
      display.show(HALF);
      display.tell("rank 2 was lost");
      display.close();
      int ended = err.toString().length();
      display.close();
      assertEquals(ended, err.toString().length(), "closing twice");
      display.tell("rank 3 was lost");
      for (String line : new String[] {"rank 2 was lost", "rank 3 was lost"}) {
        assertTrue(
            err.toString().lines().anyMatch(l -> l.substring(l.lastIndexOf('\r') + 1).equals(line)),
            err.toString());
      }
    }
  }
}
