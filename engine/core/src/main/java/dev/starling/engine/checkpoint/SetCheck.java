package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Compares the files of a set with its manifest. Used once, by one thread. */
final class SetCheck {
  private final Path directory;
  private final CheckpointManifest manifest;
  private final List<String> found = new ArrayList<>();
  private String job;

  /**
   * Prepares a check.
   *
   * @param directory the directory of the set
   * @param manifest its manifest
   */
  SetCheck(Path directory, CheckpointManifest manifest) {
    this.directory = directory;
    this.manifest = manifest;
  }

  /**
   * Reads every file once, however many ranks name it.
   *
   * @return what is wrong, one sentence each
   */
  List<String> run() {
    Map<String, List<CheckpointManifest.RankFile>> byFile = new LinkedHashMap<>();
    for (CheckpointManifest.RankFile rank : manifest.ranks()) {
      byFile.computeIfAbsent(rank.file(), file -> new ArrayList<>()).add(rank);
    }
    byFile.values().forEach(this::check);
    return found;
  }

  private void check(List<CheckpointManifest.RankFile> sharers) {
    CheckpointManifest.RankFile rank = sharers.getFirst();
    Path file = rank.in(directory);
    for (CheckpointManifest.RankFile other : sharers) {
      if (!other.equals(rank.forRank(other.rank(), other.incarnation()))) {
        found.add(
            "manifest of %s says different things about %s for the ranks %d and %d: %s"
                .formatted(directory, rank.file(), rank.rank(), other.rank(), CheckpointSets.CURE));
        return;
      }
    }
    String damage = CheckpointSets.lengthDamage(rank, file);
    damage = damage == null ? sumDamage(rank, file) : damage;
    if (damage != null) {
      found.add(damage);
      return;
    }
    try (CheckpointFile read = CheckpointFiles.read(file)) {
      compare(sharers, read);
      found.addAll(read.damage());
    } catch (StarlingException wrong) {
      found.add(wrong.getMessage());
    }
  }

  private static String sumDamage(CheckpointManifest.RankFile rank, Path file) {
    try {
      DurableFile.Sum sum = DurableFile.sum(file);
      return sum.equals(new DurableFile.Sum(rank.lengthBytes(), rank.crc32c()))
          ? null
          : "checkpoint %s of rank %d has %d bytes with checksum %08x where the manifest says %d with %08x: %s"
              .formatted(
                  file,
                  rank.rank(),
                  sum.lengthBytes(),
                  sum.crc32c(),
                  rank.lengthBytes(),
                  rank.crc32c(),
                  CheckpointSets.CURE);
    } catch (IOException failure) {
      return "checkpoint %s of rank %d could not be read (%s): make it readable for this user, or take another set"
          .formatted(file, rank.rank(), failure);
    }
  }

  private void compare(List<CheckpointManifest.RankFile> sharers, CheckpointFile read) {
    RankCheckpoint description = read.description();
    CheckpointManifest.RankFile rank = sharers.getFirst();
    require(read, "set", description.set(), manifest.set());
    require(read, "optimizer step", description.optimizerStep(), rank.optimizerStep());
    require(read, "versions", description.versions(), rank.versions());
    if (description.rank() != RankCheckpoint.EVERY_RANK
        && sharers.stream()
            .noneMatch(
                sharer ->
                    sharer.rank() == description.rank()
                        && sharer.incarnation() == description.incarnation())) {
      require(
          read,
          "rank and incarnation",
          description.rank() + "." + description.incarnation(),
          rank.rank() + "." + rank.incarnation());
    }
    job = job == null ? description.job() : job;
    require(read, "job", description.job(), job);
  }

  private void require(CheckpointFile read, String what, Object has, Object wanted) {
    if (!has.equals(wanted)) {
      found.add(
          CheckpointFile.damaged(
                  read.path(),
                  "has %s %s where the set has %s"
                      .formatted(
                          what,
                          JsonInput.shown(has.toString()),
                          JsonInput.shown(wanted.toString())))
              .getMessage());
    }
  }
}
