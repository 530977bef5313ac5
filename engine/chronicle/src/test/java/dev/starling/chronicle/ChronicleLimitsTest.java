package dev.starling.chronicle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import dev.starling.engine.log.LogFullException;
import dev.starling.engine.log.LogRecord;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChronicleLimitsTest {
  @TempDir Path directory;

  private static ChronicleLogContext small() {
    return new ChronicleLogContext()
        .blockBytes(1 << 20)
        .segmentBytes(1 << 20)
        .reserveBytes(1 << 16);
  }

  private static int count(Path log) {
    int count = 0;
    try (ChronicleCursor cursor = ChronicleLogs.open(log)) {
      while (cursor.next()) {
        count++;
      }
      assertNull(cursor.damage());
    }
    assertEquals(List.of(), ChronicleLogs.checkDigests(log));
    return count;
  }

  private static LogFullException fill(ChronicleLog log, TestRecords records) {
    return assertThrows(
        LogFullException.class,
        () -> {
          for (; ; ) {
            if (log.isSegmentFull()) {
              log.roll();
            }
            records.append(log, 40_000);
          }
        });
  }

  private static long bytes(Path directory, String suffix) throws IOException {
    long sum = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(suffix)).toList()) {
        sum += Files.size(file);
      }
    }
    return sum;
  }

  @Test
  void shouldStayInItsBudgetAndStillTakeTheLastRecord() throws IOException {
    long budget = 5L << 20;
    Path log = directory.resolve("0.0");
    long written;
    try (ChronicleLog sink = ChronicleLog.create(log, small().budgetBytes(budget));
        TestRecords records = new TestRecords(1)) {
      LogFullException full = fill(sink, records);
      assertTrue(full.getMessage().contains("its budget of " + budget), full.getMessage());
      long before = records.sequence();
      assertThrows(LogFullException.class, () -> records.append(sink, 40_000));
      sink.useReserve();
      records.append(sink, 4096);
      written = before + 1;
    }
    assertEquals(written, count(log));
    assertTrue(bytes(log, ".cq4") <= budget, "files have " + bytes(log, ".cq4"));
    assertTrue(bytes(log, ".cq4") > budget - (3 << 16), "files have " + bytes(log, ".cq4"));
  }

  @Test
  void shouldGoOnWhenOldSegmentsAreDropped() throws IOException {
    try (ChronicleLog log = ChronicleLog.create(directory, small().budgetBytes(5 << 20));
        TestRecords records = new TestRecords(1)) {
      for (int round = 0; round < 5; round++) {
        fill(log, records);
        long kept = bytes(directory, ".cq4");
        long freed = log.dropBefore(log.segment());
        assertTrue(freed > 3 << 20 && freed <= kept, freed + " of " + kept);
        assertEquals(log.segment(), ChronicleLogs.segments(directory).first());
      }
      assertEquals(0, log.dropBefore(log.segment()));
      try (ChronicleCursor cursor = ChronicleLogs.open(directory)) {
        assertTrue(cursor.next(), cursor::damage);
        assertEquals(log.segment(), cursor.segment());
      }
    }
  }

  @Test
  void shouldLeaveNoHalfNoteWhenASegmentCannotBeSealed() throws IOException {
    ChronicleLog log = ChronicleLog.create(directory, small());
    try (TestRecords records = new TestRecords(1)) {
      records.append(log, 4096);
      // A folder that is not empty cannot be replaced by a file, not even by root.
      Path note = SegmentFiles.digest(directory, log.segment());
      Files.createDirectories(note.resolve("in the way"));
      assertThrows(StarlingException.class, log::close);
      assertFalse(Files.exists(note.resolveSibling(note.getFileName() + ".new")), "half-written");
    }
  }

  @Test
  void shouldRefuseARecordThatIsTooLong() {
    try (ChronicleLog log = ChronicleLog.create(directory, small());
        TestRecords records = new TestRecords(1)) {
      assertThrows(IllegalArgumentException.class, () -> records.append(log, (1 << 18) + 8));
      records.append(log, 1 << 18);
    }
    assertEquals(1, count(directory));
  }

  @Test
  void shouldNameOptionAndRangeWhenTheContextIsWrong() {
    ConfigurationException wrong =
        assertThrows(
            ConfigurationException.class,
            () -> ChronicleLog.create(directory, new ChronicleLogContext().blockBytes(4096)));
    assertTrue(wrong.getMessage().contains("block of the log in bytes=4096"), wrong.getMessage());
  }

  @Test
  void shouldForceAndSealWhenForcingIsOn() {
    try (ChronicleLog log = ChronicleLog.create(directory, small().forceIntervalMs(1));
        TestRecords records = new TestRecords(1)) {
      for (int i = 0; i < 200; i++) {
        if (log.isSegmentFull()) {
          log.roll();
        }
        records.append(log, 40_000);
      }
    }
    assertEquals(200, count(directory));
    assertEquals(
        SegmentFiles.segments(directory), SegmentFiles.digests(directory), "all are sealed");
  }

  @Test
  void shouldAllocateNothingPerRecord() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().threadId();
    ChronicleLogContext context = new ChronicleLogContext().segmentBytes(1L << 30);
    try (ChronicleLog log = ChronicleLog.create(directory, context);
        RawRecord record = new RawRecord(256)) {
      int count = 100_000;
      for (int i = 0; i < count; i++) {
        record.append(log);
      }
      long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < count; i++) {
        record.append(log);
      }
      long allocated = threads.getThreadAllocatedBytes(thread) - before;
      assertTrue(allocated < count / 10, allocated + " bytes for " + count + " records");
    }
  }

  @Test
  void shouldHaveNothingThatReportsUsage() {
    assertThrows(
        ClassNotFoundException.class,
        () -> Class.forName("net.openhft.chronicle.analytics.Analytics"));
    ChronicleLog.create(directory, small()).close();
    assertEquals("true", System.getProperty("chronicle.analytics.disable"));
    assertEquals("true", System.getProperty("chronicle.announcer.disable"));
    assertFalse(
        Files.exists(Path.of(System.getProperty("user.home"), ".chronicle.analytics.client.id")));
  }

  @Test
  void shouldSayThatTheDiskIsFullAndKeepWhatIsThere() throws IOException {
    Path log = directory.resolve("mounted/0.0");
    long written;
    try (Mount mount = Mount.tmpfs(directory.resolve("mounted"), "size=3m")) {
      assumeTrue(mount.isThere(), "a tmpfs cannot be mounted here: run as root");
      try (ChronicleLog sink = ChronicleLog.create(log, small());
          TestRecords records = new TestRecords(1)) {
        LogFullException full = fill(sink, records);
        assertTrue(full.getMessage().contains("is full"), full.getMessage());
        sink.useReserve();
        records.append(sink, 4096);
        written = records.sequence();
        assertTrue(written > 40, "records " + written);
      }
      assertEquals(written, count(log));
    }
  }

  @Test
  void shouldSayInOneSentenceThatTheDirectoryCannotBeWritten() throws IOException {
    try (Mount mount = Mount.tmpfs(directory.resolve("mounted"), "size=3m,ro")) {
      assumeTrue(mount.isThere(), "a tmpfs cannot be mounted here: run as root");
      StarlingException refused =
          assertThrows(
              StarlingException.class,
              () -> ChronicleLog.create(directory.resolve("mounted"), small()));
      assertTrue(
          refused.getMessage().contains("EROFS") && refused.getMessage().contains("mounted"),
          refused.getMessage());
    }
  }

  @Test
  void shouldListLogsByRankAndIncarnation() throws IOException {
    for (String name : List.of("10.0", "2.1", "2.0", "other", "3.x")) {
      Files.createDirectories(directory.resolve(name));
    }
    assertEquals(
        List.of("2.0", "2.1", "10.0"),
        ChronicleLogs.list(directory).stream()
            .map(log -> log.rank() + "." + log.incarnation())
            .toList());
  }

  /** One record that is appended over and over; no reader would take it. */
  private static final class RawRecord implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes;

    RawRecord(int lengthBytes) {
      bytes = arena.allocate(lengthBytes, 8);
    }

    void append(ChronicleLog log) {
      log.append(
          bytes,
          LogRecord.HEADER_BYTES,
          bytes,
          LogRecord.HEADER_BYTES,
          bytes.byteSize() - LogRecord.HEADER_BYTES);
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  /** A file system of a few MiB, where this user may mount one. */
  private record Mount(Path path, boolean isThere) implements AutoCloseable {
    static Mount tmpfs(Path path, String options) throws IOException {
      Files.createDirectories(path);
      return new Mount(path, run("mount", "-t", "tmpfs", "-o", options, "none", path.toString()));
    }

    private static boolean run(String... command) {
      Process process = null;
      try {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), told);
        return process.exitValue() == 0;
      } catch (IOException noSuchProgram) {
        return false;
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
        throw new AssertionError(stop);
      } finally {
        if (process != null) {
          process.destroyForcibly();
        }
      }
    }

    @Override
    public void close() {
      if (isThere) {
        assertTrue(run("umount", "-l", path.toString()), "unmounting " + path);
      }
    }
  }
}
