package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench/peers} on a machine that has no peer and cannot get one. */
class PeersScriptTest {
  private static final Path SCRIPT = Path.of("peers").toAbsolutePath();

  @TempDir private Path tools;

  @Test
  void shouldSkipInASentenceWhenOpenMpiCannotBeInstalled() throws Exception {
    for (String tool : List.of("bash", "dirname", "date", "id", "env")) {
      Path found = Path.of("/usr/bin", tool);
      Files.createSymbolicLink(tools.resolve(tool), found);
    }
    Path output = tools.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder("/usr/bin/bash", SCRIPT.toString(), tools.resolve("results").toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("PATH", tools.toString());
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "still running");
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(output, StandardCharsets.UTF_8);
    assertEquals(3, process.exitValue(), said);
    assertTrue(said.startsWith("peers: skipped: "), said);
    assertTrue(said.contains("libopenmpi-dev"), said);
    assertEquals(1, said.lines().count(), said);
    assertTrue(Files.notExists(tools.resolve("results")), "nothing is made");
  }
}
