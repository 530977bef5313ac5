package dev.starling.cli.train;

import dev.starling.engine.StarlingException;
import dev.starling.engine.cluster.JobBoard;
import dev.starling.engine.cluster.RegionView;
import dev.starling.engine.fabric.Membership;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * How long each worker's agent has been silent, from the heartbeats in their regions. Belongs to
 * one thread.
 */
final class SilenceWatch implements AutoCloseable {
  private final JobBoard board;
  private final RegionView[] views;
  private final int[] incarnations;

  /**
   * Creates a watch that has seen nobody.
   *
   * @param board the job's board
   */
  SilenceWatch(JobBoard board) {
    this.board = board;
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
    int joined = board.incarnation(rank);
    if (joined != incarnations[rank]) {
      attach(rank, joined);
    }
    long beatNs = views[rank] == null ? 0 : views[rank].heartbeatNs();
    return beatNs == 0 ? 0 : Math.max(0, System.nanoTime() - beatNs);
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
