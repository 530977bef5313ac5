package dev.starling.cli.train;

import dev.starling.cli.Json;
import dev.starling.models.Evaluation;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * What a run came to.
 *
 * @param algorithm how the workers came to one model, as the option names it
 * @param averaged the average of all replicas on the evaluation set
 * @param loss running mean of the training losses, over all workers
 * @param workers what each worker did, by rank
 * @param seconds from the begin of the first step to the end of the last
 * @param consensusDistance root of the mean squared distance of the replicas from their average,
 *     NaN when no worker lived long enough to tell
 * @param stopped whether a signal ended it before its budget was used up
 * @param incidents a sentence for every worker that was lost and every one that came back
 * @param lostRanks ranks that were lost and did not come back
 * @param restarts how many times a rank was started again
 * @param outDirectory where its files are
 */
record RunResult(
    String algorithm,
    Evaluation averaged,
    double loss,
    List<WorkerResult> workers,
    double seconds,
    double consensusDistance,
    boolean stopped,
    List<String> incidents,
    List<Integer> lostRanks,
    int restarts,
    Path outDirectory) {
  /** {@return whether every parameter of the averaged model led to finite logits} */
  boolean isFinite() {
    return Double.isFinite(averaged.loss()) && !Double.isInfinite(consensusDistance);
  }

  /**
   * Adds up a number over the workers.
   *
   * @param number which
   * @return the sum
   */
  long sum(ToLongFunction<WorkerResult> number) {
    return workers.stream().mapToLong(number).sum();
  }

  /** {@return mean staleness of all applied gradients in versions} */
  double stalenessMean() {
    return share(sum(WorkerResult::stalenessSum), sum(WorkerResult::applied));
  }

  /** {@return largest staleness in versions} */
  long stalenessMax() {
    return workers.stream().mapToLong(WorkerResult::stalenessMax).max().orElse(0);
  }

  /** {@return share of the compute threads' time spent waiting in the engine} */
  double computeStallFraction() {
    return share(sum(WorkerResult::stallNs), sum(WorkerResult::computeNs));
  }

  /** {@return share of the compute threads' time spent working in the engine} */
  double computeSubmitFraction() {
    return share(sum(WorkerResult::submitNs), sum(WorkerResult::computeNs));
  }

  /** {@return share of the compute threads' time spent waiting for their own agents} */
  double computeBacklogFraction() {
    return share(sum(WorkerResult::backlogWaitNs), sum(WorkerResult::computeNs));
  }

  /**
   * How slow a worker is: the median rate of all workers over its own.
   *
   * @param rank the worker
   * @return 1 for a typical worker, 2 for one that is half as fast; NaN for one without steps
   */
  double stragglerScore(int rank) {
    double[] rates = workers.stream().mapToDouble(WorkerResult::stepsPerSecond).sorted().toArray();
    double median = (rates[(rates.length - 1) / 2] + rates[rates.length / 2]) / 2;
    double own = workers.get(rank).stepsPerSecond();
    return own > 0 ? median / own : Double.NaN;
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  /** {@return the keys that programs read} */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("algorithm", algorithm);
    json.put("accuracy", Json.number(averaged.accuracy()));
    json.put("workerAccuracies", workers.stream().map(w -> Json.number(w.accuracy())).toList());
    json.put("loss", Json.number(loss));
    json.put("evaluationLoss", Json.number(averaged.loss()));
    json.put("steps", sum(WorkerResult::steps));
    json.put("samples", sum(WorkerResult::samples));
    json.put("stepsPerWorker", each(WorkerResult::steps));
    json.put("stepsPerSecond", workers.stream().map(w -> Json.number(w.stepsPerSecond())).toList());
    json.put("exchanges", sum(WorkerResult::exchanges));
    json.put("exchangesFailed", sum(WorkerResult::torn));
    json.put("partnerBusy", sum(WorkerResult::partnerBusy));
    json.put("exchangesPerWorker", each(WorkerResult::exchanges));
    json.put("passiveExchanges", each(WorkerResult::passiveExchanges));
    json.put("pairings", workers.stream().map(WorkerResult::pairings).toList());
    json.put("fences", sum(WorkerResult::fences));
    json.put("stalenessMean", Json.number(stalenessMean()));
    json.put("stalenessMax", stalenessMax());
    json.put("stalenessPerWorker", workers.stream().map(RunResult::staleness).toList());
    json.put(
        "stalenessHistograms", workers.stream().map(WorkerResult::stalenessHistogram).toList());
    json.put(
        "stragglerScores",
        IntStream.range(0, workers.size())
            .mapToObj(rank -> Json.number(stragglerScore(rank)))
            .toList());
    json.put("computeStallFraction", Json.number(computeStallFraction()));
    json.put("computeSubmitFraction", Json.number(computeSubmitFraction()));
    json.put("computeBacklogFraction", Json.number(computeBacklogFraction()));
    json.put("seconds", Json.number(seconds));
    json.put("consensusDistance", Json.number(consensusDistance));
    json.put("gradientsSubmitted", sum(WorkerResult::submitted));
    json.put("gradientsApplied", sum(WorkerResult::applied));
    json.put("gradientsRefused", sum(WorkerResult::refused));
    json.put("gradientsMerged", sum(WorkerResult::merged));
    json.put("gradientsLate", sum(WorkerResult::late));
    json.put("lostRanks", lostRanks);
    json.put("restarts", restarts);
    json.put("incidents", incidents);
    json.put("stopped", stopped);
    json.put("outDirectory", outDirectory.toString());
    return json;
  }

  private static Double staleness(WorkerResult worker) {
    return Json.number(share(worker.stalenessSum(), worker.applied()));
  }

  private List<Long> each(ToLongFunction<WorkerResult> number) {
    return workers.stream().map(number::applyAsLong).toList();
  }
}
