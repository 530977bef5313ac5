package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.StreamSupport;

/** The rows that the results of JMH make. */
final class JmhRows {
  private static final String JAVA_NS = "javaNs";
  private static final String RIVAL_NS = "rivalNs";
  private static final List<String> LATENCIES = List.of("p50Ns", "p99Ns", "p999Ns", "maxNs");
  private static final Map<String, Integer> KERNEL_BYTES =
      Map.of(
          "AVERAGE", 12,
          "AVERAGE_BOTH", 16,
          "STEP", 12,
          "MOMENTUM", 12,
          "STEP_AVERAGE_BOTH", 20,
          "PACK_BF16", 18,
          "UNPACK_BF16", 6,
          "COPY", 8);

  private JmhRows() {}

  /** {@return the table that a result belongs to} */
  static TableKind kind(JsonNode result) {
    JsonNode secondary = result.path("secondaryMetrics");
    if (secondary.has(JAVA_NS)) {
      return secondary.has(ceiling(Ceilings.Loop.COPY)) ? TableKind.KERNELS : TableKind.PAIRS;
    }
    return secondary.has(LATENCIES.getFirst()) ? TableKind.LATENCIES : TableKind.SCORES;
  }

  /**
   * Makes the row of a result: of pairs the median of the iterations' ratios, of latencies the
   * medians of their percentiles over the iterations, and the longest of all.
   *
   * @param result an element of JMH's array
   * @return a line
   * @throws IllegalArgumentException if it is none
   */
  static String row(JsonNode result) {
    String name = Wording.name(result);
    JsonNode secondary = result.path("secondaryMetrics");
    Wording wording = Wording.of(result);
    return switch (kind(result)) {
      case KERNELS -> kernel(result.path("params"), secondary);
      case PAIRS ->
          "| "
              + wording.what()
              + " | "
              + wording.against()
              + " | "
              + pair(secondary, name)
              + " |\n";
      case LATENCIES -> "| " + wording.what() + latencies(secondary) + " |\n";
      default -> "| " + wording.what() + score(result.path("primaryMetric")) + " |\n";
    };
  }

  private static String kernel(JsonNode parameters, JsonNode secondary) {
    Integer elementBytes = KERNEL_BYTES.get(parameters.path("kernel").asText());
    if (elementBytes == null) {
      throw new IllegalArgumentException("a result is of no known kernel");
    }
    long floats = parameters.path("floats").asLong();
    double traffic = (double) elementBytes * floats / median(iterations(secondary.path(JAVA_NS)));
    Ceilings.Loop fastest = null;
    double most = 0;
    for (Ceilings.Loop loop : Ceilings.Loop.values()) {
      double[] timesNs = iterations(secondary.path(ceiling(loop)));
      double rate = timesNs.length == 0 ? 0 : loop.elementBytes() * floats / median(timesNs);
      if (rate > most) {
        most = rate;
        fastest = loop;
      }
    }
    return "| %s | %s | %s | %s | %s |\n"
        .formatted(
            Wording.kernel(parameters),
            pair(secondary, "KernelBenchmark"),
            format("%.1f GB/s", traffic),
            fastest == null
                ? "-"
                : format("%.1f GB/s, ", most) + fastest.name().toLowerCase(Locale.ROOT),
            fastest == null ? "-" : format("%.2f", traffic / most));
  }

  private static String ceiling(Ceilings.Loop loop) {
    return loop.name().toLowerCase(Locale.ROOT) + "Ns";
  }

  private static String pair(JsonNode secondary, String name) {
    double[] javaNs = iterations(secondary.path(JAVA_NS));
    double[] rivalNs = iterations(secondary.path(RIVAL_NS));
    if (javaNs.length == 0 || javaNs.length != rivalNs.length) {
      throw new IllegalArgumentException(
          "the two sides of " + name + " have different numbers of iterations");
    }
    double[] ratios = new double[javaNs.length];
    Arrays.setAll(ratios, i -> rivalNs[i] / javaNs[i]);
    return time(median(javaNs)) + " | " + time(median(rivalNs)) + format(" | %.2f", median(ratios));
  }

  private static String latencies(JsonNode secondary) {
    StringBuilder cells = new StringBuilder();
    for (String name : LATENCIES) {
      double[] values = iterations(secondary.path(name));
      if (values.length == 0) {
        throw new IllegalArgumentException("a latency has no iterations");
      }
      boolean longest = name.equals(LATENCIES.getLast());
      double ns = longest ? Arrays.stream(values).max().orElseThrow() : median(values);
      cells.append(" | ").append(time(ns));
    }
    return cells.toString();
  }

  private static String score(JsonNode primary) {
    return format(" | %.3f", primary.path("score").asDouble())
        + format(" | %.3f | ", primary.path("scoreError").asDouble())
        + primary.path("scoreUnit").asText();
  }

  /** The values of all iterations of all forks, without those in which there was none. */
  private static double[] iterations(JsonNode metric) {
    return StreamSupport.stream(metric.path("rawData").spliterator(), false)
        .flatMap(fork -> StreamSupport.stream(fork.spliterator(), false))
        .mapToDouble(JsonNode::asDouble)
        .flatMap(value -> value > 0 ? DoubleStream.of(value) : DoubleStream.empty())
        .toArray();
  }

  private static double median(double[] values) {
    return MpiComparison.median(values);
  }

  private static String time(double ns) {
    return ns < 1e3
        ? format("%.1f ns", ns)
        : ns < 1e6 ? format("%.3f us", ns / 1e3) : format("%.3f ms", ns / 1e6);
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
