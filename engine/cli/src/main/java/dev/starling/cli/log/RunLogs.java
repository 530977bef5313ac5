package dev.starling.cli.log;

import dev.starling.chronicle.ChronicleLogs;
import dev.starling.chronicle.LogDirectory;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Finds the logs of a run. */
final class RunLogs {
  private static final String LOG = "log";

  private RunLogs() {}

  /**
   * Finds the logs.
   *
   * @param directory a run directory, or the directory of its logs
   * @return at least one, sorted by rank, then by incarnation
   * @throws ConfigurationException when there are none
   */
  static List<LogDirectory> of(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new ConfigurationException(
          directory
              + (Files.exists(directory) ? " is no directory" : " does not exist")
              + ": give the --out of a run");
    }
    Path inRun = directory.resolve(LOG);
    List<LogDirectory> logs = ChronicleLogs.list(Files.isDirectory(inRun) ? inRun : directory);
    if (logs.isEmpty()) {
      throw new ConfigurationException(
          directory
              + " has no update log, neither in itself nor in "
              + inRun
              + ": give the --out of a run that kept one");
    }
    return logs;
  }

  /**
   * Measures logs on disk.
   *
   * @param logs the logs
   * @return the length of all their segments together, in bytes
   */
  static long fileBytes(List<LogDirectory> logs) {
    return logs.stream().mapToLong(RunLogs::fileBytes).sum();
  }

  /**
   * Measures a log on disk.
   *
   * @param log the log
   * @return the length of all its segments together, in bytes
   */
  static long fileBytes(LogDirectory log) {
    long bytes = 0;
    for (int segment : ChronicleLogs.segments(log.path())) {
      Path file = log.path().resolve(String.format(Locale.ROOT, "%08d.cq4", segment));
      try {
        bytes += Files.size(file);
      } catch (IOException failure) {
        throw new StarlingException(
            "measuring "
                + file
                + " failed ("
                + failure
                + "): make it readable, or try again when"
                + " the run drops no segments",
            failure);
      }
    }
    return bytes;
  }
}
