package dev.starling.cuda;

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

/**
 * Compiles {@code src/test/cuda} with the kernels of {@code src/main/cuda} to a shared library
 * below {@code target}, when it is out of date.
 */
final class FakeCudaLibrary {
  /** The kernels are compiled apart, with a call before every access to memory. */
  private static final String KERNELS = "fake_kernels.cpp";

  private static final String NAME = "libfakecuda.so";
  private static final long LIMIT_SECONDS = 120;
  private static final List<String> COMPILE =
      words("c++ -std=c++17 -O2 -g -fPIC -fvisibility=hidden -Wall -Werror -U_FORTIFY_SOURCE");
  private static final List<String> WATCHED =
      words(
          "-c -Wno-unknown-pragmas -fno-tree-vectorize -ffp-contract=off -fno-strict-aliasing"
              + " -fsanitize=kernel-address --param asan-instrumentation-with-call-threshold=0"
              + " --param asan-stack=0 --param asan-globals=0");
  private static final List<String> LINK =
      words("-Wextra -Wno-missing-field-initializers -shared -Wl,-soname,libcuda.so.1 -Wl,-z,defs");

  private FakeCudaLibrary() {}

  private static List<String> words(String line) {
    return List.of(line.split(" "));
  }

  /**
   * Gives the library.
   *
   * @throws UnavailableException if this machine cannot compile it
   * @throws IllegalStateException if the sources do not compile
   */
  static Path build() throws UnavailableException {
    try {
      Path module = module();
      Path folder = Files.createDirectories(module.resolve("target/fakecuda"));
      Path library = folder.resolve(NAME);
      TreeSet<Path> sources = files(module.resolve("src/test/cuda"));
      TreeSet<Path> kernels = files(module.resolve("src/main/cuda"));
      if (!isNewer(library, sources) || !isNewer(library, kernels)) {
        compile(module, sources, library);
      }
      return library;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while c++ was compiling", interrupted);
    }
  }

  /** This module's folder, from where its test classes are. */
  private static Path module() {
    try {
      return Path.of(
              FakeCudaLibrary.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent()
          .getParent();
    } catch (URISyntaxException notFile) {
      throw new IllegalStateException("the test classes are not in a folder", notFile);
    }
  }

  private static TreeSet<Path> files(Path folder) throws IOException {
    TreeSet<Path> files = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      all.forEach(files::add);
    }
    return files;
  }

  private static boolean isNewer(Path library, Iterable<Path> sources) throws IOException {
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
  private static void compile(Path module, TreeSet<Path> sources, Path library)
      throws IOException, InterruptedException, UnavailableException {
    Path made = Files.createTempFile(library.getParent(), "building-", ".so");
    Path object = Files.createTempFile(library.getParent(), "kernels-", ".o");
    Path test = module.resolve("src/test/cuda");
    try {
      List<String> kernels = new ArrayList<>(COMPILE);
      kernels.addAll(WATCHED);
      kernels.addAll(List.of("-include", test.resolve("cpu.h").toString()));
      kernels.addAll(List.of("-I", module.resolve("src/main/cuda").toString()));
      kernels.addAll(List.of("-o", object.toString(), test.resolve(KERNELS).toString()));
      run(kernels);
      List<String> driver = new ArrayList<>(COMPILE);
      driver.addAll(LINK);
      driver.addAll(List.of("-o", made.toString(), object.toString()));
      sources.stream()
          .map(Path::toString)
          .filter(s -> s.endsWith(".cpp") && !s.endsWith(KERNELS))
          .forEach(driver::add);
      run(driver);
      Files.move(made, library, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(made);
      Files.deleteIfExists(object);
    }
  }

  private static void run(List<String> command)
      throws IOException, InterruptedException, UnavailableException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException notFound) {
      throw new UnavailableException("no C++ compiler 'c++' was found");
    }
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException("c++ did not end within " + LIMIT_SECONDS + " seconds");
      }
      if (process.exitValue() != 0) {
        throw new IllegalStateException("c++ refuses the fake CUDA driver:\n" + output);
      }
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
