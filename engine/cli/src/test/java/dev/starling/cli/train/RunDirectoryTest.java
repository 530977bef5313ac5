package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
  @TempDir private Path parent;

  private RunDirectory create() throws IOException {
    return RunDirectory.create(parent.resolve("run"), "train");
  }

  @Test
  void shouldWriteEveryLineAndReplaceFiles() throws IOException {
    try (RunDirectory directory = create()) {
      directory.log("first");
      directory.log("second");
      directory.write("stat.json", Map.of("state", "running"));
      directory.tryWrite("stat.json", Map.of("state", "finished"));
      assertEquals(Optional.empty(), directory.complaint());
      assertEquals(
          List.of("first", "second"), Files.readAllLines(directory.path().resolve("train.log")));
      assertTrue(Files.readString(directory.path().resolve("stat.json")).contains("finished"));
    }
  }

  @Test
  void shouldGoOnAndComplainOnceWhenTheLogCannotBeWritten() throws IOException {
    RunDirectory directory = create();
    directory.close();
    directory.log("a late line of a worker");
    directory.log("another");
    String complaint = directory.complaint().orElseThrow();
    assertTrue(complaint.contains(directory.path().resolve("train.log").toString()), complaint);
    assertTrue(complaint.contains("the run goes on without"), complaint);
    directory.log("a third");
    assertEquals(Optional.empty(), directory.complaint());
  }

  @Test
  void shouldGoOnWhenTheCountersCannotBeSavedButFailWhenTheResultCannot() throws IOException {
    try (RunDirectory directory = create()) {
      // A folder that is not empty cannot be replaced by a file, not even by root.
      Files.createDirectories(directory.path().resolve("stat.json").resolve("in the way"));
      directory.tryWrite("stat.json", Map.of("state", "running"));
      String complaint = directory.complaint().orElseThrow();
      assertTrue(complaint.contains("stat.json"), complaint);
      StarlingException failure =
          assertThrows(
              StarlingException.class, () -> directory.write("stat.json", Map.of("state", "x")));
      assertTrue(
          failure.getMessage().contains(directory.path().resolve("stat.json").toString()),
          failure.getMessage());
      assertFalse(Files.exists(directory.path().resolve("stat.json.new")), "half-written");
    }
  }
}
