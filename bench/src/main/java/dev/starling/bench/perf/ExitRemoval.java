package dev.starling.bench.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Removes a file or a directory when a signal ends the process before its owner could. Whoever has
 * it mapped is not disturbed. Any thread.
 */
final class ExitRemoval implements AutoCloseable {
  private static final int ATTEMPTS = 100;

  private final Thread hook;

  /**
   * Begins to watch.
   *
   * @param path what to remove, with all that is in it
   */
  ExitRemoval(Path path) {
    hook = new Thread(() -> removeAtExit(path), "perf-removal");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private static void removeAtExit(Path path) {
    try {
      remove(path);
    } catch (IOException failure) {
      System.err.println("removing " + path + " failed (" + failure + "): remove it by hand");
    }
  }

  /**
   * Removes a file or a directory, also while its user goes on to make files in it.
   *
   * @param path what, with all that is in it; nothing happens when it is not there
   * @throws IOException when something cannot be removed
   */
  static void remove(Path path) throws IOException {
    for (int attempt = 1; Files.exists(path); attempt++) {
      try {
        removeOnce(path);
      } catch (DirectoryNotEmptyException | NoSuchFileException changed) {
        if (attempt == ATTEMPTS) {
          throw changed;
        }
      }
    }
  }

  private static void removeOnce(Path path) throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.walk(path)) {
      paths = all.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
    for (Path one : paths) {
      Files.deleteIfExists(one);
    }
  }

  /** Its owner has removed it: nothing is left to do. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      // The process ends already and the hook runs: what it removes is removed twice.
    }
  }
}
