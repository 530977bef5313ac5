package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A directory in /dev/shm for one test, so that its regions are not mixed up with those of other
 * processes, and run directories on disk. Fails the test that leaves a region or an open one
 * behind.
 */
public final class PrivateSharedMemory implements BeforeEachCallback, AfterEachCallback {
  private Path directory;
  private Path runs;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "cli-test-");
    runs = Files.createTempDirectory("starling-cli-test-");
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    List<Path> left = CommandRun.list(directory);
    delete(directory);
    delete(runs);
    assertEquals(List.of(), left, "regions left in shared memory");
    assertEquals(List.of(), openRegions(), "regions still open in this process");
  }

  public Path directory() {
    return directory;
  }

  /** A run directory that does not exist yet. */
  public Path run(String name) {
    return runs.resolve(name);
  }

  /**
   * The arguments of a small training run in this shared memory.
   *
   * @param more options that are added, or that take the place of those of a small run
   */
  public String[] train(String... more) {
    List<String> arguments = new ArrayList<>(List.of("train"));
    addUnless(more, arguments, "--directory", directory.toString());
    addUnless(more, arguments, "--out", run("run").toString());
    addUnless(more, arguments, "--generated-samples", "400");
    addUnless(more, arguments, "--model", "softmax");
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private static void addUnless(
      String[] given, List<String> arguments, String option, String value) {
    if (!List.of(given).contains(option)) {
      arguments.addAll(List.of(option, value));
    }
  }

  private List<String> openRegions() throws IOException {
    String prefix = directory.toString() + "/";
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.contains(prefix)).toList();
    }
  }

  private static void delete(Path directory) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(directory)) {
      paths = walk.sorted(java.util.Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
