package dev.starling.engine.health;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The files in which Linux shows the machine: sysfs(5), proc(5) and devices.
 *
 * @param root the root of the file system, or of a tree of the same shape
 */
public record SystemFiles(Path root) {
  /** Those of this machine. */
  public static final SystemFiles HOST = new SystemFiles(Path.of("/"));

  /** {@code mlx5_2} before {@code mlx5_10}. */
  private static final Comparator<String> BY_NAME_AND_NUMBER =
      Comparator.comparing(SystemFiles::stem)
          .thenComparingInt(SystemFiles::trailingNumber)
          .thenComparing(Comparator.naturalOrder());

  /**
   * Returns what the kernel shows of its devices.
   *
   * @param path relative to {@code /sys}
   * @return the path of a file that may be missing
   */
  public Path sys(String path) {
    return root.resolve("sys").resolve(path);
  }

  /**
   * Returns what the kernel shows of processes and of itself.
   *
   * @param path relative to {@code /proc}
   * @return the path of a file that may be missing
   */
  public Path proc(String path) {
    return root.resolve("proc").resolve(path);
  }

  /**
   * Returns a device.
   *
   * @param path relative to {@code /dev}
   * @return the path of a file that may be missing
   */
  public Path dev(String path) {
    return root.resolve("dev").resolve(path);
  }

  /**
   * Reads a file.
   *
   * @param file its path
   * @return what it says, without blanks around it; empty when it is missing or the kernel has
   *     nothing to say
   */
  public static String text(Path file) {
    try {
      return Files.readString(file).trim();
    } catch (IOException unset) {
      // The kernel answers EINVAL for a table entry that is not set, and no file is the same.
      return "";
    }
  }

  /**
   * Reads a file that holds a decimal number.
   *
   * @param file its path
   * @param otherwise what to return when there is no number in it
   * @return the number
   */
  public static int number(Path file, int otherwise) {
    String text = text(file);
    return text.matches("-?[0-9]{1,9}") ? Integer.parseInt(text) : otherwise;
  }

  /**
   * Lists a directory.
   *
   * @param directory its path
   * @return its entries by name, trailing numbers as numbers; none when there is no such directory
   * @throws StarlingException if it cannot be read
   */
  public static List<Path> entries(Path directory) {
    List<Path> entries = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
        stream.forEach(entries::add);
      } catch (IOException failure) {
        throw new StarlingException(
            "listing %s failed (%s): check that it is mounted and that this user may read it"
                .formatted(directory, failure.getMessage()),
            failure);
      }
    }
    entries.sort(Comparator.comparing(entry -> entry.getFileName().toString(), BY_NAME_AND_NUMBER));
    return entries;
  }

  private static String stem(String name) {
    return name.replaceAll("[0-9]+$", "");
  }

  private static int trailingNumber(String name) {
    String digits = name.substring(stem(name).length());
    return digits.isEmpty() || digits.length() > 9 ? -1 : Integer.parseInt(digits);
  }
}
