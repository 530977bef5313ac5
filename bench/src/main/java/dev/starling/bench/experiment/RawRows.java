package dev.starling.bench.experiment;

import dev.starling.cli.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/** The file {@code rows.jsonl}: a line for each run, written as soon as it has ended. */
final class RawRows implements AutoCloseable {
  static final String FILE = "rows.jsonl";

  private final BufferedWriter lines;
  private final String experiment;
  private final Map<String, Object> environment;

  /**
   * Makes the file.
   *
   * @param directory where
   * @param experiment the experiment's name
   * @throws IOException when that is impossible
   */
  RawRows(Path directory, String experiment) throws IOException {
    this.experiment = experiment;
    environment = Environment.here();
    lines = Files.newBufferedWriter(directory.resolve(FILE));
  }

  /**
   * Adds a run.
   *
   * @param outcome the run
   * @param row what the experiment tells of it
   * @throws IOException when it cannot be written
   */
  void add(RunOutcome outcome, Row row) throws IOException {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("experiment", experiment);
    line.put("run", outcome.spec().name());
    line.put("reference", outcome.spec().reference());
    line.putAll(row.map());
    line.put("seed", outcome.spec().seed());
    line.put("time", OffsetDateTime.now().toString());
    line.put("wallSeconds", outcome.wallSeconds());
    line.put("cpuBusy", Json.number(outcome.cpuBusy()));
    line.put("command", outcome.command());
    line.put("environment", environment);
    line.put("result", outcome.hasFailed() ? null : outcome.result());
    lines.write(Json.line(line));
    lines.newLine();
    lines.flush();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
