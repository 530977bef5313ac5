package dev.starling.cli.train;

import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Looks for signs of life of the worker processes of a run: tells people who has fallen silent and
 * who takes part again, and ends a process that would keep a finished or stopped job waiting.
 *
 * <p>Belongs to the supervisor's thread.
 */
final class LifeWatch implements AutoCloseable {
  /**
   * How long a job that was stopped waits for a silent process: the signal leaves {@value
   * StopSignal#LIMIT_SECONDS} s for everything.
   */
  static final long STOPPING_LIMIT_NS = TimeUnit.SECONDS.toNanos(3);

  /** How long a silent process keeps the others waiting when all the work is done. */
  private static final long SILENCE_LIMIT_NS = TimeUnit.SECONDS.toNanos(30);

  private static final long TOLD_SILENCE_NS = TimeUnit.SECONDS.toNanos(3);

  private final JobBoard board;
  private final WorkerProcess[] processes;
  private final StopSignal stop;
  private final Consumer<String> tell;
  private final SilenceWatch silence;

  /**
   * Creates a watch that has seen nobody.
   *
   * @param board the job's board
   * @param processes the newest process of every rank, which the supervisor replaces
   * @param stop whether the job was stopped
   * @param tell takes a sentence for people
   */
  LifeWatch(JobBoard board, WorkerProcess[] processes, StopSignal stop, Consumer<String> tell) {
    this.board = board;
    this.processes = processes;
    this.stop = stop;
    this.tell = tell;
    silence = new SilenceWatch(board);
  }

  /**
   * Looks at a process that runs.
   *
   * @param process one of the processes
   */
  void look(WorkerProcess process) {
    if (hasJoined(process)) {
      tellSilence(process);
    }
    endIfStuck(process);
  }

  private void tellSilence(WorkerProcess process) {
    long silentNs = silence.silentNs(process.rank());
    if (silentNs > TOLD_SILENCE_NS && !process.isSilenceTold()) {
      process.silenceTold(true);
      tell.accept(
          "rank %d has been silent for %d s, stopped or starved: the others go on without it"
              .formatted(process.rank(), TimeUnit.NANOSECONDS.toSeconds(silentNs)));
    } else if (silentNs < TOLD_SILENCE_NS && process.isSilenceTold()) {
      process.silenceTold(false);
      tell.accept("rank %d takes part again".formatted(process.rank()));
    }
  }

  private void endIfStuck(WorkerProcess process) {
    if (isTraining(process) && isStuck(process) && othersEnded(process)) {
      tell.accept(
          "rank %d gave no sign of life for %d s after %s: its process is ended"
              .formatted(
                  process.rank(),
                  TimeUnit.NANOSECONDS.toSeconds(stuckLimitNs()),
                  stop.isRequested() ? "it was asked to finish" : "all the work was done"));
      process.kill();
    }
  }

  private long stuckLimitNs() {
    return stop.isRequested() ? STOPPING_LIMIT_NS : SILENCE_LIMIT_NS;
  }

  /** Whether a process has been silent, or has not joined, for so long that nobody waits for it. */
  private boolean isStuck(WorkerProcess process) {
    long silentNs = hasJoined(process) ? silence.silentNs(process.rank()) : process.ageNs();
    if (stop.isRequested()) {
      silentNs = Math.min(silentNs, System.nanoTime() - stop.requestedNs());
    }
    return silentNs > stuckLimitNs();
  }

  private boolean othersEnded(WorkerProcess process) {
    for (WorkerProcess other : processes) {
      if (other != process && isTraining(other) && !isStuck(other)) {
        return false;
      }
    }
    return board.workLeft() <= 0 || stop.isRequested();
  }

  private boolean hasJoined(WorkerProcess process) {
    return board.incarnation(process.rank()) == process.incarnation();
  }

  /** Whether a process runs, was not ended by this watch, and has not finished. */
  private boolean isTraining(WorkerProcess process) {
    return process.isAlive()
        && !process.isKilled()
        && board.rank(process.rank()).state().compareTo(RankRecord.State.FINISHED) < 0;
  }

  @Override
  public void close() {
    silence.close();
  }
}
