package dev.starling.engine.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** FORMAT.md says what the code does, as far as that can be compared cheaply. */
class FormatDocumentTest {
  private final String text = read();
  private final List<String> lines = text.lines().toList();

  private static String read() {
    try {
      return Files.readString(Path.of("src/main/java/dev/starling/engine/log/FORMAT.md"));
    } catch (IOException failure) {
      throw new AssertionError("run from engine/core", failure);
    }
  }

  @Test
  void shouldNameEveryKindWithItsCode() {
    for (RecordKind kind : RecordKind.values()) {
      String row = "| `" + kind + "` | " + kind.code() + " | ";
      assertEquals(1, lines.stream().filter(line -> line.startsWith(row)).count(), row);
    }
    long rows = lines.stream().filter(line -> line.matches("\\| `[A-Z]+` \\| \\d+ \\|.*")).count();
    assertEquals(RecordKind.values().length, rows, "rows of kinds");
  }

  @Test
  void shouldNameFormatLengthsAndPayloads() {
    assertTrue(lines.getFirst().endsWith("format " + LogRecord.FORMAT), lines.getFirst());
    assertTrue(text.contains("The header has " + LogRecord.HEADER_BYTES + " bytes."));
    assertTrue(text.contains("at most " + LogRecord.MAX_LENGTH_BYTES + " bytes in all"));
    for (GradientPayload payload : GradientPayload.values()) {
      assertTrue(text.contains(payload.code() + " `" + payload + "`"), payload.toString());
    }
    for (String flag : List.of("CONTINUED", "WITH_UPDATE", "UNCERTAIN", "BROKEN")) {
      assertTrue(text.contains("| `" + flag + "`"), flag);
    }
  }

  @Test
  void shouldNameEveryKeyThatReplayNeeds() {
    for (String key :
        List.of(
            RunText.FORMAT,
            RunText.RANK,
            RunText.INCARNATION,
            RunText.WORKERS,
            RunText.STRIPES,
            RunText.OPTIMIZER,
            RunText.PAYLOAD)) {
      assertTrue(text.contains("`" + key.toLowerCase(Locale.ROOT) + "`"), key);
    }
  }
}
