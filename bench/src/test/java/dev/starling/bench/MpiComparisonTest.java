package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.fabric.ShmFabric;
import dev.starling.jextract.Lanes;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Both sides of the comparison compute the average, which each checks itself. No speed is asserted.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MpiComparisonTest {
  private static void enterLane() {
    Lanes.enter(
        "mpi",
        isOnPath("mpicc") && isOnPath("mpirun"),
        "mpicc and mpirun are not on the PATH (install the Debian packages openmpi-bin and"
            + " libopenmpi-dev)");
  }

  private static boolean isOnPath(String command) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
  }

  @Test
  void shouldMeasureBothSidesOfTheComparison() throws Exception {
    enterLane();
    List<Map<String, Object>> rows = MpiComparison.exchanges(List.of(100_000L), 1);
    assertEquals(1, rows.size());
    for (String key :
        List.of("starlingMs", "starlingTwoThreadsMs", "wholeMs", "chunkedMs", "sharedMs")) {
      assertTrue((double) rows.getFirst().get(key) > 0, key + " of " + rows);
    }
    double best =
        Math.min(
            (double) rows.getFirst().get("wholeMs"), (double) rows.getFirst().get("chunkedMs"));
    assertEquals(
        best / (double) rows.getFirst().get("starlingMs"),
        (double) rows.getFirst().get("ratio"),
        1e-9);
  }

  @Test
  void shouldMeasureBothSidesOfTheReduction() throws Exception {
    enterLane();
    List<Map<String, Object>> rows = MpiComparison.allreduces(List.of(100_000L), 1);
    Map<String, Object> row = rows.getFirst();
    double starlingMs = (double) row.get("starlingMs");
    assertTrue(starlingMs > 0, "starlingMs of " + rows);
    Map<?, ?> all = (Map<?, ?>) row.get("all");
    assertEquals(12, all.size(), "three settings, in place or not, with the division or not");
    double sumMs =
        all.entrySet().stream()
            .filter(way -> ((String) way.getKey()).endsWith("Sum"))
            .mapToDouble(way -> (double) way.getValue())
            .min()
            .orElseThrow();
    assertEquals(sumMs, (double) row.get("sumMs"), "the fastest way counts");
    assertEquals(sumMs, all.get(row.get("sum")));
    assertEquals(sumMs / starlingMs, (double) row.get("ratio"), 1e-9);
    assertEquals((double) row.get("meanMs") / starlingMs, (double) row.get("ratioMean"), 1e-9);
  }

  @Test
  void shouldReduceBetweenTwoProcessesAndLeaveNothing() throws Exception {
    Set<Path> before = regions();
    try (TwoProcessMean mean = TwoProcessMean.open(7_000_004)) {
      assertTrue(mean.medianMs(3) > 0);
      assertTrue(mean.medianMs(4) > 0);
    }
    assertNothingLeft(before);
  }

  /** Several stripes, an odd length, and threads that share the work. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldAverageBetweenTwoProcessesAndLeaveNothing(int threads) throws Exception {
    ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    Set<Path> before = regions();
    try (TwoProcessExchange exchange = TwoProcessExchange.open(fabric, 70_000_004, threads)) {
      assertTrue(exchange.medianMs(3) > 0);
    }
    assertNothingLeft(before);
  }

  /** What ended processes of others have left may be removed meanwhile. */
  private static void assertNothingLeft(Set<Path> before) throws IOException {
    Set<Path> left = regions();
    left.removeAll(before);
    assertEquals(Set.of(), left);
  }

  private static Set<Path> regions() throws IOException {
    try (Stream<Path> files = Files.list(ShmFabric.DEFAULT_DIRECTORY)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("starling-"))
          .collect(Collectors.toSet());
    }
  }
}
