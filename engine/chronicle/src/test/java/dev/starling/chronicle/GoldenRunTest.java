package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.log.LogRecord;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs of every format there has been are read, and replayed to the same bits, for ever. */
class GoldenRunTest {
  @TempDir Path directory;

  private static Stream<Arguments> everyRunOfEveryFormat() {
    return IntStream.rangeClosed(1, LogRecord.FORMAT)
        .boxed()
        .flatMap(format -> GoldenRun.NAMES.stream().map(name -> Arguments.of(format, name)));
  }

  @ParameterizedTest
  @MethodSource("everyRunOfEveryFormat")
  void shouldReplayARunToTheSameBitsWhenAnotherVersionRecordedIt(int format, String name)
      throws Exception {
    GoldenRun.unpack(format, name, directory);
    Map<String, String> expected = GoldenRun.expected(format, name);
    assertEquals("[]", expected.get("differences"));
    assertEquals(Integer.toString(format), expected.remove("format"));
    Map<String, String> found = GoldenRun.describe(directory);
    found.remove("format");
    assertEquals(expected, found);
    assertTrue(Integer.parseInt(found.get("sets-compared")) > 0);
  }
}
