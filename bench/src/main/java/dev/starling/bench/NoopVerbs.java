package dev.starling.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.starling.jextract.verbs.Ibverbs;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The device of {@code rdma}'s tests, compiled with gcc and loaded in place of libibverbs and
 * librdmacm. Its no-op mode does nothing with what is posted but to remember that it has to
 * complete, so that what is measured is the caller; one of them is {@code noop_loop.c}.
 */
final class NoopVerbs {
  /** The device. */
  static final String DEVICE = "fake0";

  /** An address that it has. */
  static final int GID_INDEX = 1;

  private static final List<String> DEVICE_SOURCES =
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
  private static final String LOOP_SOURCE = "noop_loop.c";

  private static final SymbolLookup LIBRARY = load();
  private static final MethodHandle FAKE_NOOP =
      handle("fake_noop", FunctionDescriptor.ofVoid(JAVA_INT));
  private static final MethodHandle RIVAL_OPEN =
      handle("rival_open", FunctionDescriptor.of(JAVA_INT));
  private static final MethodHandle RIVAL_RUN =
      handle("rival_run", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle RIVAL_CLOSE =
      handle("rival_close", FunctionDescriptor.ofVoid());

  private NoopVerbs() {}

  @SuppressWarnings("restricted") // The descriptors above are those of the sources.
  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(LIBRARY.findOrThrow(name), descriptor);
  }

  /**
   * Has the bindings load the device and opens the rival; before other classes of rdma are used.
   */
  static void open() {
    try {
      requireSuccess("rival_open", (int) RIVAL_OPEN.invokeExact());
    } catch (Throwable failure) {
      throw failed("rival_open", failure);
    }
  }

  /**
   * Switches between the mode in which requests are carried out and the one in which they are not.
   * Nothing may be in flight.
   *
   * @param on whether they are not
   */
  static void noop(boolean on) {
    try {
      FAKE_NOOP.invokeExact(on ? 1 : 0);
    } catch (Throwable failure) {
      throw failed("fake_noop", failure);
    }
  }

  /**
   * Runs operations in C.
   *
   * @param opcode {@code IBV_WR_} constant
   * @param count how many
   */
  static void runRival(int opcode, long count) {
    try {
      requireSuccess("rival_run", (int) RIVAL_RUN.invokeExact(opcode, count));
    } catch (Throwable failure) {
      throw failed("rival_run", failure);
    }
  }

  /** Ends the no-op mode and closes the rival. */
  static void close() {
    noop(false);
    try {
      RIVAL_CLOSE.invokeExact();
    } catch (Throwable failure) {
      throw failed("rival_close", failure);
    }
  }

  private static void requireSuccess(String function, int result) {
    if (result != 0) {
      throw new IllegalStateException(function + " gave " + result);
    }
  }

  private static IllegalStateException failed(String function, Throwable failure) {
    return new IllegalStateException(function + " failed", failure);
  }

  @SuppressWarnings("restricted") // The library was made here a moment ago.
  private static SymbolLookup load() {
    try {
      Path directory = Files.createTempDirectory("starling-bench");
      try {
        Path library = compile(directory);
        System.setProperty("starling.ibverbs.library", library.toString());
        System.setProperty("starling.rdmacm.library", library.toString());
        // The bindings look their library up when they are first used, which is now.
        if (!Ibverbs.isAvailable()) {
          throw new IllegalStateException(Ibverbs.unavailableReason());
        }
        return SymbolLookup.libraryLookup(library, Arena.global());
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
    for (String name : DEVICE_SOURCES) {
      copy("verbs/" + name, directory.resolve(name), command);
    }
    copy(LOOP_SOURCE, directory.resolve(LOOP_SOURCE), command);
    CLoops.run(command);
    return library;
  }

  private static void copy(String resource, Path source, List<String> command) throws IOException {
    try (InputStream text = NoopVerbs.class.getResourceAsStream(resource)) {
      Files.copy(text, source);
    }
    if (resource.endsWith(".c")) {
      command.add(source.toString());
    }
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
