package dev.starling.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A new directory on the memory file system, removed with all that is in it. Its name does not
 * begin as the engine's regions there do.
 */
record Scratch(Path directory) implements AutoCloseable {
  private static final Path PARENT = Path.of("/dev/shm");

  /**
   * Creates the directory.
   *
   * @throws IOException when that fails
   */
  static Scratch create() throws IOException {
    return new Scratch(Files.createTempDirectory(PARENT, "bench-"));
  }

  @Override
  public void close() throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.walk(directory)) {
      paths = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }
}
