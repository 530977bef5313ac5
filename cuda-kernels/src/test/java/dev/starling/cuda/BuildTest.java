package dev.starling.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.Lanes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that builds the kernels, and the PTX that is checked in. */
class BuildTest {
  private static final Path CHECKED_IN =
      Path.of("src/main/resources/dev/starling/cuda/starling.ptx").toAbsolutePath();

  @TempDir Path folder;

  /** Runs the script; the last line is its exit status. */
  private String build(String nvcc, String argument) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(Path.of("build").toAbsolutePath().toString(), argument)
            .redirectErrorStream(true);
    builder.environment().put("NVCC", nvcc);
    Process process = builder.start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the build is still running");
      return output + process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldHaveCheckedInWhatTheCompilerMakesOfTheSources() throws Exception {
    enterCompiler();
    String output = build("nvcc", "--check");
    System.out.print(output.substring(0, output.length() - 1));
    assertTrue(output.endsWith("\n0"), output);
  }

  @Test
  void shouldMakeTheSamePtxInAnotherFolder() throws Exception {
    enterCompiler();
    Path here = folder.resolve("here");
    Path there = folder.resolve("there");
    Path copy = Files.createDirectories(folder.resolve("copy"));
    run("cp", "-r", "build", "src", copy.toString());
    run(Path.of("build").toAbsolutePath().toString(), here.toString());
    run(copy.resolve("build").toString(), there.toString());
    assertEquals(-1, Files.mismatch(here.resolve("starling.ptx"), there.resolve("starling.ptx")));
  }

  private static void enterCompiler() {
    boolean nvcc =
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "nvcc")));
    Lanes.enter("nvcc", nvcc, "no CUDA compiler 'nvcc' is on the PATH");
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    try {
      assertTrue(process.waitFor(120, TimeUnit.SECONDS), command[0] + " is still running");
      assertEquals(0, process.exitValue(), command[0]);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldUseTheCheckedInPtxWhenThereIsNoCompiler() throws Exception {
    String output = build(folder.resolve("missing").toString(), folder.toString());
    assertTrue(output.endsWith("\n0"), output);
    assertEquals(-1, Files.mismatch(CHECKED_IN, folder.resolve("starling.ptx")));
    assertFalse(Files.exists(folder.resolve("starling.fatbin")));
  }

  @Test
  void shouldRefuseToCheckWithoutACompiler() throws Exception {
    String output = build(folder.resolve("missing").toString(), "--check");
    assertTrue(output.endsWith("\n1"), output);
    assertTrue(output.contains("set NVCC"), output);
  }

  @Test
  void shouldAskForNoMoreThanDriversOfCuda12Take() throws Exception {
    String ptx = Files.readString(CHECKED_IN);
    assertTrue(ptx.contains("\n.version 8.0\n.target sm_75\n"), "version or target has changed");
  }

  @Test
  void shouldRoundEveryFloatOperationAndFlushNothing() throws Exception {
    for (String line : Files.readAllLines(CHECKED_IN)) {
      assertFalse(line.contains(".ftz") || line.contains(".approx"), line);
      assertFalse(line.matches("\\s*(add|sub|mul|mad|fma|div|sqrt)\\.f(32|64).*"), line);
    }
  }
}
