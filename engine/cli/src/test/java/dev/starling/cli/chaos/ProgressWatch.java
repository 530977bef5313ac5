package dev.starling.cli.chaos;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RankRecord;
import dev.starling.engine.cluster.RegionView;
import dev.starling.engine.fabric.Membership;
import dev.starling.engine.fabric.ShmFabric;
import dev.starling.engine.metrics.Counter;
import dev.starling.engine.metrics.Counters;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Watches that every worker that lives and is not paused does steps and that its agent applies them
 * (P1, I8), that who was killed comes back, and that no worker applies more gradients than it was
 * given (I7).
 *
 * <p>How long a worker may take for a step follows from its options: the pretended computing, the
 * wait for its own agent, and the hold limit of a lock on its own replica, each as much longer as
 * there are threads for a processor; and {@link #ALLOWANCE_MS} for a virtual machine that compiles
 * and collects garbage, and a disk that writes back.
 *
 * <p>Looks from a thread of its own; the other methods belong to the test's thread.
 */
final class ProgressWatch implements AutoCloseable {
  /** What {@code BacklogLimit} makes a compute thread wait for its agent. */
  private static final int BACKLOG_MS = 100;

  private static final int ALLOWANCE_MS = 10_000;
  private static final int THREADS_PER_WORKER = 3;

  /** From the start of a process to its first step, with as many others starting beside it. */
  private static final int START_MS = 10_000;

  /** How long a worker that starts tries to copy the replica of each of the others. */
  private static final int COPY_MS = 10_000;

  private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int POLLS_PER_COUNT = 40;

  private final JobBoard board;
  private final int processors = Runtime.getRuntime().availableProcessors();
  private final Thread thread = new Thread(this::watch, "chaos-progress");
  private final CompletableFuture<Void> finished = new CompletableFuture<>();
  private final boolean[] excused;
  private final long[] sinceNs;
  private final long[] doneSinceNs;
  private final long[] doneSeen;
  private final long[] rises;
  private final long[] stepsSeen;
  private final int[] incarnationSeen;
  private final int[] deadIncarnation;
  private int busy;
  private int joinsExcused;
  private boolean ended;
  private int polls;
  private long longestStepNs;
  private long longestApplyNs;
  private long longestReturnNs;
  private long returns;
  private long counted;
  private String failure;

  ProgressWatch(Path boardPath) {
    board = JobBoard.open(new ShmFabric(boardPath.getParent()), boardPath);
    int workers = board.workers();
    excused = new boolean[workers];
    sinceNs = new long[workers];
    doneSinceNs = new long[workers];
    doneSeen = new long[workers];
    rises = new long[workers];
    stepsSeen = new long[workers];
    incarnationSeen = new int[workers];
    deadIncarnation = new int[workers];
    Arrays.fill(incarnationSeen, Membership.ABSENT);
    Arrays.fill(deadIncarnation, Membership.ABSENT);
    Arrays.fill(sinceNs, System.nanoTime());
    Arrays.fill(doneSinceNs, System.nanoTime());
    thread.setDaemon(true);
    thread.start();
  }

  /** {@return how long a worker that lives may take for a step, in milliseconds} */
  long stepLimitMs() {
    int threads = THREADS_PER_WORKER * board.workers() + busy;
    return ALLOWANCE_MS
        + (long) (ChaosPlan.COMPUTE_MS + BACKLOG_MS + ChaosPlan.HOLD_LIMIT_MS)
            * Math.ceilDiv(threads, processors);
  }

  /** {@return how long a worker that was killed may take until it has joined again} */
  long returnLimitMs() {
    int threads = board.workers() + busy;
    return (long) START_MS * Math.max(1, Math.ceilDiv(threads, processors))
        + (long) COPY_MS * (board.workers() - 1);
  }

  JobBoard board() {
    return board;
  }

  /** A rank is paused, or takes part again. */
  synchronized void excuse(int rank, boolean paused) {
    excused[rank] = paused;
    sinceNs[rank] = System.nanoTime();
    doneSinceNs[rank] = sinceNs[rank];
  }

  /** A process was killed: its steps end with it. */
  synchronized void killed(int rank, int incarnation) {
    deadIncarnation[rank] = Math.max(deadIncarnation[rank], incarnation);
    excused[rank] = false;
    sinceNs[rank] = System.nanoTime();
    doneSinceNs[rank] = sinceNs[rank];
  }

  /** Nobody can join for a while, or everybody can again. */
  synchronized void excuseJoins(boolean impossible) {
    joinsExcused += impossible ? 1 : -1;
    Arrays.fill(sinceNs, System.nanoTime());
    Arrays.fill(doneSinceNs, System.nanoTime());
  }

  /** Busy processes compete with the workers, or have ended. */
  synchronized void busy(int processes) {
    busy = processes;
    Arrays.fill(sinceNs, System.nanoTime());
    Arrays.fill(doneSinceNs, System.nanoTime());
  }

  /** {@return what went wrong, or null} */
  synchronized String failure() {
    return failure;
  }

  synchronized long longestStepMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestStepNs);
  }

  /** {@return how often a rank's agent was seen to have dealt with more gradients than before} */
  synchronized long rises(int rank) {
    return rises[rank];
  }

  synchronized long longestApplyMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestApplyNs);
  }

  synchronized long longestReturnMs() {
    return TimeUnit.NANOSECONDS.toMillis(longestReturnNs);
  }

  synchronized long returns() {
    return returns;
  }

  /** {@return how often counters were compared} */
  synchronized long counted() {
    return counted;
  }

  private void watch() {
    try {
      while (!isEnded()) {
        look();
        LockSupport.parkNanos(POLL_NS);
      }
    } finally {
      finished.complete(null);
    }
  }

  private synchronized boolean isEnded() {
    return ended;
  }

  private synchronized void look() {
    try {
      boolean counts = ++polls % POLLS_PER_COUNT == 0;
      for (int rank = 0; rank < board.workers() && !ended; rank++) {
        RankRecord record = board.rank(rank);
        int incarnation = record.incarnation();
        if (incarnation > deadIncarnation[rank] && record.state() == RankRecord.State.JOINED) {
          lookAtLiving(rank, record, incarnation);
          if (counts) {
            count(rank, incarnation);
          }
        } else {
          lookAtLost(rank);
        }
      }
    } catch (RuntimeException wrong) {
      fail("the watch failed: " + wrong);
    }
  }

  private void lookAtLiving(int rank, RankRecord record, int incarnation) {
    long nowNs = System.nanoTime();
    if (incarnation != incarnationSeen[rank]) {
      if (incarnationSeen[rank] != Membership.ABSENT) {
        returns++;
        longestReturnNs = Math.max(longestReturnNs, nowNs - sinceNs[rank]);
      }
      incarnationSeen[rank] = incarnation;
      sinceNs[rank] = nowNs;
      doneSinceNs[rank] = nowNs;
      doneSeen[rank] = 0;
    }
    long steps = record.steps();
    if (steps != stepsSeen[rank] || excused[rank] || board.phase() != JobBoard.Phase.RUNNING) {
      longestStepNs =
          excused[rank] ? longestStepNs : Math.max(longestStepNs, nowNs - sinceNs[rank]);
      stepsSeen[rank] = steps;
      sinceNs[rank] = nowNs;
    } else if (nowNs - sinceNs[rank] > TimeUnit.MILLISECONDS.toNanos(stepLimitMs())) {
      fail(
          "rank %d.%d lives and has done no step for %d ms after step %d"
              .formatted(rank, incarnation, stepLimitMs(), steps));
    }
  }

  private void lookAtLost(int rank) {
    long nowNs = System.nanoTime();
    if (joinsExcused > 0 || excused[rank]) {
      sinceNs[rank] = nowNs;
    } else if (nowNs - sinceNs[rank] > TimeUnit.MILLISECONDS.toNanos(returnLimitMs())) {
      fail("rank %d was not there again after %d ms".formatted(rank, returnLimitMs()));
    }
  }

  /**
   * Submitted = applied + pending + refused, and pending is never negative. Steps alone do not show
   * that the agent lives: a compute thread that has waited for it long enough goes on.
   */
  private void count(int rank, int incarnation) {
    Path region = Path.of(board.region(rank, incarnation).address());
    try (RegionView view = RegionView.open(region)) {
      Counters counters = view.counters();
      long done =
          counters.get(Counter.GRADIENTS_APPLIED)
              + counters.get(Counter.GRADIENTS_LATE)
              + counters.get(Counter.GRADIENTS_LATE_AT_SUBMIT)
              + counters.get(Counter.GRADIENTS_REFUSED);
      long submitted = counters.get(Counter.GRADIENTS_SUBMITTED);
      counted++;
      if (done > submitted) {
        fail(
            "rank %d.%d applied or refused %d gradients of %d"
                .formatted(rank, incarnation, done, submitted));
      }
      requireMore(rank, incarnation, done);
    } catch (StarlingException gone) {
      if (java.nio.file.Files.exists(region)) {
        throw gone;
      }
    }
  }

  private void requireMore(int rank, int incarnation, long done) {
    long nowNs = System.nanoTime();
    if (done != doneSeen[rank] || excused[rank] || board.phase() != JobBoard.Phase.RUNNING) {
      longestApplyNs =
          excused[rank] ? longestApplyNs : Math.max(longestApplyNs, nowNs - doneSinceNs[rank]);
      rises[rank] += done > doneSeen[rank] ? 1 : 0;
      doneSeen[rank] = done;
      doneSinceNs[rank] = nowNs;
    } else if (nowNs - doneSinceNs[rank] > TimeUnit.MILLISECONDS.toNanos(stepLimitMs())) {
      fail(
          "rank %d.%d lives and its agent has dealt with no gradient for %d ms after %d of them"
              .formatted(rank, incarnation, stepLimitMs(), done));
    }
  }

  private void fail(String sentence) {
    if (failure == null) {
      failure = sentence;
    }
  }

  /** Ends the watch; the job is about to stop. */
  synchronized void end() {
    ended = true;
  }

  @Override
  public void close() {
    end();
    finished.join();
    board.close();
  }
}
