package dev.starling.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The kernels' sources as the C++ compiler of this machine takes them, one call for each GPU
 * thread. It shows that formulas, heads, tails and alignment are right; what nvcc and a GPU make of
 * them it cannot show.
 */
final class CompiledKernels {
  private final SymbolLookup symbols;
  private final MethodHandle thread;
  private final MethodHandle memory;
  private final MethodHandle misaligned;

  private CompiledKernels(SymbolLookup symbols) {
    this.symbols = symbols;
    thread =
        handle(
            "thread", FunctionDescriptor.ofVoid(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), symbols);
    memory = handle("memory", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG), symbols);
    misaligned = handle("misaligned", FunctionDescriptor.of(JAVA_LONG), symbols);
  }

  /** Whether there is a C++ compiler {@code c++}. */
  static boolean haveCompiler() throws Exception {
    return run("c++", "--version") != null;
  }

  /** Compiles the sources; the library stays loaded while the arena is open. */
  @SuppressWarnings("restricted")
  static CompiledKernels compile(Path folder, Arena arena) throws Exception {
    Path library = folder.resolve("libkernels.so");
    String messages =
        run(
            "c++",
            "-std=c++17",
            "-O2",
            "-ffp-contract=off",
            "-fno-strict-aliasing",
            "-shared",
            "-fPIC",
            "-x",
            "c++",
            "-include",
            Path.of("src/test/cuda/cpu.h").toAbsolutePath().toString(),
            "-o",
            library.toString(),
            Path.of("src/main/cuda/starling.cu").toAbsolutePath().toString());
    assertEquals("", messages, "c++ refuses the kernels");
    return new CompiledKernels(SymbolLookup.libraryLookup(library, arena));
  }

  private static String run(String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException notFound) {
      return null;
    }
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running: " + command[0]);
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(
      String name, FunctionDescriptor descriptor, SymbolLookup symbols) {
    return Linker.nativeLinker()
        .downcallHandle(symbols.findOrThrow("starling_" + name), descriptor);
  }

  /** Says where the vectors lie, so that misaligned accesses to them are counted. */
  void watch(MemorySegment vectors) throws Throwable {
    memory.invokeWithArguments(vectors, vectors.byteSize());
  }

  /** Vector accesses so far that a GPU would refuse. */
  long misaligned() throws Throwable {
    return (long) misaligned.invokeWithArguments();
  }

  /** Runs a kernel on a grid, thread after thread. Arguments: segments, floats and longs. */
  void launch(String name, int blocks, int threads, List<?> arguments) throws Throwable {
    MemoryLayout[] layouts =
        arguments.stream().map(CompiledKernels::layout).toArray(n -> new MemoryLayout[n]);
    MethodHandle kernel = handle(name, FunctionDescriptor.ofVoid(layouts), symbols);
    for (int block = 0; block < blocks; block++) {
      for (int t = 0; t < threads; t++) {
        thread.invokeWithArguments(block, blocks, t, threads);
        kernel.invokeWithArguments(arguments);
      }
    }
  }

  private static MemoryLayout layout(Object argument) {
    return switch (argument) {
      case MemorySegment s -> ADDRESS;
      case Float f -> JAVA_FLOAT;
      case Long l -> JAVA_LONG;
      default -> throw new IllegalArgumentException("no layout for " + argument);
    };
  }
}
