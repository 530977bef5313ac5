package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.jextract.Lanes;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BenchMainTest {
  private static final long LIMIT_S = 540;

  @TempDir private Path directory;

  @Test
  void shouldHandOptionsOnAndMakeThemShortWhenAskedToBeQuick() {
    assertEquals(List.of("-l"), BenchMain.options(new String[] {"-l"}));
    List<String> quick = BenchMain.options(new String[] {"--quick", "LockBenchmark"});
    assertEquals(List.of("LockBenchmark", "-wi", "0"), quick.subList(0, 3));
    assertTrue(quick.containsAll(List.of("-foe", "true")), quick::toString);
  }

  @Test
  void shouldPutTheEnvironmentBesideTheResults() {
    assertEquals(
        Path.of("a/log-environment.json"), BenchMain.environmentFile(Path.of("a/log.json")));
    assertEquals(Path.of("log-environment.json"), BenchMain.environmentFile(Path.of("log")));
  }

  @Test
  void shouldFindTheChoiceWhenTheKernelShowsAll() {
    assertEquals("madvise", Environment.chosen("always [madvise] never"));
    assertEquals("unknown", Environment.chosen("unknown"));
  }

  /** Every benchmark runs, and every result has its place in a table. */
  @Test
  void shouldRunEveryBenchmarkWhenAskedToBeQuick() throws Exception {
    Lanes.enter("cc", isOnPath("gcc"), "gcc is not on the PATH");
    Lanes.enter(
        "verbs-headers",
        Files.exists(Path.of("/usr/include/infiniband/verbs.h")),
        "the headers of libibverbs are not installed (Debian package libibverbs-dev)");
    Path results = directory.resolve("all.json");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                BenchMain.class.getName(),
                "--quick",
                "-rf",
                "json",
                "-rff",
                results.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("output").toFile())
            .start();
    try {
      process.getOutputStream().close();
      assertTrue(process.waitFor(LIMIT_S, TimeUnit.SECONDS), this::output);
      assertEquals(0, process.exitValue(), this::output);
    } finally {
      process.destroyForcibly();
    }
    Set<String> measured = new TreeSet<>();
    for (JsonNode result : new ObjectMapper().readTree(results.toFile())) {
      measured.add(result.get("benchmark").asText());
    }
    assertEquals(listed(), measured, this::output);
    JsonNode environment =
        new ObjectMapper().readTree(directory.resolve("all-environment.json").toFile());
    assertTrue(environment.path("environment").path("processors").asInt() > 0);
    String tables = Table.markdown(new ObjectMapper().readTree(results.toFile()), environment);
    for (TableKind kind :
        List.of(TableKind.KERNELS, TableKind.PAIRS, TableKind.LATENCIES, TableKind.SCORES)) {
      assertTrue(tables.contains(kind.marker()), tables);
    }
  }

  private static boolean isOnPath(String command) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }

  private String output() {
    try {
      return Files.readString(directory.resolve("output"));
    } catch (IOException unreadable) {
      return unreadable.toString();
    }
  }

  /** The benchmarks that JMH's processor found when this was compiled. */
  private static Set<String> listed() throws IOException {
    Set<String> names = new TreeSet<>();
    try (InputStream list = BenchMain.class.getResourceAsStream("/META-INF/BenchmarkList");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" +");
        names.add(words[3] + "." + words[9]);
      }
    }
    return names;
  }
}
