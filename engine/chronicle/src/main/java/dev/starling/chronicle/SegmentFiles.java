package dev.starling.chronicle;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names in a log's directory. */
final class SegmentFiles {
  private static final Pattern SEGMENT = Pattern.compile("(\\d{8,9})\\.cq4");
  private static final Pattern DIGEST = Pattern.compile("(\\d{8,9})\\.crc");

  private SegmentFiles() {}

  /** Names the file of a segment. */
  static Path segment(Path directory, int segment) {
    return directory.resolve("%08d.cq4".formatted(segment));
  }

  /** Names the file that seals a segment. */
  static Path digest(Path directory, int segment) {
    return directory.resolve("%08d.crc".formatted(segment));
  }

  /** Names the file that Chronicle will make the next segment. */
  static Path prepared(Path directory, int segment) {
    return directory.resolve("%08d.precreated".formatted(segment));
  }

  /** Finds the segments of a log. */
  static NavigableSet<Integer> segments(Path directory) {
    return numbers(directory, SEGMENT);
  }

  /** Finds the segments of a log that were sealed. */
  static NavigableSet<Integer> digests(Path directory) {
    return numbers(directory, DIGEST);
  }

  private static NavigableSet<Integer> numbers(Path directory, Pattern pattern) {
    NavigableSet<Integer> numbers = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        Matcher matcher = pattern.matcher(file.getFileName().toString());
        if (matcher.matches()) {
          numbers.add(Integer.parseInt(matcher.group(1)));
        }
      }
      return numbers;
    } catch (IOException failure) {
      throw new StarlingException(
          "listing the log "
              + directory
              + " failed ("
              + failure
              + "): name a directory that holds a log and can be read",
          failure);
    }
  }
}
