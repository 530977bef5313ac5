package dev.starling.cli.train;

import dev.starling.cli.Json;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.optimizer.Schedule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/**
 * What a run's counters were as time went on, one JSON object on a line of history.jsonl. Counts
 * are sums since the run began; of a rank that was started again, over all its lives.
 *
 * <pre>
 *   seconds epoch steps samples loss accuracy learningRate
 *   steps-, exchanges-, busy-, alone-, tornPerWorker, stallNsPerWorker, by rank
 * </pre>
 *
 * <p>Belongs to the monitor's thread.
 */
final class RunHistory {
  private final HistoryFile file;
  private final TrainingJob job;
  private final Schedule schedule;
  private final int trainCount;

  /**
   * Goes on with the history in a directory, or begins one.
   *
   * @param directory where it lies
   * @param job what is counted
   * @param plan the run
   */
  RunHistory(RunDirectory directory, TrainingJob job, RunPlan plan) {
    file = new HistoryFile(directory);
    this.job = job;
    schedule = plan.schedule();
    trainCount = plan.setup().train().count();
  }

  /**
   * Adds a line when one is due.
   *
   * @param seconds since the run began or went on
   * @param accuracy as it was evaluated since the last line, or NaN
   * @param last whether this is the end, so that a line is due in any case
   * @return whether a line was added
   */
  boolean add(double seconds, double accuracy, boolean last) {
    if (!last && !file.isDue(seconds)) {
      return false;
    }
    file.add(seconds, now(file.earlierSeconds() + seconds, accuracy));
    return true;
  }

  private Map<String, Object> now(double seconds, double accuracy) {
    int workers = job.board().workers();
    List<Long> steps = each(rank -> job.board().rank(rank).steps());
    long allSteps = steps.stream().mapToLong(Long::longValue).sum();
    long samples = IntStream.range(0, workers).mapToLong(r -> job.board().rank(r).samples()).sum();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("seconds", Math.round(1000 * seconds) / 1000.0);
    line.put("epoch", (double) samples / trainCount);
    line.put("steps", allSteps);
    line.put("samples", samples);
    line.put("loss", Json.number(RunMonitor.meanLoss(job.board())));
    line.put("accuracy", Json.number(accuracy));
    line.put("learningRate", Json.number(schedule.learningRate((double) allSteps / workers)));
    line.put("stepsPerWorker", steps);
    line.put("exchangesPerWorker", counts(Counter.EXCHANGES));
    line.put("busyPerWorker", counts(Counter.PARTNER_BUSY));
    line.put("alonePerWorker", counts(Counter.STEPS));
    line.put("tornPerWorker", counts(Counter.EXCHANGES_TORN));
    line.put("stallNsPerWorker", counts(Counter.STALL_NS));
    return line;
  }

  private List<Long> counts(Counter counter) {
    return each(rank -> job.observer().count(rank, counter));
  }

  private List<Long> each(IntToLongFunction count) {
    return IntStream.range(0, job.board().workers()).mapToObj(count::applyAsLong).toList();
  }
}
