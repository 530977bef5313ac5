package dev.starling.rdma.device;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The files in which Linux shows the machine: sysfs(5) and proc(5), or trees of the same shape.
 *
 * @param sys where sysfs is mounted
 * @param proc where proc is mounted
 */
public record SystemFiles(Path sys, Path proc) {
  /** Those of this machine. */
  public static final SystemFiles HOST = new SystemFiles(Path.of("/sys"), Path.of("/proc"));

  /** {@code mlx5_2} before {@code mlx5_10}. */
  static final Comparator<String> BY_NAME_AND_NUMBER =
      Comparator.comparing(SystemFiles::stem)
          .thenComparingInt(SystemFiles::trailingNumber)
          .thenComparing(Comparator.naturalOrder());

  /**
   * Returns where the kernel lists RDMA devices (Documentation/ABI/stable/sysfs-class-infiniband).
   *
   * @return a directory with an entry for each device; it is missing when no driver is loaded
   */
  public Path infiniband() {
    return sys.resolve("class/infiniband");
  }

  /**
   * Returns where the kernel lists PCI devices (Documentation/ABI/testing/sysfs-bus-pci).
   *
   * @return a directory with a link for each address
   */
  Path pciDevices() {
    return sys.resolve("bus/pci/devices");
  }

  /** What a file says without the line break; empty when the kernel has nothing to say. */
  static String text(Path file) {
    try {
      return Files.readString(file).trim();
    } catch (IOException unset) {
      // The kernel answers EINVAL for a table entry that is not set, and no file is the same.
      return "";
    }
  }

  /** A number that a file holds, or another one when it holds none. */
  static int number(Path file, int otherwise) {
    String text = text(file);
    return text.matches("-?[0-9]{1,9}") ? Integer.parseInt(text) : otherwise;
  }

  /** The entries of a directory by name and number; none when there is no such directory. */
  static List<Path> entries(Path directory) {
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
