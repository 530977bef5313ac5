package dev.starling.engine.checkpoint;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Writes set after set to the run directory named by its argument, until it is killed. */
public final class WriteSetsMain {
  private static final int MOST = 10_000;

  private WriteSetsMain() {}

  /** Prints one dot for each complete set. */
  public static void main(String[] arguments) {
    CheckpointSets sets = CheckpointSets.of(Path.of(arguments[0]));
    SplittableRandom random = new SplittableRandom(1);
    for (long set = 0; set < MOST && !System.out.checkError(); set++) {
      sets.create(set);
      List<CheckpointManifest.RankFile> ranks = new ArrayList<>();
      for (int rank = 0; rank < 3; rank++) {
        try (Arena arena = Arena.ofConfined()) {
          RandomState state = RandomState.of(random, arena, rank).inSet(set);
          int incarnation = state.description().incarnation();
          ranks.add(
              CheckpointFiles.write(
                  sets.file(set, rank, incarnation),
                  state.description(),
                  state.tensors(),
                  state.parameters(),
                  state.states()));
        }
      }
      sets.complete(new CheckpointManifest(set, set, ranks, List.of()));
      if (set >= 3) {
        sets.drop(set - 3);
      }
      System.out.print('.');
    }
  }
}
