package dev.starling.cli.train;

import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import dev.starling.engine.worker.LocalJob;
import dev.starling.models.Pass;
import dev.starling.models.data.Dataset;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Watches a run from a thread of its own: reads the counters, now and then evaluates the average of
 * all replicas on a slice of the evaluation set, and tells the display and the log.
 *
 * <p>Evaluation takes at most a tenth of one processor. The job's averages belong to this thread
 * until {@link #close()} returns.
 */
final class RunMonitor implements AutoCloseable {
  private static final int SLICE = 500;
  private static final int EVALUATION_BATCH = 64;
  private static final int MAX_EVALUATION_SHARE = 10;
  private static final long EVALUATION_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);
  private static final long LOG_INTERVAL_NS = TimeUnit.SECONDS.toNanos(2);

  private final LocalJob job;
  private final List<WorkerLoop> loops;
  private final WorkBudget budget;
  private final int trainCount;
  private final Dataset slice;
  private final Pass pass;
  private final MemorySegment average;
  private final ProgressDisplay display;
  private final Consumer<String> log;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread thread;
  private final long beginNs = System.nanoTime();

  private double accuracy = Double.NaN;
  private long evaluateAtNs = beginNs + EVALUATION_INTERVAL_NS;
  private long logAtNs = beginNs;
  private long lastExchanges;
  private long lastNs = beginNs;
  private RuntimeException failure;

  /**
   * Creates a monitor at rest.
   *
   * @param job the job
   * @param loops its compute threads
   * @param budget the work of the run
   * @param setup model and data
   * @param average memory for the averaged model, used by this thread until it is closed
   * @param display for a person, closed by this monitor
   * @param log takes a line every few seconds
   */
  RunMonitor(
      LocalJob job,
      List<WorkerLoop> loops,
      WorkBudget budget,
      RunSetup setup,
      MemorySegment average,
      ProgressDisplay display,
      Consumer<String> log) {
    this.job = job;
    this.loops = loops;
    this.budget = budget;
    this.trainCount = setup.train().count();
    this.slice = setup.evaluation().range(0, Math.min(SLICE, setup.evaluation().count()));
    this.pass = setup.model().newPass(EVALUATION_BATCH);
    this.average = average;
    this.display = display;
    this.log = log;
    thread = new Thread(this::watch, "starling-monitor");
    thread.setDaemon(true);
  }

  /** Starts watching. */
  void start() {
    thread.start();
  }

  private void watch() {
    try {
      while (!ended.await(display.intervalNs(), TimeUnit.NANOSECONDS)) {
        if (System.nanoTime() - evaluateAtNs > 0) {
          evaluate();
        }
        tell();
      }
      evaluate();
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
    long startNs = System.nanoTime();
    job.average(average);
    accuracy = pass.evaluate(average, slice).accuracy();
    long endNs = System.nanoTime();
    evaluateAtNs =
        endNs + Math.max(EVALUATION_INTERVAL_NS, (MAX_EVALUATION_SHARE - 1) * (endNs - startNs));
  }

  private void tell() {
    Progress progress = progress();
    display.show(progress);
    if (System.nanoTime() - logAtNs > 0) {
      logAtNs = System.nanoTime() + LOG_INTERVAL_NS;
      log.accept(progress.toLine());
    }
  }

  private Progress progress() {
    long exchanges = 0;
    long refused = 0;
    for (int rank = 0; rank < job.workers(); rank++) {
      Counters counters = job.worker(rank).counters();
      exchanges += counters.get(Counter.EXCHANGES);
      refused += counters.get(Counter.GRADIENTS_REFUSED);
    }
    long steps = 0;
    long samples = 0;
    for (WorkerLoop loop : loops) {
      steps += loop.steps();
      samples += loop.samples();
    }
    long nowNs = System.nanoTime();
    double rate = (exchanges - lastExchanges) * 1e9 / Math.max(1, nowNs - lastNs);
    lastExchanges = exchanges;
    lastNs = nowNs;
    return new Progress(
        (nowNs - beginNs) / 1e9,
        budget.taken(),
        budget.total(),
        (double) samples / trainCount,
        meanLoss(loops),
        accuracy,
        steps,
        exchanges,
        rate,
        refused);
  }

  /**
   * The training loss of a run.
   *
   * @param loops the compute threads
   * @return mean over the workers that have done a step, NaN before the first
   */
  static double meanLoss(List<WorkerLoop> loops) {
    return loops.stream()
        .filter(loop -> loop.steps() > 0)
        .mapToDouble(WorkerLoop::loss)
        .average()
        .orElse(Double.NaN);
  }

  /**
   * Shows the progress a last time and ends the thread.
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
    if (failure != null) {
      throw failure;
    }
  }
}
