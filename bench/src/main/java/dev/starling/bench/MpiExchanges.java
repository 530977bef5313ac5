package dev.starling.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.engine.fabric.ShmFabric;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Exchanges between two processes against Open MPI's passive target RMA. */
final class MpiExchanges {
  private static final String[] VARIANTS = {"whole", "chunked", "shared"};

  private MpiExchanges() {}

  /**
   * Takes turns with one size of model.
   *
   * @param program rma_exchange.c
   * @param bytes length of the model
   * @param rounds how often each side has its turn
   * @return {@code bytes, starlingMs, starlingTwoThreadsMs}, milliseconds of each variant of MPI,
   *     {@code ratio} and {@code ratioTwoThreads} of its better RMA variant to Starling
   * @throws IOException when a side fails
   * @throws InterruptedException when interrupted
   */
  static Map<String, Object> measure(OpenMpi program, long bytes, int rounds)
      throws IOException, InterruptedException {
    int iterations = MpiComparison.iterations(bytes);
    double[][] mpi = new double[VARIANTS.length][rounds];
    double[] starling = new double[rounds];
    double[] starlingOnTwo = new double[rounds];
    ShmFabric fabric = new ShmFabric(ShmFabric.DEFAULT_DIRECTORY);
    try (TwoProcessExchange exchange = TwoProcessExchange.open(fabric, bytes, 1);
        TwoProcessExchange onTwo = TwoProcessExchange.open(fabric, bytes, 2)) {
      exchange.medianMs(MpiComparison.warmUp(bytes));
      onTwo.medianMs(MpiComparison.warmUp(bytes));
      for (int round = 0; round < rounds; round++) {
        JsonNode times = program.run(List.of(), bytes, iterations);
        for (int i = 0; i < VARIANTS.length; i++) {
          mpi[i][round] = times.get(VARIANTS[i]).asDouble();
        }
        starling[round] = exchange.medianMs(iterations);
        starlingOnTwo[round] = onTwo.medianMs(iterations);
      }
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("bytes", bytes);
    row.put("starlingMs", MpiComparison.median(starling));
    row.put("starlingTwoThreadsMs", MpiComparison.median(starlingOnTwo));
    for (int i = 0; i < VARIANTS.length; i++) {
      row.put(VARIANTS[i] + "Ms", MpiComparison.median(mpi[i]));
    }
    double rival = Math.min(MpiComparison.median(mpi[0]), MpiComparison.median(mpi[1]));
    row.put("ratio", rival / MpiComparison.median(starling));
    row.put("ratioTwoThreads", rival / MpiComparison.median(starlingOnTwo));
    return row;
  }
}
