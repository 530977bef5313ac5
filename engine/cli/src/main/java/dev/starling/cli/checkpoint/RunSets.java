package dev.starling.cli.checkpoint;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * The checkpoint sets of one run as a user names them.
 *
 * @param run the run directory
 * @param sets its sets
 */
record RunSets(Path run, CheckpointSets sets) {
  /** The newest complete set, as options name it. */
  static final String NEWEST = "newest";

  private static final int MAX_DIGITS = 18;

  /**
   * Finds the sets of a run.
   *
   * @param run the run directory
   * @return its sets
   * @throws ConfigurationException when it has none
   */
  static RunSets of(Path run) {
    if (!Files.isDirectory(run)) {
      throw new ConfigurationException(
          run
              + (Files.exists(run) ? " is no directory" : " does not exist")
              + ": give the --out of a run");
    }
    Path checkpoints = run.resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      throw new ConfigurationException(
          run
              + " has no checkpoints, there is no directory "
              + checkpoints
              + ": give the --out of a run that took some");
    }
    return new RunSets(run, CheckpointSets.of(run));
  }

  /**
   * Reads the manifest of the set that an option names.
   *
   * @param option a number, or {@link #NEWEST}
   * @return the manifest
   * @throws ConfigurationException when there is no such set, or it is not complete
   * @throws dev.starling.engine.StarlingException when the manifest is damaged
   */
  CheckpointManifest manifest(String option) {
    return sets.read(number(option));
  }

  private long number(String option) {
    if (option.equals(NEWEST)) {
      return sets.newestComplete()
          .orElseThrow(
              () ->
                  new ConfigurationException(
                      run + " has no complete checkpoint set: " + lsShows("what there is")));
    }
    if (!option.matches("[0-9]{1," + MAX_DIGITS + "}")) {
      throw new ConfigurationException(
          "--set=" + option + " is neither the number of a set nor " + NEWEST + ": give one");
    }
    long number = Long.parseLong(option);
    CheckpointSets.CheckpointSet found =
        sets.list().stream()
            .filter(set -> set.number() == number)
            .findFirst()
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        "--set="
                            + option
                            + " is not in "
                            + run
                            + ": "
                            + lsShows("which sets there are")));
    if (!found.complete()) {
      throw new ConfigurationException(
          "--set="
              + option
              + " of "
              + run
              + " is not complete: "
              + lsShows("which sets are, take one of them"));
    }
    return number;
  }

  private String lsShows(String what) {
    return "starling checkpoint ls " + run + " shows " + what;
  }

  /**
   * Finds a rank in a set.
   *
   * @param manifest the set's manifest
   * @param rank the rank
   * @return its file
   * @throws ConfigurationException when it has no state there
   */
  CheckpointManifest.RankFile rank(CheckpointManifest manifest, int rank) {
    for (CheckpointManifest.Missing missing : manifest.missing()) {
      if (missing.rank() == rank) {
        throw new ConfigurationException(
            "--rank=%d has no state in set %d of %s (%s): choose one of %s"
                .formatted(rank, manifest.set(), run, missing.reason(), numbers(manifest)));
      }
    }
    return manifest.ranks().stream()
        .filter(file -> file.rank() == rank)
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "--rank=%d is no rank of set %d of %s: choose one of %s"
                        .formatted(rank, manifest.set(), run, numbers(manifest))));
  }

  private static List<Integer> numbers(CheckpointManifest manifest) {
    return inOrder(manifest).stream().map(CheckpointManifest.RankFile::rank).toList();
  }

  /**
   * Returns the files of a set.
   *
   * @param manifest the set's manifest
   * @return one for each rank, sorted by rank
   */
  static List<CheckpointManifest.RankFile> inOrder(CheckpointManifest manifest) {
    return manifest.ranks().stream()
        .sorted(Comparator.comparingInt(CheckpointManifest.RankFile::rank))
        .toList();
  }

  /**
   * Returns where a rank's file is.
   *
   * @param manifest the set's manifest
   * @param rank what it says about the rank
   * @return the path
   */
  Path path(CheckpointManifest manifest, CheckpointManifest.RankFile rank) {
    return rank.in(sets.directory(manifest.set()));
  }
}
