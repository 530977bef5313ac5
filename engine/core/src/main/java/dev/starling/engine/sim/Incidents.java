package dev.starling.engine.sim;

import java.util.List;
import java.util.SplittableRandom;

/** Plans the faults of a run that happen at a moment of time, rather than with an operation. */
final class Incidents {
  private final Scenario scenario;
  private final SplittableRandom random;
  private final Agenda agenda;
  private final FaultCounts counts;
  private final long spanNs;

  /**
   * Prepares to plan.
   *
   * @param scenario what may happen
   * @param random draws when, and to whom
   * @param agenda is given the events
   * @param counts is told what happened
   * @param spanNs about how long the run takes when nothing happens
   */
  Incidents(
      Scenario scenario, SplittableRandom random, Agenda agenda, FaultCounts counts, long spanNs) {
    this.scenario = scenario;
    this.random = random;
    this.agenda = agenda;
    this.counts = counts;
    this.spanNs = spanNs;
  }

  long moment() {
    return random.nextLong(spanNs);
  }

  /** Deaths: so many workers, each at most once before anyone comes back. */
  void planDeaths(List<SimWorker> workers, SimWorker.Deaths deaths) {
    int[] order = shuffled(workers.size());
    int next = 0;
    for (int i = 0; i < scenario.amount(Fault.CRASH) && next < order.length; i++) {
      SimWorker worker = workers.get(order[next++]);
      agenda.at(
          moment(),
          () -> {
            if (!worker.isDead()) {
              counts.add(Fault.CRASH);
              deaths.die(worker);
            }
          });
    }
    for (int i = 0; i < scenario.amount(Fault.CRASH_POINT) && next < order.length; i++) {
      workers.get(order[next++]).crashPoint(CrashPoint.draw(random, scenario.steps()));
    }
  }

  /** What may befall a worker that has come back: some die once more. */
  void planForReturned(SimWorker worker, SimWorker.Deaths deaths) {
    int fate = random.nextInt(6);
    if (fate == 0) {
      agenda.after(
          moment(),
          () -> {
            if (!worker.isDead()) {
              counts.add(Fault.CRASH);
              deaths.die(worker);
            }
          });
    } else if (fate == 1) {
      worker.crashPoint(CrashPoint.draw(random, scenario.steps()));
    }
  }

  /** Pauses and jumps of clocks, of whoever has the rank then. */
  void planDisturbances(List<SimWorker> workers, long holdLimitNs) {
    for (int i = 0; i < scenario.amount(Fault.PAUSE); i++) {
      int rank = random.nextInt(workers.size());
      // Half of the pauses end about when the home breaks the lock: either may come first.
      long durationNs =
          random.nextBoolean()
              ? random.nextLong(6 * holdLimitNs)
              : holdLimitNs + random.nextLong(holdLimitNs / 4);
      agenda.at(
          moment(),
          () -> {
            counts.add(Fault.PAUSE);
            workers.get(rank).pause(agenda.nowNs(), durationNs);
          });
    }
    for (int i = 0; i < scenario.amount(Fault.CLOCK_JUMP); i++) {
      int rank = random.nextInt(workers.size());
      long jumpNs = random.nextLong(3 * holdLimitNs);
      agenda.at(
          moment(),
          () -> {
            counts.add(Fault.CLOCK_JUMP);
            workers.get(rank).jump(jumpNs);
          });
    }
  }

  void planPartitions(Partitions partitions, long holdLimitNs) {
    for (int i = 0; i < scenario.amount(Fault.PARTITION); i++) {
      int a = random.nextInt(scenario.workers());
      int b = (a + 1 + random.nextInt(scenario.workers() - 1)) % scenario.workers();
      long startNs = moment();
      partitions.part(a, b, startNs, startNs + random.nextLong(4 * holdLimitNs));
      counts.add(Fault.PARTITION);
    }
  }

  private int[] shuffled(int length) {
    int[] order = new int[length];
    for (int i = 0; i < length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
