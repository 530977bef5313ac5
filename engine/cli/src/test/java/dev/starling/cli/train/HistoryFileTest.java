package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFileTest {
  @TempDir private Path temporary;

  private static Map<String, Object> line(double seconds, Double accuracy, int workers) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("seconds", seconds);
    line.put("accuracy", accuracy);
    line.put("stepsPerWorker", new long[workers]);
    return line;
  }

  private static long write(HistoryFile file, int ticks, int accuracyEvery, int workers) {
    long written = 0;
    for (int tick = 0; tick < ticks; tick++) {
      double seconds = tick * HistoryFile.INTERVAL_SECONDS;
      if (file.isDue(seconds)) {
        boolean isEvaluated = tick % accuracyEvery == 0;
        file.add(seconds, line(seconds, isEvaluated ? (Double) 0.5 : null, workers));
        written++;
      }
    }
    return written;
  }

  @Test
  void shouldStayBoundedAndCoverTheWholeRunWhenItIsLong() throws IOException {
    Path path = temporary.resolve("run");
    try (RunDirectory directory = RunDirectory.create(path, "test")) {
      write(new HistoryFile(directory), 100_000, 8, 4);
      List<JsonNode> lines = HistoryFile.read(path);
      assertTrue(lines.size() > 400 && lines.size() <= HistoryFile.MAX_LINES, lines.size() + "");
      assertEquals(0, lines.getFirst().path("seconds").asDouble());
      double end = 100_000 * HistoryFile.INTERVAL_SECONDS;
      assertTrue(lines.getLast().path("seconds").asDouble() > 0.99 * end, lines.getLast() + "");
      assertTrue(directory.complaint().isEmpty());
    }
  }

  @Test
  void shouldKeepAccuraciesWhenLinesAreDropped() throws IOException {
    Path path = temporary.resolve("run");
    try (RunDirectory directory = RunDirectory.create(path, "test")) {
      write(new HistoryFile(directory), HistoryFile.MAX_LINES + 1, 8, 1);
      List<JsonNode> lines = HistoryFile.read(path);
      assertTrue(lines.size() <= HistoryFile.MAX_LINES / 2 + 2, lines.size() + " lines");
      long accuracies = lines.stream().filter(line -> line.path("accuracy").isNumber()).count();
      assertEquals(HistoryFile.MAX_LINES / 8 + 1, accuracies);
    }
  }

  @Test
  void shouldStaySmallWhenLinesAreLong() throws IOException {
    Path path = temporary.resolve("run");
    try (RunDirectory directory = RunDirectory.create(path, "test")) {
      write(new HistoryFile(directory), 4000, 8, 4000);
      long bytes = Files.size(path.resolve(HistoryFile.NAME));
      assertTrue(bytes < HistoryFile.MAX_CHARACTERS + 100_000, bytes + " bytes");
    }
  }

  @Test
  void shouldGoOnAfterTheLastWholeLineWhenTheRunWasKilled() throws IOException {
    Path path = temporary.resolve("run");
    try (RunDirectory directory = RunDirectory.create(path, "test")) {
      write(new HistoryFile(directory), 5, 8, 2);
    }
    Path file = path.resolve(HistoryFile.NAME);
    Files.writeString(file, "{\"seconds\":9,\"stepsPer", StandardOpenOption.APPEND);
    assertEquals(5, HistoryFile.read(path).size());
    Files.writeString(path.resolve(RunDirectory.CONFIG), "{}");
    try (RunDirectory directory = RunDirectory.reopen(path)) {
      HistoryFile again = new HistoryFile(directory);
      assertEquals(1.0, again.earlierSeconds());
      again.add(0.25, line(1.25, null, 2));
    }
    assertEquals(6, HistoryFile.read(path).size());
    assertFalse(Files.readString(file).contains("stepsPer\n"), "the cut off line is gone");
    assertEquals(6, Files.readAllLines(file).size());
  }

  @Test
  void shouldComplainOnceAndGoOnWhenItCannotBeWritten() throws IOException {
    Path path = temporary.resolve("run");
    try (RunDirectory directory = RunDirectory.create(path, "test")) {
      Files.createDirectories(path.resolve(HistoryFile.NAME).resolve("in-the-way"));
      HistoryFile file = new HistoryFile(directory);
      file.add(0, line(0, null, 1));
      file.add(1, line(1, null, 1));
      assertTrue(directory.complaint().orElseThrow().contains(HistoryFile.NAME));
      assertTrue(directory.complaint().isEmpty());
    }
  }
}
