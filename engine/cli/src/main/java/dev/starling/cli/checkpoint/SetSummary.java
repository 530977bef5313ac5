package dev.starling.cli.checkpoint;

import dev.starling.engine.StarlingException;
import dev.starling.engine.checkpoint.CheckpointManifest;
import dev.starling.engine.checkpoint.CheckpointSets;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.stream.Collectors;

/** What one checkpoint set holds, on one line. */
final class SetSummary {
  private static final String ROW = "%-8s %-11s %6s %16s %18s %14s %8s  %s";
  private static final long NS_PER_S = 1_000_000_000L;
  private static final long S_PER_MINUTE = 60;
  private static final long S_PER_HOUR = 3_600;
  private static final long S_PER_DAY = 86_400;

  private final CheckpointSets.CheckpointSet set;
  private final CheckpointManifest manifest;
  private final long files;
  private final long lengthBytes;
  private final List<String> damages;
  private final double ageSeconds;

  private SetSummary(
      CheckpointSets.CheckpointSet set,
      CheckpointManifest manifest,
      List<Long> lengths,
      List<String> damages,
      Instant now) {
    this.set = set;
    this.manifest = manifest;
    this.damages = damages;
    files = lengths.size();
    lengthBytes = lengths.stream().mapToLong(Long::longValue).sum();
    ageSeconds =
        manifest == null
            ? Double.NaN
            : now.getEpochSecond() - (double) manifest.timeNs() / NS_PER_S + now.getNano() / 1e9;
  }

  /**
   * Looks at a set.
   *
   * @param sets all sets
   * @param set the set
   * @param check whether to compare everything in it with its checksums
   * @param now the time
   * @return what it holds
   */
  static SetSummary of(
      CheckpointSets sets, CheckpointSets.CheckpointSet set, boolean check, Instant now) {
    List<Long> lengths = lengths(set.directory());
    if (!set.complete()) {
      return new SetSummary(set, null, lengths, List.of(), now);
    }
    try {
      CheckpointManifest manifest = sets.read(set.number());
      List<String> damages =
          check ? sets.check(set.number()) : lengthDamages(set.directory(), manifest);
      return new SetSummary(set, manifest, lengths, damages, now);
    } catch (StarlingException damage) {
      return new SetSummary(set, null, lengths, List.of(damage.getMessage()), now);
    }
  }

  private static List<Long> lengths(Path directory) {
    List<Long> lengths = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "rank-*.safetensors")) {
      for (Path file : files) {
        lengths.add(Files.size(file));
      }
      return lengths;
    } catch (IOException failure) {
      throw new StarlingException(
          "listing the checkpoint set "
              + directory
              + " failed ("
              + failure
              + "): make it readable, or try again when the run drops no sets",
          failure);
    }
  }

  private static List<String> lengthDamages(Path directory, CheckpointManifest manifest) {
    List<String> damages = new ArrayList<>();
    for (CheckpointManifest.RankFile rank : RunSets.inOrder(manifest)) {
      Path file = rank.in(directory);
      try {
        long found = Files.exists(file) ? Files.size(file) : -1;
        if (found != rank.lengthBytes()) {
          damages.add(
              "%s of rank %d %s where the manifest says %d bytes"
                  .formatted(
                      rank.file(),
                      rank.rank(),
                      found < 0 ? "is missing" : "has " + found,
                      rank.lengthBytes()));
        }
      } catch (IOException failure) {
        damages.add("%s of rank %d cannot be read (%s)".formatted(file, rank.rank(), failure));
      }
    }
    return damages;
  }

  /** {@return the bytes of the set's files} */
  long lengthBytes() {
    return lengthBytes;
  }

  private String state() {
    if (!damages.isEmpty()) {
      return "damaged";
    }
    return set.complete() ? "complete" : "incomplete";
  }

  /** {@return the summary for programs} */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("set", set.number());
    json.put("path", set.directory().toString());
    json.put("state", state());
    json.put("files", files);
    json.put("bytes", lengthBytes);
    if (manifest != null) {
      json.put("time", Instant.ofEpochSecond(0, manifest.timeNs()).toString());
      json.put("ageSeconds", ageSeconds);
      json.put("ranks", RunSets.inOrder(manifest).stream().map(SetSummary::json).toList());
      json.put(
          "missing",
          manifest.missing().stream()
              .map(missing -> Map.of("rank", missing.rank(), "reason", missing.reason()))
              .toList());
    }
    json.put("damage", damages);
    return json;
  }

  private static Map<String, Object> json(CheckpointManifest.RankFile rank) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rank", rank.rank());
    json.put("incarnation", rank.incarnation());
    json.put("file", rank.file());
    json.put("bytes", rank.lengthBytes());
    json.put("crc32c", "%08x".formatted(rank.crc32c()));
    json.put("optimizerStep", rank.optimizerStep());
    json.put("versions", rank.versions());
    return json;
  }

  /** {@return the names of the columns} */
  static String heading() {
    return ROW.formatted("set", "state", "ranks", "step", "versions", "bytes", "age", "missing");
  }

  /** {@return the summary for people, without a line break} */
  String row() {
    String ranks = manifest == null ? "-" : Integer.toString(manifest.ranks().size());
    String steps = manifest == null ? "-" : steps();
    String versions = manifest == null ? "-" : versions();
    String notes =
        damages.isEmpty()
            ? missing()
            : String.join("; ", damages) + (missing().isEmpty() ? "" : "; ") + missing();
    return ROW.formatted(set.number(), state(), ranks, steps, versions, lengthBytes, age(), notes)
        .stripTrailing();
  }

  private String steps() {
    return range(
        manifest.ranks().stream()
            .collect(Collectors.summarizingLong(CheckpointManifest.RankFile::optimizerStep)));
  }

  private String versions() {
    return range(
        manifest.ranks().stream()
            .flatMap(rank -> rank.versions().stream())
            .collect(Collectors.summarizingLong(Long::longValue)));
  }

  private static String range(LongSummaryStatistics values) {
    if (values.getCount() == 0) {
      return "-";
    }
    return values.getMin() == values.getMax()
        ? Long.toString(values.getMin())
        : values.getMin() + ".." + values.getMax();
  }

  private String missing() {
    if (manifest == null) {
      return "";
    }
    return manifest.missing().stream()
        .map(missing -> missing.rank() + " (" + printable(missing.reason()) + ")")
        .collect(Collectors.joining(", "));
  }

  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", " ").strip();
  }

  private String age() {
    return Double.isNaN(ageSeconds) ? "-" : age((long) ageSeconds);
  }

  /** {@return a time in its largest whole unit} */
  static String age(long seconds) {
    if (seconds < 2 * S_PER_MINUTE) {
      return seconds + " s";
    }
    if (seconds < 2 * S_PER_HOUR) {
      return seconds / S_PER_MINUTE + " min";
    }
    return seconds < 2 * S_PER_DAY ? seconds / S_PER_HOUR + " h" : seconds / S_PER_DAY + " d";
  }
}
