package dev.starling.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.engine.kernel.KernelWarmUp;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.optimizer.AdamW;
import dev.starling.engine.optimizer.Sgd;
import dev.starling.engine.replay.ChainId;
import dev.starling.engine.replay.Replay;
import dev.starling.engine.worker.OptimizerFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Replay of a run's logs against the two things that it cannot do without: reading every record
 * with its checksum, and the kernels. Makes a run for each row, on the memory file system; the
 * three take turns, round by round; the best round of each is compared, and the median of the
 * rounds' ratios is given beside it: other users of the machine take processors from both, but
 * replay has use for two. Every replay must lead to the replicas that the run ended with.
 *
 * <p>Run as {@code java $FLAGS -cp starling-bench.jar dev.starling.bench.ReplayComparison [--json]
 * [--rounds R] [--ranks N] [--gradients G] [--parameters P]}, where the flags are {@code
 * starling.jvm.flags} of pom.xml.
 */
public final class ReplayComparison {
  private ReplayComparison() {}

  /**
   * What was measured; rates in GB of gradients a second, of the best round.
   *
   * @param optimizer its name
   * @param payload how gradients are kept
   * @param payloadBytes all of them
   * @param read the rate of reading and checking records
   * @param kernels the rate of the kernels
   * @param replay the rate of replay
   * @param ratio of replay to the slower of the others
   * @param medianRatio the median over the rounds of the same ratio within each
   */
  record Row(
      String optimizer,
      GradientPayload payload,
      long payloadBytes,
      double read,
      double kernels,
      double replay,
      double ratio,
      double medianRatio) {}

  /**
   * Measures and prints a table, or one line of JSON.
   *
   * @param arguments see the class
   * @throws Exception when a run cannot be made or replayed
   */
  public static void main(String[] arguments) throws Exception {
    int rounds = 7;
    int ranks = 3;
    int gradients = 150;
    long parameters = 235_146;
    boolean json = false;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--json" -> json = true;
        case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
        case "--ranks" -> ranks = Integer.parseInt(arguments[++i]);
        case "--gradients" -> gradients = Integer.parseInt(arguments[++i]);
        case "--parameters" -> parameters = Long.parseLong(arguments[++i]);
        default -> throw new IllegalArgumentException(arguments[i] + " is no option of this");
      }
    }
    Map<String, Object> measured = new LinkedHashMap<>();
    if (json) {
      measured.put("environment", Environment.facts());
    }
    measured.put("replays", measure(ranks, gradients, parameters, rounds));
    ObjectMapper mapper = new ObjectMapper();
    System.out.print(
        json
            ? mapper.writeValueAsString(measured) + "\n"
            : Table.markdown(mapper.valueToTree(measured)));
  }

  /** Compares for every optimizer and payload. */
  static List<Row> measure(int ranks, int gradients, long parameters, int rounds) throws Exception {
    KernelWarmUp.run();
    Map<String, OptimizerFactory> optimizers = new LinkedHashMap<>();
    optimizers.put("sgd, momentum", count -> new Sgd(0.9f, 0f, count));
    optimizers.put("adamw", count -> new AdamW(1e-2f, count));
    List<Row> rows = new ArrayList<>();
    for (Map.Entry<String, OptimizerFactory> optimizer : optimizers.entrySet()) {
      for (GradientPayload payload : List.of(GradientPayload.F32, GradientPayload.BF16)) {
        RunLogs.Shape shape =
            new RunLogs.Shape(ranks, gradients, parameters, optimizer.getValue(), payload);
        try (RunLogs logs = RunLogs.write(shape);
            KernelPass kernels = new KernelPass(logs)) {
          rows.add(measure(optimizer.getKey(), logs, kernels, rounds));
        }
      }
    }
    return rows;
  }

  private static Row measure(String optimizer, RunLogs logs, KernelPass kernels, int rounds) {
    long payloadBytes = logs.scan();
    // Once for the compiler.
    kernels.run();
    replayNs(logs);
    double[] readNs = new double[rounds];
    double[] kernelNs = new double[rounds];
    double[] replayNs = new double[rounds];
    double[] ratios = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      long beganNs = System.nanoTime();
      logs.scan();
      long scannedNs = System.nanoTime();
      kernels.run();
      readNs[round] = scannedNs - beganNs;
      kernelNs[round] = System.nanoTime() - scannedNs;
      replayNs[round] = replayNs(logs);
      ratios[round] = Math.max(readNs[round], kernelNs[round]) / replayNs[round];
    }
    double readBest = best(readNs);
    double kernelBest = best(kernelNs);
    double replayBest = best(replayNs);
    return new Row(
        optimizer,
        logs.shape().payload(),
        payloadBytes,
        payloadBytes / readBest,
        payloadBytes / kernelBest,
        payloadBytes / replayBest,
        Math.max(readBest, kernelBest) / replayBest,
        median(ratios));
  }

  /** Replays from the initial model to the ends of the logs, and compares. */
  private static long replayNs(RunLogs logs) {
    try (Replay replay = Replay.open(logs, 0)) {
      long beganNs = System.nanoTime();
      replay.run();
      long ns = System.nanoTime() - beganNs;
      List<String> wrong = new ArrayList<>(replay.damages());
      wrong.addAll(replay.gaps());
      wrong.addAll(replay.tails());
      for (int rank = 0; rank < logs.shape().ranks(); rank++) {
        if (replay.content(new ChainId(rank, 0), 0).mismatch(logs.replica(rank)) >= 0) {
          wrong.add("replay leads to another replica of rank " + rank);
        }
      }
      if (!wrong.isEmpty()) {
        throw new IllegalStateException(String.join("; ", wrong));
      }
      return ns;
    }
  }

  private static double best(double[] values) {
    return Arrays.stream(values).min().orElseThrow();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
