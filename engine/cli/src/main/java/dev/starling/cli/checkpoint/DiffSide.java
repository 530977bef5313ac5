package dev.starling.cli.checkpoint;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.checkpoint.CheckpointManifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

/**
 * One of two things to compare: a file, or a set of a run.
 *
 * @param label what it is, for people
 * @param file the file, null when it is a set
 * @param ranks the files of the set by rank
 */
record DiffSide(String label, Path file, TreeMap<Integer, Path> ranks) {
  /**
   * Finds it.
   *
   * @param path a safetensors file or a run directory
   * @param set the set that is meant when it is a directory
   * @param rank the only rank that is meant then, or null
   * @return what to compare
   * @throws ConfigurationException when there is nothing
   */
  static DiffSide of(Path path, String set, Integer rank) {
    if (!Files.exists(path)) {
      throw new ConfigurationException(
          path + " does not exist: give a safetensors file or a run directory");
    }
    TreeMap<Integer, Path> ranks = new TreeMap<>();
    if (!Files.isDirectory(path)) {
      return new DiffSide(path.toString(), path, ranks);
    }
    RunSets run = RunSets.of(path);
    CheckpointManifest manifest = run.manifest(set);
    if (rank != null) {
      ranks.put(rank, run.path(manifest, run.rank(manifest, rank)));
    } else {
      manifest.ranks().forEach(found -> ranks.put(found.rank(), run.path(manifest, found)));
    }
    return new DiffSide(path + " set " + manifest.set(), null, ranks);
  }

  /** {@return whether it is a file} */
  boolean isFile() {
    return file != null;
  }
}
