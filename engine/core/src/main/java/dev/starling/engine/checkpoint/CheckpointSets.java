package dev.starling.engine.checkpoint;

import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * The checkpoint sets of a run: a directory for each, with a file for each rank and a manifest. A
 * set is complete when its manifest is there, which is written last.
 *
 * <p>Any thread and any process may write files of a set; one of them writes its manifest. Nothing
 * is kept open or in memory.
 */
public final class CheckpointSets {
  /** What to do about a damaged set. */
  static final String CURE = "it is damaged, take another set";

  private static final String MANIFEST = "manifest.json";
  private static final long MAX_MANIFEST_BYTES = 1L << 28;
  private static final String NUMBER = "[0-9]{6,18}";

  private final Path directory;

  /**
   * A set as its directory shows it.
   *
   * @param number the number of the set
   * @param directory where it is
   * @param complete whether its manifest is there
   */
  public record CheckpointSet(long number, Path directory, boolean complete) {}

  private CheckpointSets(Path directory) {
    this.directory = directory;
  }

  /**
   * Names the sets of a run. Nothing is read or written yet.
   *
   * @param runDirectory the directory of the run
   * @return its sets
   */
  public static CheckpointSets of(Path runDirectory) {
    return new CheckpointSets(runDirectory.resolve("checkpoints"));
  }

  /**
   * Returns the directory of a set, whether it exists or not.
   *
   * @param set the number of the set, from 0
   * @return the directory
   */
  public Path directory(long set) {
    return directory.resolve(String.format(Locale.ROOT, "%06d", set));
  }

  /**
   * Returns where a rank's file belongs.
   *
   * @param set the number of the set
   * @param rank the rank, or {@link RankCheckpoint#EVERY_RANK}
   * @param incarnation its incarnation
   * @return the path
   */
  public Path file(long set, int rank, int incarnation) {
    String name = rank == RankCheckpoint.EVERY_RANK ? "all" : Integer.toString(rank);
    return directory(set).resolve("rank-" + name + "." + incarnation + ".safetensors");
  }

  /**
   * Creates the directory of a set and what is above it, durably. A directory that is there already
   * is left as it is.
   *
   * @param set the number of the set
   * @return the directory
   * @throws StarlingException when it cannot be created
   */
  public Path create(long set) {
    Path wanted = directory(set).toAbsolutePath();
    Path there = wanted;
    while (Files.notExists(there) && there.getParent() != null) {
      there = there.getParent();
    }
    try {
      Files.createDirectories(wanted);
      for (Path made = wanted; !made.equals(there); made = made.getParent()) {
        DurableFile.synchronise(made.getParent());
      }
      return directory(set);
    } catch (IOException failure) {
      throw new StarlingException(
          "creating the checkpoint directory "
              + directory(set)
              + " failed ("
              + failure
              + "): free space there or choose another directory",
          failure);
    }
  }

  /**
   * Completes a set: writes its manifest, after all its files.
   *
   * @param manifest the manifest
   * @throws StarlingException when it cannot be written, or a file that it names is not there or
   *     not as long as it says
   */
  public void complete(CheckpointManifest manifest) {
    Path set = directory(manifest.set());
    for (CheckpointManifest.RankFile rank : manifest.ranks()) {
      String damage = lengthDamage(rank, rank.in(set));
      if (damage != null) {
        throw new StarlingException(damage);
      }
    }
    Path file = set.resolve(MANIFEST);
    DurableFile.write(file, "the manifest", output -> output.write(ManifestText.encode(manifest)));
  }

  /**
   * Lists the sets.
   *
   * @return all, also incomplete ones, oldest first; empty when the run has none
   * @throws StarlingException when the directory cannot be read
   */
  public List<CheckpointSet> list() {
    List<CheckpointSet> sets = new ArrayList<>();
    for (Path entry : entries(directory)) {
      String name = entry.getFileName().toString();
      if (name.matches(NUMBER) && Files.isDirectory(entry)) {
        long number = Long.parseLong(name);
        if (directory(number).equals(entry)) {
          sets.add(new CheckpointSet(number, entry, Files.exists(entry.resolve(MANIFEST))));
        }
      }
    }
    sets.sort(Comparator.comparingLong(CheckpointSet::number));
    return List.copyOf(sets);
  }

  private static List<Path> entries(Path directory) {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(entries::add);
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (IOException failure) {
      throw new StarlingException(
          "listing the checkpoint directory "
              + directory
              + " failed ("
              + failure
              + "): make it readable for this user",
          failure);
    }
    return entries;
  }

