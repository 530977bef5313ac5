package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Ring all-reduce of two processes against MPI_Allreduce. Open MPI has several algorithms and its
 * own choice is not the fastest for large vectors, so those that were are tried with each size, in
 * place and from one buffer to another, and the fastest one counts.
 */
final class MpiMeans {
  /** Ways for MPI to do it. */
  enum Setting {
    /** As Open MPI chooses: the segmented ring, for these sizes. */
    DEFAULT(List.of()),
    /** A reduce and a broadcast, pipelined in segments. */
    REDUCE_BROADCAST(algorithm(2)),
    /** Reduce-scatter and all-gather by halving and doubling. */
    RABENSEIFNER(algorithm(6));

    private final List<String> options;

    Setting(List<String> options) {
      this.options = options;
    }

    private static List<String> algorithm(int number) {
      return List.of(
          "--mca",
          "coll_tuned_use_dynamic_rules",
          "1",
          "--mca",
          "coll_tuned_allreduce_algorithm",
          Integer.toString(number));
    }
  }

  /** What the program measures in each setting; see allreduce.c. */
  private static final List<String> SUMS = List.of("inPlaceSum", "apartSum");

  private static final List<String> MEANS = List.of("inPlace", "apart");

  private MpiMeans() {}

  /** The fastest way of MPI to do a thing. */
  private record Best(double ms, String how) {}

  /**
   * Takes turns with one size of vector.
   *
   * @param program allreduce.c
   * @param bytes length of the vector
   * @param rounds how often each side has its turn
   * @return {@code bytes, starlingMs} (a mean), {@code sumMs} of the fastest MPI_Allreduce and
   *     {@code sum}, which that is, {@code meanMs} and {@code mean} with the division, {@code
   *     ratio} of sumMs and {@code ratioMean} of meanMs to Starling, and {@code all}: the
   *     milliseconds of every way
   * @throws IOException when a side fails
   * @throws InterruptedException when interrupted
   */
  static Map<String, Object> measure(OpenMpi program, long bytes, int rounds)
      throws IOException, InterruptedException {
    int iterations = MpiComparison.iterations(bytes);
    Map<String, double[]> times = new LinkedHashMap<>();
    double[] starling = new double[rounds];
    try (TwoProcessMean pair = TwoProcessMean.open(bytes)) {
      pair.medianMs(MpiComparison.warmUp(bytes));
      for (int round = 0; round < rounds; round++) {
        List<Double> between = new ArrayList<>();
        for (Setting setting : Setting.values()) {
          between.add(pair.medianMs(iterations));
          keep(times, setting, round, rounds, program.run(setting.options, bytes, iterations));
        }
        starling[round] =
            MpiComparison.median(between.stream().mapToDouble(Double::doubleValue).toArray());
      }
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    times.forEach((way, values) -> medians.put(way, MpiComparison.median(values)));
    Best sum = best(medians, SUMS);
    Best mean = best(medians, MEANS);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("bytes", bytes);
    row.put("starlingMs", MpiComparison.median(starling));
    row.put("sumMs", sum.ms());
    row.put("sum", sum.how());
    row.put("meanMs", mean.ms());
    row.put("mean", mean.how());
    row.put("ratio", sum.ms() / MpiComparison.median(starling));
    row.put("ratioMean", mean.ms() / MpiComparison.median(starling));
    row.put("all", medians);
    return row;
  }

  private static void keep(
      Map<String, double[]> times, Setting setting, int round, int rounds, JsonNode printed) {
    for (List<String> ways : List.of(SUMS, MEANS)) {
      for (String way : ways) {
        times.computeIfAbsent(setting + " " + way, name -> new double[rounds])[round] =
            printed.get(way).asDouble();
      }
    }
  }

  private static Best best(Map<String, Double> medians, List<String> ways) {
    return medians.entrySet().stream()
        .filter(entry -> ways.contains(entry.getKey().substring(entry.getKey().indexOf(' ') + 1)))
        .min(Map.Entry.comparingByValue())
        .map(entry -> new Best(entry.getValue(), entry.getKey()))
        .orElseThrow();
  }
}
