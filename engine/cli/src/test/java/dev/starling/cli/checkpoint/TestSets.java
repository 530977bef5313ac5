package dev.starling.cli.checkpoint;

import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import dev.starling.engine.checkpoint.RankCheckpoint;
import dev.starling.engine.checkpoint.Safetensors;
import dev.starling.engine.checkpoint.StateVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes checkpoint sets of a small model: a 3x4 weight and 5 biases in two stripes. */
final class TestSets {
  static final int PARAMETERS = 17;
  static final List<Safetensors.Tensor> TENSORS =
      List.of(
          new Safetensors.Tensor("layer0.weight", List.of(3, 4)),
          new Safetensors.Tensor("layer0.bias", List.of(5)));

  private final CheckpointSets sets;

  TestSets(Path run) {
    sets = CheckpointSets.of(run);
  }

  CheckpointSets sets() {
    return sets;
  }

  /** What a rank's parameter is in a set: nothing that rounds to few bits. */
  static float parameter(long set, int rank, int index) {
    return (float) Math.sin(1 + set * 31 + rank * 7 + index);
  }

  CheckpointManifest.RankFile rank(long set, int rank, int incarnation) {
    sets.create(set);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(PARAMETERS * Float.BYTES, 64);
      MemorySegment momentum = arena.allocate(PARAMETERS * Float.BYTES, 64);
      for (int i = 0; i < PARAMETERS; i++) {
        parameters.setAtIndex(ValueLayout.JAVA_FLOAT, i, parameter(set, rank, i));
        momentum.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
      }
      return CheckpointFiles.write(
          sets.file(set, rank, incarnation),
          new RankCheckpoint(
              "job",
              rank,
              incarnation,
              set,
              set * 10 + rank,
              List.of(set + 1, set + 2),
              List.of(12L, 5L),
              1_000_000_000L,
              Map.of("model", "mlp:4")),
          TENSORS,
          parameters,
          List.of(new StateVector("momentum", momentum)));
    }
  }

  /** Completes a set of ranks 0 to a number, of which some are missing. */
  void complete(long set, int ranks, CheckpointManifest.Missing... missing) {
    List<CheckpointManifest.RankFile> files = new ArrayList<>();
    List<CheckpointManifest.Missing> without = List.of(missing);
    for (int rank = 0; rank < ranks; rank++) {
      int number = rank;
      if (without.stream().noneMatch(none -> none.rank() == number)) {
        files.add(rank(set, rank, 0));
      }
    }
    long timeNs = (System.currentTimeMillis() - 5_000) * 1_000_000;
    sets.complete(new CheckpointManifest(set, timeNs, files, without));
  }
}
