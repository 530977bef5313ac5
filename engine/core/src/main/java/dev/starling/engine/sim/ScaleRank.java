package dev.starling.engine.sim;

import dev.starling.engine.metrics.Counter;

/**
 * When one worker's agent and compute side act. An agent that does nothing is not polled: it acts
 * again when an operation of its own completes or a gradient is handed in, a little later than a
 * back-off ends, and at a coarse tick for what it does at intervals.
 *
 * <pre>
 *   completed, submitted, tick --> doWork --something happened--> doWork after a duty cycle
 *                                         --operations under way--> nothing is planned
 *                                         --a gradient waits--> doWork after a pause that grows
 * </pre>
 */
final class ScaleRank {
  private static final long NOT_PLANNED = Long.MAX_VALUE;
  private static final long TICK_NS = 10_000_000;
  private static final long MIN_PAUSE_NS = 10_000;
  private static final long MAX_PAUSE_NS = 200_000;

  private final SimWorker worker;
  private final Agenda agenda;
  private final Pace pace;
  private final Runnable onSubmitted;
  private long plannedAtNs = NOT_PLANNED;
  private long pauseNs = MIN_PAUSE_NS;
  private int underWay;

  ScaleRank(SimWorker worker, Agenda agenda, Pace pace, Runnable onSubmitted) {
    this.worker = worker;
    this.agenda = agenda;
    this.pace = pace;
    this.onSubmitted = onSubmitted;
  }

  SimWorker worker() {
    return worker;
  }

  long count(Counter counter) {
    return worker.count(counter);
  }

  /** The compute side takes its first snapshot. */
  void start() {
    worker.compute().act();
    planCompute();
    tick();
  }

  private void planCompute() {
    agenda.after(pace.computeNs(worker.rank()), this::computeActs);
  }

  private void computeActs() {
    if (worker.compute().isFinished()) {
      return;
    }
    worker.compute().act();
    wake();
    planCompute();
    onSubmitted.run();
  }

  private void tick() {
    wake();
    agenda.after(TICK_NS, this::tick);
  }

  void posted() {
    underWay++;
  }

  void completed() {
    underWay--;
    wake();
  }

  private void wake() {
    plan(agenda.nowNs() + pace.agentNs(worker.rank()));
  }

  private void plan(long atNs) {
    if (atNs < plannedAtNs) {
      plannedAtNs = atNs;
      agenda.at(atNs, this::agentActs);
    }
  }

  private void agentActs() {
    if (agenda.nowNs() != plannedAtNs) {
      // It was planned again, for earlier.
      return;
    }
    plannedAtNs = NOT_PLANNED;
    if (worker.doWork() > 0) {
      pauseNs = MIN_PAUSE_NS;
      wake();
    } else if (underWay == 0 && !worker.isQuiescent()) {
      plan(agenda.nowNs() + pauseNs);
      pauseNs = Math.min(MAX_PAUSE_NS, pauseNs + pauseNs / 2);
    }
  }
}
