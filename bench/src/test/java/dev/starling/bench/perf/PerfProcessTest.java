package dev.starling.bench.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.cli.Starling;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands in processes of their own, which are ended by a signal. */
@Timeout(180)
class PerfProcessTest {
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
  private static final String REGIONS = "/dev/shm/starling-";
  private static final int SIGTERM_CODE = 143;

  @TempDir private Path scratch;

  private Process start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Starling.class.getName()));
    command.add("perf");
    command.addAll(List.of(arguments));
    command.addAll(List.of("-n", "100000000"));
    File out = scratch.resolve("out").toFile();
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out).start();
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadlineNs = System.nanoTime() + LIMIT_NS;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadlineNs < 0, () -> "not in time: " + what);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** The files below a path that a process has mapped. */
  private static Set<String> mappings(Process process, String prefix) {
    try {
      return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "maps")).stream()
          .filter(line -> line.contains(prefix))
          .map(line -> line.substring(line.indexOf('/')))
          .collect(Collectors.toSet());
    } catch (IOException ended) {
      return Set.of();
    }
  }

  private static void terminate(Process process) throws InterruptedException {
    process.destroy();
    assertTrue(process.waitFor(LIMIT_NS, TimeUnit.NANOSECONDS));
    assertEquals(SIGTERM_CODE, process.exitValue());
  }

  @Test
  void shouldLeaveNoRegionWhenASignalEndsBothProcesses() throws Exception {
    Process process = start("exchange", "--processes", "-s", "65536");
    try {
      await("both regions", () -> mappings(process, REGIONS).size() == 2);
      Set<String> regions = mappings(process, REGIONS);
      terminate(process);
      // Its own one is gone when it has ended; the other process notices that a moment later.
      String own = regions.stream().filter(path -> path.endsWith("-0.0")).findFirst().orElseThrow();
      assertFalse(Files.exists(Path.of(own)), own);
      await("no region", () -> regions.stream().noneMatch(path -> Files.exists(Path.of(path))));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void shouldLeaveNoLogWhenASignalEndsTheProcess() throws Exception {
    Path parent = Files.createDirectory(scratch.resolve("logs"));
    Process process = start("log", "-s", "4096", "--directory", parent.toString());
    try {
      await("a log", () -> mappings(process, parent + "/starling-perf-").size() >= 2);
      terminate(process);
      assertEquals(List.of(), entries(parent));
    } finally {
      process.destroyForcibly();
    }
  }

  private static List<Path> entries(Path directory) {
    try (var entries = Files.list(directory)) {
      return entries.toList();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }
}
