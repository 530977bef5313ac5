package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds, opens and checks logs on disk. Keeps nothing: any thread may call. */
public final class ChronicleLogs {
  private static final Pattern NAME = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})");

  private ChronicleLogs() {}

  /**
   * Finds the logs of a run.
   *
   * @param logDirectory the directory that has their directories, named {@code RANK.INCARNATION}
   * @return sorted by rank, then by incarnation
   * @throws StarlingException when the directory cannot be read
   */
  public static List<LogDirectory> list(Path logDirectory) {
    List<LogDirectory> logs = new ArrayList<>();
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(logDirectory)) {
      for (Path path : paths) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (name.matches() && Files.isDirectory(path)) {
          int rank = Integer.parseInt(name.group(1));
          logs.add(new LogDirectory(rank, Integer.parseInt(name.group(2)), path));
        }
      }
    } catch (IOException failure) {
      throw new StarlingException(
          "listing the logs in "
              + logDirectory
              + " failed ("
              + failure
              + "): name the log directory of a run",
          failure);
    }
    logs.sort(
        Comparator.comparingInt(LogDirectory::rank).thenComparingInt(LogDirectory::incarnation));
    return logs;
  }

  /**
   * Finds the segments of a log.
   *
   * @param directory the log
   * @return their numbers, in order; a copy
   */
  public static NavigableSet<Integer> segments(Path directory) {
    return SegmentFiles.segments(directory);
  }

  /**
   * Opens a log at the oldest segment that is there.
   *
   * @param directory the log
   * @return a cursor before the first record, owned by the caller
   */
  public static ChronicleCursor open(Path directory) {
    NavigableSet<Integer> segments = SegmentFiles.segments(directory);
    return new ChronicleCursor(directory, segments.isEmpty() ? 0 : segments.first());
  }

  /**
   * Opens a log at a segment. Unless that is the first one of the log, the number of the first
   * record found is taken for right.
   *
   * @param directory the log
   * @param fromSegment the segment, counted from 0
   * @return a cursor before the segment's first record, owned by the caller
   */
  public static ChronicleCursor open(Path directory, int fromSegment) {
    return new ChronicleCursor(directory, fromSegment);
  }

  /**
   * Compares the segments that were ended in good order with what was noted of them then. Finds any
   * bit that changed, any cut and any segment that is gone, also where no record is. Segments of a
   * writer that was killed have no such note; the checksums of their records must do.
   *
   * @param directory the log
   * @return a sentence for each segment that is not as it was; empty when all are
   */
  public static List<String> checkDigests(Path directory) {
    List<String> damages = new ArrayList<>();
    for (int segment : SegmentFiles.digests(directory)) {
      String damage = SegmentDigest.check(directory, segment);
      if (damage != null) {
        damages.add(damage);
      }
    }
    return damages;
  }
}
