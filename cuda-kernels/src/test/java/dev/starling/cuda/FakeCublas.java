package dev.starling.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A {@code libcublas.so.12} for tests, compiled from {@code src/test/cublas} and loaded before
 * JCublas, which takes the one that is there. It works on the memory of {@link FakeCuda}. Loaded
 * once per JVM; from then on {@code matrix=auto} chooses it.
 */
public final class FakeCublas {
  private static final long LIMIT_SECONDS = 120;

  private static Path library;

  private FakeCublas() {}

  /** Goes on if both fakes are there, else skips the calling test. */
  @SuppressWarnings("restricted")
  public static synchronized void enter() throws Exception {
    FakeCuda.enterFake();
    if (library == null) {
      Path driver = FakeCudaLibrary.build();
      Path made = driver.resolveSibling("libfakecublas.so");
      compile(driver, made);
      System.load(made.toString());
      library = made;
    }
  }

  /** Compiles it each time, which takes less than a second. */
  private static void compile(Path driver, Path made) throws Exception {
    Path sources = driver.getParent().resolve("../../src/test/cublas").normalize();
    Path building = Files.createTempFile(driver.getParent(), "building-", ".so");
    String script = "-Wl,-soname,libcublas.so.12,-z,defs,--version-script=";
    List<String> command =
        List.of(
            "c++",
            "-std=c++17",
            "-O2",
            "-fPIC",
            "-shared",
            "-Wall",
            "-Werror",
            script + sources.resolve("fake_cublas.map"),
            "-o",
            building.toString(),
            sources.resolve("fake_cublas.cpp").toString(),
            driver.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), "c++ is still running");
      assertEquals("", output, "c++ refuses the fake cuBLAS");
      Files.move(building, made, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      process.destroyForcibly();
      Files.deleteIfExists(building);
    }
  }

  /** Has the nth next call fail; 0 for none. */
  public static void fail(int nth) {
    call("fake_cublas_fail", FunctionDescriptor.ofVoid(JAVA_INT), nth);
  }

  /** Handles that are alive. */
  public static int handles() {
    return (int) call("fake_cublas_handles", FunctionDescriptor.of(JAVA_INT));
  }

  @SuppressWarnings("restricted")
  private static Object call(String symbol, FunctionDescriptor descriptor, Object... arguments) {
    try {
      MethodHandle handle =
          Linker.nativeLinker()
              .downcallHandle(
                  SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(symbol),
                  descriptor);
      return handle.invokeWithArguments(arguments);
    } catch (Throwable failure) {
      throw new IllegalStateException("a control of the fake cuBLAS failed", failure);
    }
  }
}
