package dev.starling.cli.train;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RegionView;
import dev.starling.engine.fabric.Membership;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How long each worker's agent has been silent, from the heartbeats in their regions. Belongs to
 * one thread, which asks several times a second: what it has not watched, because it was paused
 * itself, does not count as silence.
 */
final class SilenceWatch implements AutoCloseable {
  /** Whoever asks again only after so long was paused. */
  private static final long GAP_NS = TimeUnit.SECONDS.toNanos(1);

  private final JobBoard board;
  private final LongSupplier clock;
  private final RegionView[] views;
  private final long[] attachedNs;
  private final int[] incarnations;
  private long askedNs;
  private long watchingSinceNs;

  /**
   * Creates a watch that has seen nobody.
   *
   * @param board the job's board
   */
  SilenceWatch(JobBoard board) {
    this(board, System::nanoTime);
  }

  /** The same, with a clock of its own. */
  SilenceWatch(JobBoard board, LongSupplier clock) {
    this.board = board;
    this.clock = clock;
    askedNs = clock.getAsLong();
    watchingSinceNs = askedNs;
    attachedNs = new long[board.workers()];
    views = new RegionView[board.workers()];
    incarnations = new int[board.workers()];
    Arrays.fill(incarnations, Membership.ABSENT);
  }

  /**
   * Looks at a rank.
   *
   * @param rank the rank
   * @return nanoseconds since its last sign of life, 0 while it has not joined
   */
  long silentNs(int rank) {
    long nowNs = clock.getAsLong();
    if (nowNs - askedNs > GAP_NS) {
      watchingSinceNs = nowNs;
    }
    askedNs = nowNs;
    int joined = board.incarnation(rank);
    if (joined != incarnations[rank]) {
      attach(rank, joined);
      attachedNs[rank] = nowNs;
    }
    if (views[rank] == null) {
      return 0;
    }
    // It may be stopped before the first beat, which is 0 until then.
    long signNs = Math.max(views[rank].heartbeatNs(), attachedNs[rank]);
    return Math.max(0, nowNs - Math.max(signNs, watchingSinceNs));
  }

  private void attach(int rank, int joined) {
    if (views[rank] != null) {
      views[rank].close();
      views[rank] = null;
    }
    incarnations[rank] = joined;
    if (joined != Membership.ABSENT) {
      Path path = Path.of(board.region(rank, joined).address());
      try {
        views[rank] = RegionView.open(path);
      } catch (StarlingException failure) {
        // It died or left between the two looks; the supervisor sees its process end.
        if (!board.fabric().isDead(board.region(rank, joined))) {
          throw failure;
        }
      }
    }
  }

  @Override
  public void close() {
    for (RegionView view : views) {
      if (view != null) {
        view.close();
      }
    }
  }
}
