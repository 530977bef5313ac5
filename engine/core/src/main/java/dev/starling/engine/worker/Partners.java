package dev.starling.engine.worker;

import dev.starling.engine.replica.ReplicaLayout;
import dev.starling.engine.topology.Topology;
import java.util.stream.IntStream;

/** To whom a worker connects. */
final class Partners {
  private Partners() {}

  /**
   * Finds the workers that one reads from or writes to.
   *
   * @param algorithm the job's
   * @param rank the worker
   * @param layout the layout of the replicas
   * @param topology the job's graph
   * @return neighbours in the graph, the worker before in the ring, or the homes of all shards
   */
  static int[] of(Algorithm algorithm, int rank, ReplicaLayout layout, Topology topology) {
    int workers = layout.workers();
    return switch (algorithm) {
      case AD_PSGD, D_PSGD -> topology.neighbours(rank);
      case ALLREDUCE -> workers == 1 ? new int[0] : new int[] {Math.floorMod(rank - 1, workers)};
      case A_PSGD ->
          IntStream.range(0, Math.min(workers, layout.stripes()))
              .filter(home -> home != rank)
              .toArray();
    };
  }
}
