package dev.starling.cli.checkpoint;

import dev.starling.cli.progress.WorkProgress;
import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointFile;
import dev.starling.engine.checkpoint.CheckpointFiles;
import dev.starling.engine.checkpoint.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Compares files or sets, tensor by tensor. Belongs to one thread. */
final class ModelDiff {
  private static final String STATE = "optimizer.";
  private static final String CHECKPOINT = "starling.checkpoint";

  private final List<Pair> pairs = new ArrayList<>();
  private final List<TensorDiff> found = new ArrayList<>();

  /** Two files to compare; the prefix goes before the names of their tensors. */
  private record Pair(String prefix, Path a, Path b) {}

  ModelDiff(DiffSide a, DiffSide b) {
    if (a.isFile() || b.isFile()) {
      pairs.add(new Pair("", only(a), only(b)));
      return;
    }
    TreeSet<Integer> ranks = new TreeSet<>(a.ranks().keySet());
    ranks.addAll(b.ranks().keySet());
    for (int rank : ranks) {
      Path one = a.ranks().get(rank);
      Path other = b.ranks().get(rank);
      if (one == null || other == null) {
        found.add(TensorDiff.problem("rank " + rank, "only in " + (one == null ? b : a).label()));
      } else {
        pairs.add(new Pair("rank " + rank + ": ", one, other));
      }
    }
  }

  private static Path only(DiffSide side) {
    return side.isFile() ? side.file() : side.ranks().firstEntry().getValue();
  }

  /** {@return the bytes of all work: both files are checked, and one is compared with the other} */
  long workBytes() {
    return pairs.stream().mapToLong(pair -> 2 * size(pair.a()) + size(pair.b())).sum();
  }

  private static long size(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException failure) {
      throw new StarlingException(
          "measuring " + file + " failed (" + failure + "): make it readable for this user",
          failure);
    }
  }

  /**
   * Compares.
   *
   * @param progress is told of the bytes
   * @return a difference for each tensor, also for equal ones
   */
  List<TensorDiff> run(WorkProgress progress) {
    for (Pair pair : pairs) {
      requireWhole(pair.a(), progress);
      requireWhole(pair.b(), progress);
      try (SafetensorsFile one = SafetensorsFile.open(pair.a());
          SafetensorsFile other = SafetensorsFile.open(pair.b())) {
        compare(pair.prefix(), one, other, progress);
      }
    }
    return found;
  }

  /** Files without checksums are taken as they are. */
  private static void requireWhole(Path path, WorkProgress progress) {
    boolean hasSums;
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      hasSums = file.metadata().containsKey(CHECKPOINT);
    }
    if (hasSums) {
      try (CheckpointFile file = CheckpointFiles.read(path)) {
        file.requireWhole(progress::advance);
      }
    } else {
      progress.advance(size(path));
    }
  }

  private void compare(
      String prefix, SafetensorsFile one, SafetensorsFile other, WorkProgress progress) {
    boolean states = hasStates(one) && hasStates(other);
    for (SafetensorsFile.Entry tensor : one.tensors()) {
      if (!states && isState(tensor)) {
        continue;
      }
      TensorDiff diff =
          other
              .tensor(tensor.name())
              .map(same -> TensorDiff.of(tensor, same, progress::advance))
              .orElseGet(() -> onlyIn(tensor, one));
      add(prefix, diff);
    }
    for (SafetensorsFile.Entry tensor : other.tensors()) {
      if ((states || !isState(tensor)) && one.tensor(tensor.name()).isEmpty()) {
        add(prefix, onlyIn(tensor, other));
      }
    }
  }

  private static boolean hasStates(SafetensorsFile file) {
    return file.tensors().stream().anyMatch(ModelDiff::isState);
  }

  private static boolean isState(SafetensorsFile.Entry tensor) {
    return tensor.name().startsWith(STATE);
  }

  private static TensorDiff onlyIn(SafetensorsFile.Entry tensor, SafetensorsFile file) {
    return TensorDiff.problem(tensor.name(), "only in " + file.path());
  }

  private void add(String prefix, TensorDiff diff) {
    found.add(
        new TensorDiff(
            prefix + diff.name(),
            diff.problem(),
            diff.elements(),
            diff.different(),
            diff.maxAbs(),
            diff.rms()));
  }
}
