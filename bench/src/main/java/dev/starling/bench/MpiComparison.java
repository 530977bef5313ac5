package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.engine.fabric.ShmFabric;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * An exchange between two processes against the same thing written by hand on Open MPI, passive
 * target RMA: lock both models, average, give both the result, unlock. The two take turns, round by
 * round, and medians are compared.
 *
 * <p>Run as {@code java --enable-native-access=ALL-UNNAMED --add-modules=jdk.incubator.vector -cp
 * starling-bench.jar dev.starling.bench.MpiComparison [--json] [--rounds R] [BYTES ...]}.
 */
public final class MpiComparison {
  private static final String[] VARIANTS = {"whole", "chunked", "shared"};
  private static final long[] SIZES = {1_000_000, 16_000_000, 100_000_000};
  private static final long LIMIT_S = 120;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private MpiComparison() {}

  /**
   * Measures and prints a table, or one line of JSON.
   *
   * @param arguments see the class
   * @throws Exception when a side cannot be run
   */
  public static void main(String[] arguments) throws Exception {
    boolean json = false;
    int rounds = 7;
    List<Long> sizes = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--json" -> json = true;
        case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
        default -> sizes.add(Long.parseLong(arguments[i]));
      }
    }
    if (sizes.isEmpty()) {
      Arrays.stream(SIZES).forEach(sizes::add);
    }
    List<Map<String, Object>> rows = measure(sizes, rounds);
    if (json) {
      System.out.println(MAPPER.writeValueAsString(Map.of("exchanges", rows)));
    } else {
      print(rows);
    }
  }

  /**
   * Compares both sides.
   *
   * @param sizes bytes of the models
   * @param rounds how often the sides take turns
   * @return a row per size: {@code bytes, starlingMs}, milliseconds of each variant of MPI, {@code
   *     ratio} of its better RMA variant to Starling
   * @throws IOException when a program is missing or fails; the message names it and the cure
   * @throws InterruptedException when interrupted
   */
  static List<Map<String, Object>> measure(List<Long> sizes, int rounds)
      throws IOException, InterruptedException {
    Path program = compile();
    try {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (long bytes : sizes) {
        rows.add(measure(program, bytes, rounds));
      }
      return rows;
    } finally {
      Files.deleteIfExists(program);
    }
  }

  private static Map<String, Object> measure(Path program, long bytes, int rounds)
      throws IOException, InterruptedException {
    int iterations = Math.clamp(400_000_000L / bytes, 9, 301);
    double[][] mpi = new double[VARIANTS.length][rounds];
    double[] starling = new double[rounds];
    double[] starlingOnTwo = new double[rounds];
    ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    try (TwoProcessExchange exchange = TwoProcessExchange.open(fabric, bytes, 1);
        TwoProcessExchange onTwo = TwoProcessExchange.open(fabric, bytes, 2)) {
      int warmUp = Math.max(iterations, 2_000_000_000 / (int) bytes);
      exchange.medianMs(warmUp);
      onTwo.medianMs(warmUp);
      for (int round = 0; round < rounds; round++) {
        JsonNode times = run(program, bytes, iterations);
        for (int i = 0; i < VARIANTS.length; i++) {
          mpi[i][round] = times.get(VARIANTS[i]).asDouble();
        }
        starling[round] = exchange.medianMs(iterations);
        starlingOnTwo[round] = onTwo.medianMs(iterations);
      }
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("bytes", bytes);
    row.put("starlingMs", median(starling));
    row.put("starlingTwoThreadsMs", median(starlingOnTwo));
    for (int i = 0; i < VARIANTS.length; i++) {
      row.put(VARIANTS[i] + "Ms", median(mpi[i]));
    }
    double rival = Math.min(median(mpi[0]), median(mpi[1]));
    row.put("ratio", rival / median(starling));
    row.put("ratioTwoThreads", rival / median(starlingOnTwo));
    return row;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  private static Path compile() throws IOException, InterruptedException {
    Path program = Files.createTempFile("starling-rma-", "");
    Path source = Files.createTempFile("starling-rma-", ".c");
    try (InputStream resource = MpiComparison.class.getResourceAsStream("rma_exchange.c")) {
      Files.write(source, resource.readAllBytes());
      output(List.of("mpicc", "-O3", "-march=native", "-o", program.toString(), source.toString()));
      return program;
    } catch (IOException failure) {
      Files.deleteIfExists(program);
      throw failure;
    } finally {
      Files.delete(source);
    }
  }

  private static JsonNode run(Path program, long bytes, int iterations)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("mpirun", "--oversubscribe"));
    if (isRoot()) {
      command.add("--allow-run-as-root");
    }
    // The transports of one host only: no network is looked for.
    command.addAll(List.of("--mca", "btl", "self,vader", "--mca", "pml", "ob1", "-n", "2"));
    command.addAll(List.of(program.toString(), Long.toString(bytes), Integer.toString(iterations)));
    return MAPPER.readTree(output(command));
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private static String output(List<String> command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      throw new IOException(
          command.getFirst()
              + " could not be run ("
              + missing.getMessage()
              + "): install Open MPI (Debian packages openmpi-bin and libopenmpi-dev)",
          missing);
    }
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IOException(
            String.join(" ", command) + " failed: " + output.strip().replace('\n', ' '));
      }
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  private static void print(List<Map<String, Object>> rows) {
    System.out.println(
        "| model | Starling | on two threads | MPI get, put | MPI chunked | MPI shared window |"
            + " MPI RMA / Starling | on two threads |");
    System.out.println("|---|---:|---:|---:|---:|---:|---:|---:|");
    for (Map<String, Object> row : rows) {
      System.out.printf(
          Locale.ROOT,
          "| %.0f MB | %.3f ms | %.3f ms | %.3f ms | %.3f ms | %.3f ms | %.2f | %.2f |%n",
          (long) row.get("bytes") / 1e6,
          (double) row.get("starlingMs"),
          (double) row.get("starlingTwoThreadsMs"),
          (double) row.get("wholeMs"),
          (double) row.get("chunkedMs"),
          (double) row.get("sharedMs"),
          (double) row.get("ratio"),
          (double) row.get("ratioTwoThreads"));
    }
  }
}
