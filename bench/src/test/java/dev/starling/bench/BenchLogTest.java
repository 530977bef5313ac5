package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.chronicle.ChronicleLogs;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BenchLogTest {
  @Test
  void shouldKeepFewSegmentsWhenMuchIsAppendedAndLeaveNothingBehind() throws IOException {
    BenchLog log = new BenchLog();
    Latency latency = new Latency();
    log.open();
    Path directory = log.directory();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(16 << 20);
      for (int i = 0; i < 80; i++) {
        log.gradient(values);
        log.smallRecords(latency);
        log.trim();
        int segments = ChronicleLogs.segments(directory).size();
        assertTrue(segments <= 3, segments + " segments");
      }
    } finally {
      log.close();
    }
    assertFalse(latency.maxNs() == 0);
    assertFalse(Files.exists(directory.getParent()));
  }

  @Test
  void shouldTouchNewMemoryWhenTheMappingIsUsedUp() throws IOException {
    try (Scratch scratch = Scratch.create();
        Arena arena = Arena.ofConfined();
        FreshMapping mapping = new FreshMapping(scratch.directory().resolve("copy"), 8192)) {
      MemorySegment values = arena.allocate(4096);
      for (int i = 0; i < 5; i++) {
        mapping.prepare(4096);
        mapping.copy(values, 4096);
      }
      assertEquals(8192, Files.size(scratch.directory().resolve("copy")));
    }
  }
}
