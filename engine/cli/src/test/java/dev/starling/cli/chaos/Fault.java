package dev.starling.cli.chaos;

import java.util.Locale;

/**
 * One thing that goes wrong.
 *
 * @param kind what
 * @param atMs when, since the run's workers began to train
 * @param rank to whom; meaningless where it happens to all
 * @param lengthMs how long it lasts; for {@link Kind#KILL_STARTING} the age of who is killed
 */
record Fault(Kind kind, long atMs, int rank, long lengthMs) {
  /** What can go wrong. */
  enum Kind {
    /** SIGKILL to a worker's process, whatever it is doing. */
    KILL("kills of a worker"),
    /** SIGKILL to the next process of a rank soon after it was started. */
    KILL_STARTING("kills of a worker that starts"),
    /** SIGKILL to every worker's process at once. */
    KILL_ALL("kills of all workers at once"),
    /** SIGSTOP to a worker for less than the hold limit, then SIGCONT. */
    PAUSE_SHORT("pauses within the hold limit"),
    /** SIGSTOP to a worker for longer than the hold limit, then SIGCONT. */
    PAUSE_LONG("pauses beyond the hold limit"),
    /** SIGSTOP to the supervisor, then SIGCONT. */
    PAUSE_SUPERVISOR("pauses of the supervisor"),
    /** SIGKILL to the supervisor: the run ends, and goes on from its newest checkpoint set. */
    KILL_SUPERVISOR("kills of the supervisor"),
    /** The file system of the regions stays full while a worker is killed and restarted. */
    FULL_MEMORY("times of full shared memory"),
    /** More busy processes than processors. */
    STARVE("times of starved processors"),
    /** The file system of the run directory is full. */
    FULL_DISK("times of a full disk");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  @Override
  public String toString() {
    return "%s@%d rank %d for %d ms"
        .formatted(kind.name().toLowerCase(Locale.ROOT), atMs, rank, lengthMs);
  }
}
