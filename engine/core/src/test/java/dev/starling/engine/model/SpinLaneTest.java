package dev.starling.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class SpinLaneTest {
  @TempDir private Path folder;

  @Test
  void shouldSkipWithTheReasonWhenACommandIsMissing() throws Exception {
    command("spin");
    TestAbortedException skipped =
        assertThrows(
            TestAbortedException.class, () -> SpinLane.enter(folder.toString(), "verbs,cc"));
    assertTrue(
        skipped.getMessage().contains("Lane 'spin' is skipped because no command cc is on"),
        skipped.getMessage());
  }

  @Test
  void shouldFailWhenTheLaneIsRequiredAndSpinIsMissing() throws Exception {
    command("cc");
    AssertionFailedError failed =
        assertThrows(
            AssertionFailedError.class, () -> SpinLane.enter(folder.toString(), "cc, spin"));
    assertEquals(
        "Lane 'spin' is required by STARLING_REQUIRED_LANES but no command spin is on the PATH"
            + " (install the Debian packages spin and gcc).",
        failed.getMessage());
  }

  @Test
  void shouldGoOnWhenBothCommandsAreThere() throws Exception {
    command("spin");
    command("cc");
    SpinLane.enter("/nowhere" + File.pathSeparator + folder, "spin");
  }

  private void command(String name) throws Exception {
    Files.createFile(
        folder.resolve(name),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }
}
