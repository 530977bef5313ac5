package dev.starling.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.engine.memory.Mappings;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/**
 * Fails every test that leaves mapped bytes, open regions, region files or engine threads behind.
 * Looks before the test's instance is made, so that fields count. Tests run one after another.
 */
public final class LeakCheck implements TestInstancePreConstructCallback, AfterEachCallback {
  private State before;

  @Override
  public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context)
      throws IOException {
    before = State.now();
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    assertEquals(before, State.now(), "the test left something behind");
  }

  private record State(
      long mappedBytes, Set<String> regionFiles, Set<String> openRegions, Set<String> threads) {
    static State now() throws IOException {
      Set<String> files = new TreeSet<>();
      String own = ProcessHandle.current().pid() + "";
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(Path.of("/dev/shm"), "starling-*")) {
        entries.forEach(entry -> files.add(entry.toString()));
      }
      Set<String> open = new TreeSet<>();
      try (DirectoryStream<Path> fds = Files.newDirectoryStream(Path.of("/proc", own, "fd"))) {
        for (Path fd : fds) {
          if (Files.isSymbolicLink(fd) && linkOf(fd).contains("/starling-")) {
            open.add(fd.getFileName() + " -> " + linkOf(fd));
          }
        }
      }
      files.removeIf(file -> open.stream().noneMatch(link -> link.contains(file)));
      Set<String> threads = new TreeSet<>();
      Thread.getAllStackTraces().keySet().stream()
          .map(Thread::getName)
          .filter(name -> name.startsWith("starling-"))
          .forEach(threads::add);
      return new State(Mappings.mappedBytes(), files, open, threads);
    }

    private static String linkOf(Path fd) {
      try {
        return Files.readSymbolicLink(fd).toString();
      } catch (IOException closedMeanwhile) {
        return "";
      }
    }
  }
}
