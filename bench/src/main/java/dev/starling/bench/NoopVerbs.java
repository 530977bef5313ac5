package dev.starling.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The device of {@code rdma}'s tests, compiled with gcc and loaded in place of libibverbs and
 * librdmacm. Its no-op mode does nothing with what is posted but to remember that it has to
 * complete, so that what is measured is the caller.
 */
final class NoopVerbs {
  /** The device, and the index of an address that it has. */
  static final String DEVICE = "fake0";

  static final int GID_INDEX = 1;

  /** In the order in which the sources include and call each other. */
  private static final List<String> SOURCES =
      List.of(
          "fakeverbs.h",
          "fakecm.h",
          "fakecontrol.c",
          "fakeverbs.c",
          "fakecq.c",
          "fakeqp.c",
          "fakewr.c",
          "fakecm.c",
          "fakeconn.c");

  private static final MethodHandle FAKE_NOOP = load();

  private NoopVerbs() {}

  /** Has the bindings load the device; before any other class of {@code rdma} is used. */
  static void install() {
    on(false);
  }

  /**
   * Switches between the mode in which requests are carried out and the one in which they are not.
   * Nothing may be in flight.
   *
   * @param noop whether they are not
   */
  static void on(boolean noop) {
    try {
      FAKE_NOOP.invokeExact(noop ? 1 : 0);
    } catch (Throwable failure) {
      throw new IllegalStateException("fake_noop failed", failure);
    }
  }

  @SuppressWarnings("restricted") // The library was made here a moment ago.
  private static MethodHandle load() {
    try {
      Path directory = Files.createTempDirectory("starling-bench");
      try {
        Path library = compile(directory);
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        System.setProperty("starling.ibverbs.library", library.toString());
        System.setProperty("starling.rdmacm.library", library.toString());
        // The bindings look their library up when they are initialised, which is now.
        if (!dev.starling.jextract.verbs.Ibverbs.isAvailable()) {
          throw new IllegalStateException(dev.starling.jextract.verbs.Ibverbs.unavailableReason());
        }
        MemorySegment noop = symbols.findOrThrow("fake_noop");
        return Linker.nativeLinker()
            .downcallHandle(noop, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The device that does nothing could not be compiled; install gcc, libibverbs-dev and"
              + " librdmacm-dev.",
          e);
    }
  }

  private static Path compile(Path directory) throws IOException {
    Path library = directory.resolve("noopverbs.so");
    List<String> command =
        new ArrayList<>(List.of("gcc", "-O2", "-std=gnu11", "-shared", "-fPIC", "-pthread"));
    command.addAll(List.of("-Wl,-Bsymbolic", "-o", library.toString()));
    for (String name : SOURCES) {
      Path source = directory.resolve(name);
      try (InputStream text = NoopVerbs.class.getResourceAsStream("verbs/" + name)) {
        Files.copy(text, source);
      }
      if (name.endsWith(".c")) {
        command.add(source.toString());
      }
    }
    CLoops.run(command);
    return library;
  }

  private static void delete(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      all.forEach(files::add);
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(directory);
  }
}
