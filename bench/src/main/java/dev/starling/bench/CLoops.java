package dev.starling.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The kernels as C loops: compiles {@code loops.c} with gcc for this machine when the class is
 * initialised, and calls it without a thread transition ({@link Linker.Option#critical}), the way
 * that costs C the least. Signatures are those of the C functions, addresses as segments.
 */
final class CLoops {
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfLong COUNT = ValueLayout.JAVA_LONG;
  private static final SymbolLookup LIBRARY = compile();

  static final MethodHandle AVERAGE =
      handle("average", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, COUNT));
  static final MethodHandle AVERAGE_BOTH =
      handle("average_both", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, POINTER, COUNT));
  static final MethodHandle STEP =
      handle("step", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, FLOAT, FLOAT, COUNT));
  static final MethodHandle STEP_AVERAGE_BOTH =
      handle(
          "step_average_both",
          FunctionDescriptor.ofVoid(
              POINTER, POINTER, POINTER, POINTER, POINTER, FLOAT, FLOAT, COUNT));
  static final MethodHandle MOMENTUM =
      handle("momentum", FunctionDescriptor.ofVoid(POINTER, POINTER, FLOAT, COUNT));
  static final MethodHandle PACK_BF16 =
      handle("pack_bf16", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, COUNT));
  static final MethodHandle UNPACK_BF16 =
      handle("unpack_bf16", FunctionDescriptor.ofVoid(POINTER, POINTER, COUNT));
  static final MethodHandle COPY =
      handle("copy", FunctionDescriptor.ofVoid(POINTER, POINTER, COUNT));

  static final MethodHandle SCALE =
      handle("scale", FunctionDescriptor.ofVoid(POINTER, POINTER, FLOAT, COUNT));
  static final MethodHandle ADD =
      handle("add", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, COUNT));
  static final MethodHandle TRIAD =
      handle("triad", FunctionDescriptor.ofVoid(POINTER, POINTER, POINTER, FLOAT, COUNT));

  /** A call that does nothing, without a thread transition. */
  static final MethodHandle NOTHING_CRITICAL = handle("nothing", FunctionDescriptor.ofVoid());

  /** The same with the transition that every other call has. */
  static final MethodHandle NOTHING = transition("nothing", FunctionDescriptor.ofVoid());

  /** So many calls of it by C. */
  static final MethodHandle CALL_NOTHING = handle("call_nothing", FunctionDescriptor.ofVoid(COUNT));

  private CLoops() {}

  @SuppressWarnings("restricted") // The descriptors above are those of loops.c.
  private static MethodHandle transition(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(LIBRARY.findOrThrow(name), descriptor);
  }

  @SuppressWarnings("restricted") // The descriptors above are those of loops.c.
  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return Linker.nativeLinker()
        .downcallHandle(LIBRARY.findOrThrow(name), descriptor, Linker.Option.critical(false));
  }

  @SuppressWarnings("restricted") // The library was made here a moment ago.
  private static SymbolLookup compile() {
    try {
      Path directory = Files.createTempDirectory("starling-bench");
      Path source = directory.resolve("loops.c");
      Path library = directory.resolve("loops.so");
      try {
        try (InputStream text = CLoops.class.getResourceAsStream("loops.c")) {
          Files.copy(text, source);
        }
        gcc(source, library);
        return SymbolLookup.libraryLookup(library, Arena.global());
      } finally {
        Files.deleteIfExists(source);
        Files.deleteIfExists(library);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The C loops to compare with could not be compiled; install gcc and have it on the PATH.",
          e);
    }
  }

  private static void gcc(Path source, Path library) throws IOException {
    List<String> command =
        List.of(
            "gcc",
            "-O3",
            "-march=native",
            "-ffp-contract=off",
            "-shared",
            "-fPIC",
            "-o",
            library.toString(),
            source.toString(),
            "-lm");
    run(command);
  }

  /**
   * Runs a compiler.
   *
   * @param command the program and its arguments
   * @throws IOException with what it printed, if it fails
   */
  static void run(List<String> command) throws IOException {
    Process gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(gcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!gcc.waitFor(60, TimeUnit.SECONDS) || gcc.exitValue() != 0) {
        throw new IOException(String.join(" ", command) + " failed: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while gcc ran.", e);
    } finally {
      gcc.destroyForcibly();
    }
  }
}
