package dev.starling.rdma;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** Compiles {@code src/test/c} to a shared library below {@code target}, when it is out of date. */
final class FakeVerbsLibrary {
  private static final String NAME = "libfakeverbs.so";
  private static final long LIMIT_SECONDS = 120;
  private static final List<String> COMMAND =
      List.of(
          ("cc -shared -fPIC -O2 -g -std=gnu11 -Wall -Wextra -pthread"
                  + " -Wl,-Bsymbolic -Wl,-z,defs -o")
              .split(" "));

  private FakeVerbsLibrary() {}

  /**
   * Gives the library.
   *
   * @throws UnavailableException if this machine cannot compile it
   * @throws IllegalStateException if the sources do not compile
   */
  static Path build() throws UnavailableException {
    try {
      Path module = module();
      List<Path> sources = sources(module.resolve("src/test/c"));
      Path folder = Files.createDirectories(module.resolve("target/fakeverbs"));
      Path library = folder.resolve(NAME);
      if (!isNewer(library, sources)) {
        compile(sources, library);
      }
      return library;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while cc was compiling", interrupted);
    }
  }

  /** This module's folder, from where its test classes are. */
  private static Path module() {
    try {
      return Path.of(
              FakeVerbsLibrary.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent()
          .getParent();
    } catch (URISyntaxException notFile) {
      throw new IllegalStateException("the test classes are not in a folder", notFile);
    }
  }

  private static List<Path> sources(Path folder) throws IOException {
    TreeSet<Path> sources = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.{c,h}")) {
      files.forEach(sources::add);
    }
    return List.copyOf(sources);
  }

  private static boolean isNewer(Path library, List<Path> sources) throws IOException {
    if (!Files.exists(library)) {
      return false;
    }
    FileTime built = Files.getLastModifiedTime(library);
    for (Path source : sources) {
      if (built.compareTo(Files.getLastModifiedTime(source)) <= 0) {
        return false;
      }
    }
    return true;
  }

  /** Moves the finished library into place, as another JVM may be loading the one that is there. */
  private static void compile(List<Path> sources, Path library)
      throws IOException, InterruptedException, UnavailableException {
    for (String header : List.of("infiniband/verbs.h", "rdma/rdma_cma.h")) {
      if (!includes(header)) {
        throw new UnavailableException(
            "cc finds no <" + header + "> (Debian packages libibverbs-dev and librdmacm-dev)");
      }
    }
    Path made = Files.createTempFile(library.getParent(), "building-", ".so");
    try {
      List<String> command = new ArrayList<>(COMMAND);
      command.add(made.toString());
      sources.stream().map(Path::toString).filter(s -> s.endsWith(".c")).forEach(command::add);
      String messages = run(command, "");
      if (messages != null) {
        throw new IllegalStateException("cc refuses the fake verbs:\n" + messages);
      }
      Files.move(made, library, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(made);
    }
  }

  private static boolean includes(String header)
      throws IOException, InterruptedException, UnavailableException {
    return run(List.of("cc", "-fsyntax-only", "-x", "c", "-"), "#include <" + header + ">\n")
        == null;
  }

  /** What the command said, or null if it succeeded. */
  private static String run(List<String> command, String input)
      throws IOException, InterruptedException, UnavailableException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException notFound) {
      throw new UnavailableException("no C compiler 'cc' was found");
    }
    try {
      process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("cc did not end within " + LIMIT_SECONDS + " seconds");
      }
      return process.exitValue() == 0 ? null : output;
    } finally {
      process.destroyForcibly();
    }
  }

  /** A tool that this machine lacks; the message is a clause. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(String reason) {
      super(reason);
    }
  }
}
