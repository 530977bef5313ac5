package dev.starling.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableFileTest {
  @TempDir Path directory;

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(path -> path.getFileName().toString()).toList();
    }
  }

  private static String run(List<String> command) throws Exception {
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String told = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(child.waitFor(20, TimeUnit.SECONDS));
      return told + "exit " + child.exitValue();
    } finally {
      child.destroyForcibly();
    }
  }

  private String runInMount(String options) throws Exception {
    List<String> unshare = List.of("unshare", "--map-root-user", "--mount");
    List<String> probe = new ArrayList<>(unshare);
    probe.add("true");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/unshare")) && run(probe).equals("exit 0"));
    List<String> command = new ArrayList<>(unshare);
    command.addAll(
        List.of(
            "bash", "-c", "mount -t tmpfs -o \"$1\" none \"$2\" && shift 2 && exec \"$@\"", "-"));
    command.addAll(List.of(options, directory.toString()));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:-UsePerfData", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(FullDiskMain.class.getName(), directory.toString()));
    return run(command);
  }

  @Test
  void shouldSayInOneSentenceThatTheDiskIsFullAndLeaveNothing() throws Exception {
    String told = runInMount("size=1m");
    String[] lines = told.split("\n");
    assertEquals(3, lines.length, told);
    assertTrue(lines[0].startsWith("writing the checkpoint to " + directory), told);
    assertTrue(lines[0].contains("No space left on device"), told);
    assertTrue(lines[0].endsWith("free space there or choose another directory"), told);
    assertEquals("0 files", lines[1], told);
  }

  @Test
  void shouldSayInOneSentenceThatTheDirectoryIsReadOnlyAndLeaveNothing() throws Exception {
    String told = runInMount("ro");
    String[] lines = told.split("\n");
    assertEquals(3, lines.length, told);
    assertTrue(lines[0].startsWith("writing the checkpoint to " + directory), told);
    assertTrue(lines[0].contains("Read-only file system"), told);
    assertEquals("0 files", lines[1], told);
  }

  @Test
  void shouldSayWhereWhenTheDirectoryIsNotThere() {
    Path file = directory.resolve("none/file");
    StarlingException told =
        assertThrows(
            StarlingException.class, () -> DurableFile.write(file, "a test", output -> {}));
    assertTrue(told.getMessage().startsWith("writing a test to " + file), told.getMessage());
    assertEquals(0, told.getSuppressed().length);
  }

  @Test
  void shouldKeepTheOlderFileAndLeaveNothingElseWhenWritingFails() throws IOException {
    Path file = directory.resolve("file");
    Files.writeString(file, "older");
    IOException full = new IOException("No space left on device");
    StarlingException told =
        assertThrows(
            StarlingException.class,
            () ->
                DurableFile.write(
                    file,
                    "a test",
                    output -> {
                      output.write(ByteBuffer.wrap(new byte[100]));
                      throw full;
                    }));
    assertSame(full, told.getCause());
    IllegalStateException bug = new IllegalStateException("closed");
    assertSame(
        bug,
        assertThrows(
            IllegalStateException.class,
            () ->
                DurableFile.write(
                    file,
                    "a test",
                    output -> {
                      throw bug;
                    })));
    assertEquals("older", Files.readString(file));
    assertEquals(List.of("file"), names());
  }

  @Test
  void shouldCountAndSumWhatItWritesWhenItComesInPieces() throws IOException {
    Path file = directory.resolve("file");
    try (Arena arena = Arena.ofConfined()) {
      long lengthBytes = (3L << 20) + 17;
      MemorySegment memory = arena.allocate(lengthBytes + 5);
      for (long i = 0; i < memory.byteSize(); i++) {
        memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 >> 3));
      }
      DurableFile.Sum written =
          DurableFile.write(
              file,
              "a test",
              output -> {
                output.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                output.write(memory, 5, lengthBytes);
              });
      byte[] read = Files.readAllBytes(file);
      CRC32C crc = new CRC32C();
      crc.update(read);
      assertEquals(new DurableFile.Sum(read.length, (int) crc.getValue()), written);
      assertEquals(lengthBytes + 3, read.length);
      assertEquals(written, DurableFile.sum(file));
    }
    assertEquals(List.of("file"), names());
  }
}
