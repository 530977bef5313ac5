package dev.starling.engine.sim;

import java.util.List;

/** Takes one checkpoint of everyone who lives, at some moment of a run. */
final class CheckpointSets {
  private final List<SimWorker> workers;
  private final SimLogs logs;
  private long set;
  private long complete;
  private int awaited;

  CheckpointSets(List<SimWorker> workers, SimLogs logs) {
    this.workers = workers;
    this.logs = logs;
  }

  /** Asks everyone who lives for a copy. */
  void begin() {
    set++;
    for (SimWorker worker : workers) {
      if (!worker.isDead()) {
        worker.requestCopy(set);
        awaited++;
      }
    }
  }

  /** Saves what a worker has copied. */
  void poll(SimWorker worker) {
    if (awaited > 0 && worker.saveCopy(logs)) {
      awaited--;
      complete = awaited == 0 ? set : complete;
    }
  }

  /** Whether a worker that died was cut for the set nobody can tell: the set is given up. */
  void lost() {
    if (awaited > 0) {
      awaited = 0;
      workers.forEach(SimWorker::forgetCopy);
    }
  }

  /** A worker that comes back is cut for the newest set, as everyone is. */
  void joined(SimWorker worker) {
    if (worker.replica().cut(0) < set) {
      worker.requestCopy(set);
      worker.forgetCopy();
    }
  }

  /** {@return the set that was begun last, 0 before the first} */
  long newest() {
    return set;
  }

  /** {@return the newest set that everyone's state was saved for, 0 for none} */
  long complete() {
    return complete;
  }

  /** Whether some stripes are cut for a set and others not yet: no replica to begin with, then. */
  boolean isUnderWay(int stripes) {
    long cut = -1;
    for (SimWorker worker : workers) {
      for (int stripe = 0; stripe < stripes && !worker.isDead(); stripe++) {
        if (cut >= 0 && worker.replica().cut(stripe) != cut) {
          return true;
        }
        cut = worker.replica().cut(stripe);
      }
    }
    return awaited > 0;
  }
}