  /**
   * Returns the newest set with a manifest, without looking into it.
   *
   * @return its number, or nothing
   * @throws StarlingException when the directory cannot be read
   */
  public OptionalLong newestComplete() {
    return list().stream().filter(CheckpointSet::complete).mapToLong(CheckpointSet::number).max();
  }

  /**
   * Reads the manifest of a set.
   *
   * @param set the number of the set
   * @return the manifest
   * @throws StarlingException when there is none or a bit of it is wrong
   */
  public CheckpointManifest read(long set) {
    Path file = directory(set).resolve(MANIFEST);
    CheckpointManifest manifest = ManifestText.decode(file, bytes(file));
    if (manifest.set() != set) {
      throw new StarlingException(
          "manifest " + file + " is about set " + manifest.set() + ": " + CURE);
    }
    return manifest;
  }

  private static byte[] bytes(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new StarlingException(
            "manifest "
                + file
                + (Files.exists(file) ? " is no ordinary file" : " does not exist")
                + ": the set is not complete, take another one");
      }
      long lengthBytes = Files.size(file);
      if (lengthBytes > MAX_MANIFEST_BYTES) {
        throw new StarlingException("manifest " + file + " has " + lengthBytes + " bytes: " + CURE);
      }
      return Files.readAllBytes(file);
    } catch (IOException failure) {
      throw new StarlingException(
          "manifest "
              + file
              + " could not be read ("
              + failure
              + "): make it readable for this user, or take another set",
          failure);
    }
  }

  /**
   * Reads all of a set and compares it with its manifest and all its checksums.
   *
   * @param set the number of the set
   * @return one sentence for each thing that is wrong, empty when the set is whole
   */
  public List<String> check(long set) {
    try {
      return new SetCheck(directory(set), read(set)).run();
    } catch (StarlingException damage) {
      return List.of(damage.getMessage());
    }
  }

  /**
   * Compares a file's length with what the manifest says.
   *
   * @param rank what the manifest says
   * @param file the file
   * @return what is wrong, or null
   */
  static String lengthDamage(CheckpointManifest.RankFile rank, Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        return "checkpoint %s of rank %d does not exist: take another set"
            .formatted(file, rank.rank());
      }
      long lengthBytes = Files.size(file);
      return lengthBytes == rank.lengthBytes()
          ? null
          : "checkpoint %s of rank %d has %d bytes where the manifest says %d: take another set"
              .formatted(file, rank.rank(), lengthBytes, rank.lengthBytes());
    } catch (IOException failure) {
      return "checkpoint %s of rank %d could not be looked at (%s): take another set"
          .formatted(file, rank.rank(), failure);
    }
  }

  /**
   * Removes a set: first its manifest, so that what a crash leaves is an incomplete set. Removing a
   * set that is not there does nothing.
   *
   * @param set the number of the set
   * @throws StarlingException when something in it cannot be removed
   */
  public void drop(long set) {
    Path dropped = directory(set);
    if (Files.notExists(dropped)) {
      return;
    }
    try {
      if (Files.deleteIfExists(dropped.resolve(MANIFEST))) {
        DurableFile.synchronise(dropped);
      }
      for (Path entry : entries(dropped)) {
        Files.deleteIfExists(entry);
      }
      Files.deleteIfExists(dropped);
      DurableFile.synchronise(directory);
    } catch (IOException failure) {
      throw new StarlingException(
          "removing checkpoint set "
              + dropped
              + " failed ("
              + failure
              + "): make it writable for this user",
          failure);
    }
  }

  /**
   * Removes unfinished files that a crash left in any set. To be called while nobody writes to the
   * sets, for instance before a run begins or goes on.
   *
   * @return the files that were removed
   * @throws StarlingException when one cannot be removed
   */
  public List<Path> removeLeftovers() {
    List<Path> removed = new ArrayList<>();
    for (CheckpointSet set : list()) {
      for (Path entry : entries(set.directory())) {
        String name = entry.getFileName().toString();
        if (name.matches("\\..+\\.[0-9]+\\" + DurableFile.UNFINISHED)) {
          remove(entry);
          removed.add(entry);
        }
      }
    }
    return removed;
  }

  private static void remove(Path leftover) {
    try {
      Files.deleteIfExists(leftover);
    } catch (IOException failure) {
      throw new StarlingException(
          "removing the unfinished file "
              + leftover
              + " failed ("
              + failure
              + "): make its directory writable for this user",
          failure);
    }
  }
}
