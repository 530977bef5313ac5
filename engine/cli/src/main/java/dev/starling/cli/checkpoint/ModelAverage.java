package dev.starling.cli.checkpoint;

import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.SafetensorsFile;
import dev.starling.engine.kernel.VectorKernels;
import dev.starling.engine.memory.PrivateMemory;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * Averages the models of a set as the engine averages its replicas: a running mean in the order of
 * the ranks, so that both have the same bits. Belongs to one thread.
 */
final class ModelAverage {
  private final RunSets run;
  private final CheckpointManifest manifest;
  private final List<CheckpointManifest.RankFile> ranks;

  /** What an average was written of. */
  record Result(int ranks, int tensors, long parameters) {}

  ModelAverage(RunSets run, CheckpointManifest manifest) {
    this.run = run;
    this.manifest = manifest;
    ranks = RunSets.inOrder(manifest);
    if (ranks.isEmpty()) {
      throw new StarlingException(
          "set " + manifest.set() + " of " + run.run() + " has no rank: take another set");
    }
  }

  /** {@return the bytes that are read and written} */
  long workBytes() {
    return ranks.stream().mapToLong(CheckpointManifest.RankFile::lengthBytes).sum();
  }

  /**
   * Writes the average.
   *
   * @param out where
   * @param progress is told of the bytes
   * @return what it is made of
   */
  Result write(Path out, WorkProgress progress) {
    try (CheckpointFile first = open(0, progress)) {
      long count = first.description().parameterCount();
      try (PrivateMemory memory =
          PrivateMemory.allocate("the average of models", count * Float.BYTES)) {
        MemorySegment mean = memory.segment();
        MemorySegment.copy(first.parameters(), 0, mean, 0, count * Float.BYTES);
        for (int i = 1; i < ranks.size(); i++) {
          try (CheckpointFile next = open(i, progress)) {
            requireSameModel(first, next);
            // As ReplicaSet.average has it.
            float weight = 1f / (i + 1);
            VectorKernels.step(mean, 0, next.parameters(), 0, mean, 0, -weight, 1f - weight, count);
          }
        }
        ModelFile.write(
            out, first, mean, ModelFile.facts(first, "average of " + ranks.size() + " ranks"));
        return new Result(ranks.size(), first.tensors().size(), count);
      }
    }
  }

  private CheckpointFile open(int index, WorkProgress progress) {
    CheckpointFile file = CheckpointFiles.read(run.path(manifest, ranks.get(index)));
    try {
      file.requireWhole(progress::advance);
      return file;
    } catch (Throwable failure) {
      file.close();
      throw failure;
    }
  }

  private void requireSameModel(CheckpointFile first, CheckpointFile next) {
    if (!shapes(first).equals(shapes(next))) {
      throw new StarlingException(
          "%s and %s in set %d hold different models: take another set"
              .formatted(first.path(), next.path(), manifest.set()));
    }
  }

  private static List<String> shapes(CheckpointFile file) {
    return file.tensors().stream().map(ModelAverage::shape).toList();
  }

  private static String shape(SafetensorsFile.Entry tensor) {
    return tensor.name() + tensor.shape();
  }
}
