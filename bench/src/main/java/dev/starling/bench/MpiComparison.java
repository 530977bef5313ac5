package dev.starling.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Two processes against the same thing written by hand on Open MPI. An exchange against passive
 * target RMA: lock both models, average, give both the result, unlock. The mean of a vector by ring
 * all-reduce against MPI_Allreduce. Both sides take turns, round by round; medians are compared;
 * both processes of each side look at every element of what they got.
 *
 * <p>Run as {@code java --enable-native-access=ALL-UNNAMED --add-modules=jdk.incubator.vector -cp
 * starling-bench.jar dev.starling.bench.MpiComparison [--json] [--rounds R] [--only
 * exchange|allreduce] [BYTES ...]}. Ends with 1 and a sentence where Open MPI is missing.
 */
public final class MpiComparison {
  private static final long[] SIZES = {1_000_000, 16_000_000, 100_000_000};

  private static final String EXCHANGE = "exchange";
  private static final String ALLREDUCE = "allreduce";

  private MpiComparison() {}

  /**
   * Measures and prints tables, or one line of JSON.
   *
   * @param arguments see the class
   * @throws InterruptedException when interrupted
   */
  public static void main(String[] arguments) throws InterruptedException {
    boolean json = false;
    int rounds = 7;
    String only = "";
    List<Long> sizes = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--json" -> json = true;
        case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
        case "--only" -> only = arguments[++i];
        default -> sizes.add(Long.parseLong(arguments[i]));
      }
    }
    if (!List.of("", EXCHANGE, ALLREDUCE).contains(only)) {
      System.err.println("--only=" + only + " is unknown: choose one of exchange, allreduce");
      System.exit(2);
    }
    if (sizes.isEmpty()) {
      Arrays.stream(SIZES).forEach(sizes::add);
    }
    try {
      Map<String, Object> measured = new LinkedHashMap<>();
      if (json) {
        measured.put("environment", Environment.facts());
      }
      if (!only.equals(ALLREDUCE)) {
        measured.put("exchanges", exchanges(sizes, rounds));
      }
      if (!only.equals(EXCHANGE)) {
        measured.put("allreduces", allreduces(sizes, rounds));
      }
      ObjectMapper mapper = new ObjectMapper();
      if (json) {
        System.out.println(mapper.writeValueAsString(measured));
      } else {
        System.out.print(Table.markdown(mapper.valueToTree(measured)));
      }
    } catch (IOException failure) {
      System.err.println(failure.getMessage());
      System.exit(1);
    }
  }

  /**
   * Compares exchanges.
   *
   * @param sizes bytes of the models
   * @param rounds how often the sides take turns
   * @return a row per size, of {@link MpiExchanges#measure}
   * @throws IOException when a program is missing or fails; the message names it and the cure
   * @throws InterruptedException when interrupted
   */
  static List<Map<String, Object>> exchanges(List<Long> sizes, int rounds)
      throws IOException, InterruptedException {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (OpenMpi program = OpenMpi.compile("rma_exchange.c")) {
      for (long bytes : sizes) {
        rows.add(MpiExchanges.measure(program, bytes, rounds));
      }
    }
    return rows;
  }

  /**
   * Compares reductions.
   *
   * @param sizes bytes of the vectors
   * @param rounds how often the sides take turns
   * @return a row per size, of {@link MpiMeans#measure}
   * @throws IOException when a program is missing or fails; the message names it and the cure
   * @throws InterruptedException when interrupted
   */
  static List<Map<String, Object>> allreduces(List<Long> sizes, int rounds)
      throws IOException, InterruptedException {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (OpenMpi program = OpenMpi.compile("allreduce.c")) {
      for (long bytes : sizes) {
        rows.add(MpiMeans.measure(program, bytes, rounds));
      }
    }
    return rows;
  }

  /** {@return how often each side works in its turn} */
  static int iterations(long bytes) {
    return Math.clamp(400_000_000L / bytes, 9, 301);
  }

  /** {@return how often Starling works before anything is measured, for the JIT compiler} */
  static int warmUp(long bytes) {
    return Math.clamp(2_000_000_000L / bytes, iterations(bytes), 20_000);
  }

  /** {@return the middle of some times} */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
