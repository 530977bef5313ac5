package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.log.LogRecord;
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledWriterTest {
  @TempDir Path directory;

  private static Process start(Path log, long seed) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (flag.startsWith("--") && !flag.startsWith("--add-modules")) {
        command.add(flag);
      }
    }
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            KilledWriterMain.class.getName(),
            log.toString(),
            Long.toString(seed)));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  @Test
  void shouldReadEveryWholeRecordWhenTheWriterIsKilled() throws Exception {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int trial = 0; trial < 4; trial++) {
      Path log = directory.resolve(trial + ".0");
      Process writer = start(log, seed + trial);
      try (BufferedReader told = writer.inputReader(StandardCharsets.UTF_8)) {
        long written = killAfter(writer, told, 20 + random.nextInt(200));
        long found = read(log);
        assertTrue(
            found >= written, "seed " + seed + ": " + written + " told, " + found + " found");
        assertEquals(List.of(), ChronicleLogs.checkDigests(log), "seed " + seed);
      } finally {
        writer.destroyForcibly();
      }
    }
  }

  private static long killAfter(Process writer, BufferedReader told, int records) throws Exception {
    long written = 0;
    while (written < records) {
      String line = told.readLine();
      assertTrue(line != null && line.matches("\\d+"), "the writer said " + line);
      written = Long.parseLong(line);
    }
    writer.destroyForcibly();
    assertTrue(writer.waitFor(20, TimeUnit.SECONDS));
    return written;
  }

  private static long read(Path log) {
    long last = -1;
    try (ChronicleCursor cursor = ChronicleLogs.open(log)) {
      while (cursor.next()) {
        last = LogRecord.sequence(cursor.record());
      }
      assertNull(cursor.damage());
    }
    return last + 1;
  }
}
