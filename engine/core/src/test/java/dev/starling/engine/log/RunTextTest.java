package dev.starling.engine.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.replica.ReplicaLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunTextTest {
  private static final String WHERE = "log/2.0/00000000.cq4 at 300";

  @Test
  void shouldReadWhatItWrote() {
    ReplicaLayout layout = ReplicaLayout.ofStripes(4, 100, 7, 33);
    String text =
        new RunText()
            .put(RunText.FORMAT, LogRecord.FORMAT)
            .put(RunText.RANK, 2)
            .layout(layout)
            .put("note", "a=b, \u00e4")
            .put("empty", "")
            .toString();
    RunText read = RunText.parse(WHERE, text);
    assertEquals(text, read.toString());
    assertEquals("2", read.get(RunText.RANK));
    assertEquals("a=b, \u00e4", read.get("note"));
    assertEquals("", read.get("empty"));
    assertNull(read.get("nothing"));
    assertEquals(layout.stripes(), read.layout(WHERE).stripes());
    assertEquals(layout.parameterCount(), read.layout(WHERE).parameterCount());
    assertEquals(6, read.values().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"format=1\nnothing\n", "=1\n", "\n"})
  void shouldNameALineThatIsNone(String text) {
    StarlingException failure =
        assertThrows(StarlingException.class, () -> RunText.parse(WHERE, text));
    assertTrue(failure.getMessage().startsWith(WHERE + " has the line '"), failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"format=2\n", "format=\n", "rank=1\n", ""})
  void shouldRefuseAnotherFormat(String text) {
    StarlingException failure =
        assertThrows(StarlingException.class, () -> RunText.parse(WHERE, text));
    assertTrue(failure.getMessage().contains("but this version reads 1"), failure.getMessage());
  }

  @Test
  void shouldNameWhatIsMissing() {
    RunText text = RunText.parse(WHERE, "format=1\n");
    StarlingException failure =
        assertThrows(StarlingException.class, () -> text.require(WHERE, RunText.OPTIMIZER));
    assertEquals(WHERE + " says nothing of 'optimizer': restore the file", failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripes=", "stripes=0", "stripes=-5", "stripes=7,x", "workers=x"})
  void shouldNameAShapeThatIsNone(String line) {
    RunText text = RunText.parse(WHERE, "format=1\nworkers=2\nstripes=8\n" + line + "\n");
    StarlingException failure = assertThrows(StarlingException.class, () -> text.layout(WHERE));
    assertTrue(failure.getMessage().contains(WHERE), failure.getMessage());
  }

  @Test
  void shouldRefuseLinesThatCouldNotBeReadAgain() {
    RunText text = new RunText();
    assertThrows(IllegalArgumentException.class, () -> text.put("a=b", 1));
    assertThrows(IllegalArgumentException.class, () -> text.put("a\nb", 1));
    assertThrows(IllegalArgumentException.class, () -> text.put("a", "1\n2"));
  }

  @ParameterizedTest
  @EnumSource(GradientPayload.class)
  void shouldKnowEveryPayloadByNameAndCode(GradientPayload payload) {
    assertEquals(payload, GradientPayload.parse(payload.toString()));
    assertEquals(payload, GradientPayload.of(payload.code()));
    assertNull(GradientPayload.of(3));
    assertNull(GradientPayload.of(-1));
    assertThrows(ConfigurationException.class, () -> GradientPayload.parse("f16"));
  }
}
