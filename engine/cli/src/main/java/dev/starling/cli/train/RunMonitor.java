package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.metrics.Counter;
import dev.starling.models.Pass;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Watches a run from a thread of its own: reads the counters, now and then evaluates the average of
 * all replicas on a slice of the evaluation set, tells the display, the log and the history, and
 * saves the counters for {@code starling stat}.
 *
 * <p>Evaluation takes at most a tenth of one processor. The job's observer belongs to this thread
 * until {@link #close()} returns.
 */
final class RunMonitor implements AutoCloseable {
  private static final int SLICE = 500;
  private static final int EVALUATION_BATCH = 64;
  private static final long READ_TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int MAX_EVALUATION_SHARE = 10;
  private static final long EVALUATION_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);
  private static final ThreadMXBean PROCESSOR = ManagementFactory.getThreadMXBean();
  private static final long TICK_NS = (long) (HistoryFile.INTERVAL_SECONDS * 1e9);
  private static final long LOG_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);

  private final TrainingJob job;
  private final WorkBudget budget;
  private final int trainCount;
  private final Dataset slice;
  private final Pass pass;
  private final MemorySegment average;
  private final ProgressDisplay display;
  private final RunDirectory directory;
  private final RunHistory history;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private final long beginNs = System.nanoTime();

  private double accuracy = Double.NaN;
  private double untoldAccuracy = Double.NaN;
  private long showAtNs;
  private long evaluateAtNs = beginNs + EVALUATION_INTERVAL_NS;
  private long logAtNs = beginNs;
  private long lastExchanges;
  private long lastNs = beginNs;
  private RuntimeException failure;

  /**
   * Creates a monitor at rest.
   *
   * @param job the job
   * @param plan the run
   * @param average memory for the averaged model, used by this thread until it is closed
   * @param display for a person, closed by this monitor
   * @param directory takes a line and the counters every few seconds
   */
  RunMonitor(
      TrainingJob job,
      RunPlan plan,
      MemorySegment average,
      ProgressDisplay display,
      RunDirectory directory) {
    RunSetup setup = plan.setup();
    this.job = job;
    this.budget = plan.budget();
    this.trainCount = setup.train().count();
    this.slice = setup.evaluation().range(0, Math.min(SLICE, setup.evaluation().count()));
    this.pass = setup.model().newPass(EVALUATION_BATCH);
    this.average = average;
    this.display = display;
    this.directory = directory;
    history = new RunHistory(directory, job, plan);
    showAtNs = beginNs + display.intervalNs();
    thread = new Thread(this::watch, "starling-monitor");
    thread.setDaemon(true);
  }

  /**
   * Starts watching. The counters and the first line of the history are there from the start, for a
   * run that dies at once.
   */
  void start() {
    directory.tryWrite(RunStat.FILE, RunStat.of(job.board(), true).toJson());
    history.add(0, Double.NaN, true);
    thread.start();
  }

  private void watch() {
    try {
      while (!ended.await(TICK_NS, TimeUnit.NANOSECONDS)) {
        if (System.nanoTime() - evaluateAtNs > 0) {
          evaluate();
        }
        job.observer().refresh();
        remember(System.nanoTime(), false);
        if (System.nanoTime() - showAtNs >= 0) {
          showAtNs = System.nanoTime() + display.intervalNs() - TICK_NS / 2;
          tell();
        }
      }
      long endNs = System.nanoTime();
      evaluate();
      job.observer().refresh();
      remember(endNs, true);
      tell();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException failed) {
      failure = failed;
    } finally {
      display.close();
    }
  }

  private void evaluate() {
    final long startNs = PROCESSOR.getCurrentThreadCpuTime();
    job.observer().refresh();
    if (job.isEvaluator() && job.observer().average(average, READ_TIMEOUT_NS) > 0) {
      accuracy = pass.evaluate(average, slice).accuracy();
      untoldAccuracy = accuracy;
    }
    // Time of the processor: on a busy machine an evaluation takes long and costs no more.
    long tookNs = PROCESSOR.getCurrentThreadCpuTime() - startNs;
    evaluateAtNs =
        System.nanoTime() + Math.max(EVALUATION_INTERVAL_NS, (MAX_EVALUATION_SHARE - 1) * tookNs);
  }

  private void remember(long nowNs, boolean last) {
    if (history.add((nowNs - beginNs) / 1e9, untoldAccuracy, last)) {
      untoldAccuracy = Double.NaN;
    }
  }

  private void tell() {
    Progress progress = progress();
    // Of several ranks one shows how far all are: a launcher mixes what they write.
    if (job.isEvaluator()) {
      display.show(progress);
    }
    if (System.nanoTime() - logAtNs > 0) {
      logAtNs = System.nanoTime() + LOG_INTERVAL_NS;
      directory.log(progress.toLine());
      directory.tryWrite(RunStat.FILE, RunStat.of(job.board(), true).toJson());
      directory.complaint().ifPresent(display::tell);
    }
  }

  private Progress progress() {
    long exchanges = 0;
    long refused = 0;
    long steps = 0;
    long samples = 0;
    for (int rank = 0; rank < job.board().workers(); rank++) {
      exchanges += job.observer().count(rank, Counter.EXCHANGES);
      refused += job.observer().count(rank, Counter.GRADIENTS_REFUSED);
      steps += job.board().rank(rank).steps();
      samples += job.board().rank(rank).samples();
    }
    long nowNs = System.nanoTime();
    double rate = (exchanges - lastExchanges) * 1e9 / Math.max(1, nowNs - lastNs);
    lastExchanges = exchanges;
    lastNs = nowNs;
    return new Progress(
        (nowNs - beginNs) / 1e9,
        budget.taken(job.board()),
        budget.total(),
        (double) samples / trainCount,
        meanLoss(job.board()),
        accuracy,
        steps,
        exchanges,
        rate,
        refused);
  }

  /**
   * The training loss of a run.
   *
   * @param board where the workers tell it
   * @return mean over the workers that have done a step, NaN before the first
   */
  static double meanLoss(JobBoard board) {
    return IntStream.range(0, board.workers())
        .mapToObj(board::rank)
        .filter(rank -> rank.steps() > 0)
        .mapToDouble(RankRecord::loss)
        .average()
        .orElse(Double.NaN);
  }

  /**
   * Shows the progress a last time, ends the thread and closes its workspace.
   *
   * @throws RuntimeException what ended it before
   */
  @Override
  public void close() {
    ended.countDown();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException again) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    closePass();
    if (failure != null) {
      throw failure;
    }
  }

  private void closePass() {
    try {
      pass.close();
    } catch (RuntimeException failed) {
      if (failure == null) {
        failure = failed;
      } else {
        failure.addSuppressed(failed);
      }
    }
  }
}
