package dev.starling.bench.experiment;

import dev.starling.engine.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options of every experiment. */
final class ExperimentOptions {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "Directory of the experiment, missing or empty: rows.jsonl, report.html, and what every"
              + " run wrote. Default: starling-experiments/TIME-NAME here.")
  private Path out;

  @Option(
      names = "--quick",
      description =
          "Make everything so small that it ends within seconds: shows that it works, measures"
              + " nothing.")
  private boolean quick;

  @Option(names = "--dry-run", description = "Print the commands and run none of them.")
  private boolean dryRun;

  /** Created by picocli. */
  ExperimentOptions() {}

  boolean quick() {
    return quick;
  }

  boolean dryRun() {
    return dryRun;
  }

  /**
   * Names the directory without making it.
   *
   * @param experiment its name, part of a new directory's
   * @return the directory
   */
  Path directory(String experiment) {
    return out == null
        ? Path.of("starling-experiments")
            .resolve(LocalDateTime.now().format(TIME) + "-" + experiment)
        : out;
  }

  /**
   * Makes the directory.
   *
   * @param directory what {@link #directory} returned
   * @throws ConfigurationException when it holds something
   * @throws IOException when it cannot be made
   */
  static void make(Path directory) throws IOException {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new ConfigurationException(
          "--out=" + directory + " is a file: choose a directory that is missing or empty");
    }
    Files.createDirectories(directory);
    try (Stream<Path> entries = Files.list(directory)) {
      if (entries.findAny().isPresent()) {
        throw new ConfigurationException(
            "--out="
                + directory
                + " is not empty: choose another directory, or remove what is there");
      }
    }
  }
}
