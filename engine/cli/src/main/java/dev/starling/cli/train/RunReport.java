package dev.starling.cli.train;

import java.util.Locale;

/** A run's result as a table for people. */
final class RunReport {
  private final StringBuilder text = new StringBuilder();

  private RunReport() {}

  /**
   * Writes the table.
   *
   * @param result the run's result
   * @return several lines, each ending with a line break
   */
  static String of(RunResult result) {
    RunReport report = new RunReport();
    report.workers(result);
    report.text.append('\n');
    report.totals(result);
    return report.text.toString();
  }

  private void workers(RunResult result) {
    format(
        "%-10s %10s %10s %10s %12s %12s %10s%n",
        "worker", "accuracy", "steps", "steps/s", "exch. begun", "exch. joined", "straggler");
    for (int rank = 0; rank < result.workers().size(); rank++) {
      WorkerResult worker = result.workers().get(rank);
      format(
          "%-10d %10s %10d %10.1f %12d %12d %10.2f%n",
          rank,
          accuracy(worker),
          worker.steps(),
          worker.stepsPerSecond(),
          worker.exchanges(),
          worker.passiveExchanges(),
          result.stragglerScore(rank));
    }
    format(
        "%-10s %8.2f %% %10d%n",
        "average", 100 * result.averaged().accuracy(), result.sum(WorkerResult::steps));
  }

  private static String accuracy(WorkerResult worker) {
    return Double.isNaN(worker.accuracy())
        ? "lost"
        : String.format(Locale.ROOT, "%.2f %%", 100 * worker.accuracy());
  }

  private void totals(RunResult result) {
    double seconds = Math.max(result.seconds(), 1e-9);
    line(
        "average",
        "accuracy %.2f %% on %d samples that were not trained on, loss %.4f (training %.4f)",
        100 * result.averaged().accuracy(),
        result.averaged().count(),
        result.averaged().loss(),
        result.loss());
    line(
        "work",
        "%d samples in %.1f s%s",
        result.sum(WorkerResult::samples),
        result.seconds(),
        result.stopped() ? ", stopped early" : "");
    line(
        "exchanges",
        "%d (%.0f/s), %d torn, %d attempts found the partner busy",
        result.sum(WorkerResult::exchanges),
        result.sum(WorkerResult::exchanges) / seconds,
        result.sum(WorkerResult::torn),
        result.sum(WorkerResult::partnerBusy));
    line(
        "staleness",
        "mean %.2f, largest %d versions",
        result.stalenessMean(),
        result.stalenessMax());
    line(
        "compute",
        "%.3f %% of the compute threads' time waiting in the engine, %.2f %% working in it,",
        100 * result.computeStallFraction(),
        100 * result.computeSubmitFraction());
    line(
        "",
        "%.2f %% waiting for their own communication threads (--max-backlog)",
        100 * result.computeBacklogFraction());
    line(
        "consensus",
        "%.4g (root of the mean squared distance of the replicas from their average)",
        result.consensusDistance());
    line(
        "gradients",
        "%d handed in, %d applied, %d refused, %d too late, %d merged with a waiting one",
        result.sum(WorkerResult::submitted),
        result.sum(WorkerResult::applied),
        result.sum(WorkerResult::refused),
        result.sum(WorkerResult::late),
        result.sum(WorkerResult::merged));
    for (String incident : result.incidents()) {
      line("incident", "%s", incident);
    }
    line("run", "%s", result.outDirectory());
  }

  private void line(String label, String format, Object... values) {
    format("%-10s ", label);
    format(format + "%n", values);
  }

  private void format(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
  }
}
