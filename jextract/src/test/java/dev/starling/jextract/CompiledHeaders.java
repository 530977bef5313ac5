package dev.starling.jextract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What a C compiler makes of the headers in {@code src/main/jextract}, by a program that prints it.
 */
public final class CompiledHeaders {
  /** Folder of the headers that the jextract tool reads too. */
  public static final Path FOLDER = Path.of("src/main/jextract").toAbsolutePath();

  private CompiledHeaders() {}

  /** Whether there is a C compiler {@code cc}. */
  public static boolean haveCompiler() throws Exception {
    return run(Path.of("."), "cc", "--version") != null;
  }

  /** Whether the C compiler finds a header such as {@code infiniband/verbs.h}. */
  public static boolean have(Path folder, String header) throws Exception {
    Path source = folder.resolve("have.c");
    Files.writeString(source, "#include <" + header + ">\n");
    return "".equals(run(folder, "cc", "-fsyntax-only", source.toString()));
  }

  /** Compiles and runs a program; each line that it prints is a key and numbers. */
  public static Map<String, List<Long>> print(Path folder, String program) throws Exception {
    Path source = folder.resolve("abi.c");
    Files.writeString(source, program);
    Path binary = folder.resolve("abi");
    String messages =
        run(folder, "cc", "-Werror", "-I", FOLDER + "", "-o", binary + "", source + "");
    assertEquals("", messages, "cc refuses the ABI program, so a prototype or a name differs");
    Map<String, List<Long>> printed = new LinkedHashMap<>();
    for (String line : run(folder, binary.toString()).lines().toList()) {
      String[] words = line.split(" ");
      List<Long> numbers = new ArrayList<>();
      for (int i = 1; i < words.length; i++) {
        numbers.add(Long.parseLong(words[i]));
      }
      printed.put(words[0], numbers);
    }
    return printed;
  }

  /** Compiles a shared library that may include the headers. */
  public static Path library(Path folder, String code) throws Exception {
    Path source = folder.resolve("stub.c");
    Files.writeString(source, code);
    Path library = folder.resolve("libstub.so");
    String[] command = {
      "cc", "-Werror", "-shared", "-fPIC", "-o", library.toString(), source.toString()
    };
    assertEquals("", run(folder, command), "cc refuses the library of this test");
    return library;
  }

  /** What a command printed, messages included, or null if there is no such command. */
  private static String run(Path directory, String... command) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .start();
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
}
