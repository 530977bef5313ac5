package dev.starling.engine.checkpoint;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What belongs to a checkpoint set.
 *
 * @param set the number of the set
 * @param timeNs wall time in ns since 1970 at which the set was complete
 * @param ranks the ranks whose states are there
 * @param missing the ranks whose states are not
 */
public record CheckpointManifest(
    long set, long timeNs, List<RankFile> ranks, List<Missing> missing) {

  /**
   * The state of one rank. Several ranks may name the same file.
   *
   * @param rank the rank, or {@link RankCheckpoint#EVERY_RANK} until {@link #forRank} names one
   * @param incarnation its incarnation
   * @param file the name of its file in the set's directory
   * @param lengthBytes the length of the file
   * @param crc32c the CRC-32C of the whole file
   * @param optimizerStep how many optimizer steps the rank had begun
   * @param versions how often each stripe had been published
   */
  public record RankFile(
      int rank,
      int incarnation,
      String file,
      long lengthBytes,
      int crc32c,
      long optimizerStep,
      List<Long> versions) {
    /**
     * Checks the arguments.
     *
     * @param rank the rank, or {@link RankCheckpoint#EVERY_RANK} until {@link #forRank} names one
     * @param incarnation its incarnation, from 0
     * @param file the name of its file in the set's directory, without any directory
     * @param lengthBytes the length of the file, from 0
     * @param crc32c the CRC-32C of the whole file
     * @param optimizerStep how many optimizer steps the rank had begun, from 0
     * @param versions how often each stripe had been published, none negative
     */
    public RankFile {
      versions = List.copyOf(versions);
      if (rank < RankCheckpoint.EVERY_RANK
          || incarnation < 0
          || lengthBytes < 0
          || optimizerStep < 0) {
        throw new IllegalArgumentException(
            "rank %d.%d with optimizer step %d in a file of %d bytes cannot be"
                .formatted(rank, incarnation, optimizerStep, lengthBytes));
      }
      if (versions.isEmpty() || versions.stream().anyMatch(version -> version < 0)) {
        throw new IllegalArgumentException(
            "rank " + rank + " cannot have the versions " + versions + " in a manifest");
      }
      if (!isPlainName(file)) {
        throw new IllegalArgumentException(
            "rank "
                + rank
                + " names the file '"
                + JsonInput.shown(file)
                + "', which is no name in the set's own directory");
      }
    }

    private static boolean isPlainName(String file) {
      return !file.isEmpty()
          && !file.startsWith(".")
          && file.chars().noneMatch(c -> c == '/' || c == '\\' || Character.isISOControl(c));
    }

    /**
     * Says the same about another rank, for a file that several ranks share.
     *
     * @param other the rank
     * @param otherIncarnation its incarnation
     * @return the same file for that rank
     */
    public RankFile forRank(int other, int otherIncarnation) {
      return new RankFile(
          other, otherIncarnation, file, lengthBytes, crc32c, optimizerStep, versions);
    }

    /**
     * Returns where the file is.
     *
     * @param directory the directory of the set
     * @return its path
     */
    public Path in(Path directory) {
      return directory.resolve(file);
    }
  }

  /**
   * A rank without a state in the set.
   *
   * @param rank the rank
   * @param reason why, in words
   */
  public record Missing(int rank, String reason) {}

  /**
   * Checks the arguments.
   *
   * @param set the number of the set, from 0
   * @param timeNs wall time in ns since 1970 at which the set was complete, from 0
   * @param ranks the ranks whose states are there
   * @param missing the ranks whose states are not; no rank occurs twice in both
   */
  public CheckpointManifest {
    ranks = List.copyOf(ranks);
    missing = List.copyOf(missing);
    if (set < 0 || timeNs < 0) {
      throw new IllegalArgumentException(
          "a checkpoint set cannot have the number " + set + " and the time " + timeNs + " ns");
    }
    Set<Integer> seen = new HashSet<>();
    ranks.forEach(file -> requireOnce(seen, file.rank()));
    missing.forEach(rank -> requireOnce(seen, rank.rank()));
  }

  private static void requireOnce(Set<Integer> seen, int rank) {
    if (rank < 0 || !seen.add(rank)) {
      throw new IllegalArgumentException(
          "rank " + rank + " is " + (rank < 0 ? "no rank" : "named twice") + " in a manifest");
    }
  }
}
