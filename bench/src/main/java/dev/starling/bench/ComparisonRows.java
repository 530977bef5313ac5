package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Locale;

/**
 * The rows that {@link MpiComparison}, {@link ReplayComparison} and {@link AlgorithmRates} make.
 */
final class ComparisonRows {
  /** What the comparisons make. */
  static final List<TableKind> KINDS =
      List.of(TableKind.EXCHANGES, TableKind.ALLREDUCES, TableKind.REPLAYS, TableKind.ROUNDS);

  private ComparisonRows() {}

  /**
   * Makes a row.
   *
   * @param kind whose
   * @param row an element of that comparison's array
   * @return a line
   * @throws IllegalArgumentException if something is missing in it
   */
  static String row(TableKind kind, JsonNode row) {
    return switch (kind) {
      case EXCHANGES -> exchange(row);
      case ALLREDUCES -> allreduce(row);
      case REPLAYS -> replay(row);
      case ROUNDS -> round(row);
      default -> throw new IllegalArgumentException("no comparison makes " + kind.label());
    };
  }

  private static double number(JsonNode row, String key) {
    if (!row.path(key).isNumber()) {
      throw new IllegalArgumentException("a row has no number called " + key);
    }
    return row.get(key).asDouble();
  }

  private static String exchange(JsonNode row) {
    return String.format(
        Locale.ROOT,
        "| %.0f MB | %.3f ms | %.3f ms | %.3f ms | %.3f ms | %.3f ms | %.2f | %.2f |\n",
        number(row, "bytes") / 1e6,
        number(row, "starlingMs"),
        number(row, "starlingTwoThreadsMs"),
        number(row, "wholeMs"),
        number(row, "chunkedMs"),
        number(row, "sharedMs"),
        number(row, "ratio"),
        number(row, "ratioTwoThreads"));
  }

  private static String allreduce(JsonNode row) {
    return String.format(
        Locale.ROOT,
        "| %.0f MB | %.3f ms | %.3f ms | %s | %.3f ms | %.2f | %.2f |\n",
        number(row, "bytes") / 1e6,
        number(row, "starlingMs"),
        number(row, "sumMs"),
        way(row.path("sum").asText()),
        number(row, "meanMs"),
        number(row, "ratio"),
        number(row, "ratioMean"));
  }

  /** Words for "SETTING variant" of {@link MpiMeans}. */
  private static String way(String name) {
    String[] words = name.split(" ");
    if (words.length != 2) {
      throw new IllegalArgumentException("a row does not say which way of MPI was the fastest");
    }
    String setting =
        switch (MpiMeans.Setting.valueOf(words[0])) {
          case DEFAULT -> "its own choice";
          case REDUCE_BROADCAST -> "reduce, broadcast";
          case RABENSEIFNER -> "Rabenseifner";
        };
    return setting + (words[1].startsWith("inPlace") ? ", in place" : ", two buffers");
  }

  private static String replay(JsonNode row) {
    return String.format(
        Locale.ROOT,
        "| %s, %s | %.2f GB/s | %.2f GB/s | %.2f GB/s | %.2f | %.2f |\n",
        row.path("optimizer").asText(),
        row.path("payload").asText().toLowerCase(Locale.ROOT),
        number(row, "read"),
        number(row, "kernels"),
        number(row, "replay"),
        number(row, "ratio"),
        number(row, "medianRatio"));
  }

  private static String round(JsonNode row) {
    return String.format(
        Locale.ROOT,
        "| %s | %.0f MB | %.3f ms | %.3f ms | %.2f |\n",
        row.path("algorithm").asText(),
        number(row, "bytes") / 1e6,
        number(row, "roundMs"),
        number(row, "kernelsMs"),
        number(row, "ratio"));
  }
}
