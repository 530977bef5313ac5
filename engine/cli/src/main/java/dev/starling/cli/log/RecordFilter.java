package dev.starling.cli.log;

import dev.starling.chronicle.LogDirectory;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.log.LogRecord;
import dev.starling.engine.log.RecordKind;
import dev.starling.engine.replica.LockWord;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** The options that choose records. Belongs to one thread. */
final class RecordFilter {
  @Option(
      names = "--rank",
      paramLabel = "RANK",
      split = ",",
      description = "Only logs of these ranks, separated by commas. Default: all.")
  private List<Integer> ranks = List.of();

  @Option(
      names = "--incarnation",
      paramLabel = "N",
      description = "Only logs of this incarnation. Default: all.")
  private Integer incarnation;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      split = ",",
      description =
          "Only records of these kinds, separated by commas: ${COMPLETION-CANDIDATES}. Default:"
              + " all.")
  private List<RecordKind> kinds = List.of(RecordKind.values());

  @Option(
      names = "--stripe",
      paramLabel = "N",
      description = "Only records about this stripe. Default: all.")
  private Integer stripe;

  @Option(
      names = "--from-version",
      paramLabel = "V",
      description = "Only records that name this version of a stripe or a later one. Default: all.")
  private Long fromVersion;

  @Option(
      names = "--to-version",
      paramLabel = "V",
      description =
          "Only records that name this version of a stripe or an earlier one. Default: all.")
  private Long toVersion;

  @Option(
      names = "--from-time",
      paramLabel = "T",
      description =
          "Only records written at or after this time, for instance 2026-01-31T12:00:00.5Z."
              + " Default: all.")
  private Instant fromTime;

  @Option(
      names = "--to-time",
      paramLabel = "T",
      description = "Only records written at or before this time. Default: all.")
  private Instant toTime;

  private Set<RecordKind> wanted;
  private long fromNs;
  private long toNs;

  RecordFilter() {}

  /**
   * Checks the options.
   *
   * @throws ConfigurationException when a range is empty
   */
  void check() {
    wanted = EnumSet.copyOf(kinds);
    fromNs = fromTime == null ? Long.MIN_VALUE : Times.ns(fromTime);
    toNs = toTime == null ? Long.MAX_VALUE : Times.ns(toTime);
    requireOrder("time", fromNs > toNs, fromTime, toTime);
    requireOrder("version", namesVersions() && from() > to(), fromVersion, toVersion);
  }

  private static void requireOrder(String what, boolean wrong, Object from, Object to) {
    if (wrong) {
      throw new ConfigurationException(
          "--from-%s=%s lies after --to-%s=%s: exchange them".formatted(what, from, what, to));
    }
  }

  private boolean namesVersions() {
    return fromVersion != null || toVersion != null;
  }

  private long from() {
    return fromVersion == null ? 0 : fromVersion;
  }

  private long to() {
    return toVersion == null ? Long.MAX_VALUE : toVersion;
  }

  /**
   * Chooses logs.
   *
   * @param directory what was asked for, as failures name it
   * @param logs all logs
   * @return those of the ranks and incarnation
   * @throws ConfigurationException when there are none
   */
  List<LogDirectory> choose(Path directory, List<LogDirectory> logs) {
    for (int rank : ranks) {
      if (logs.stream().noneMatch(log -> log.rank() == rank)) {
        throw new ConfigurationException(
            "--rank=%d has no log in %s: starling log ls %s shows which there are"
                .formatted(rank, directory, directory));
      }
    }
    List<LogDirectory> chosen =
        logs.stream()
            .filter(log -> ranks.isEmpty() || ranks.contains(log.rank()))
            .filter(log -> incarnation == null || incarnation == log.incarnation())
            .toList();
    if (chosen.isEmpty()) {
      throw new ConfigurationException(
          "--incarnation=%d has no log in %s: starling log ls %s shows which there are"
              .formatted(incarnation, directory, directory));
    }
    return chosen;
  }

  /**
   * Chooses records of a chosen log.
   *
   * @param scan a scan that stands on a record
   * @return whether it is wanted
   */
  boolean matches(LogScan scan) {
    MemorySegment record = scan.record();
    return wanted.contains(scan.kind())
        && scan.timeNs() >= fromNs
        && scan.timeNs() <= toNs
        && (stripe == null || isAboutStripe(scan.kind(), record))
        && (!namesVersions() || isInVersions(scan.kind(), record));
  }

  private boolean isAboutStripe(RecordKind kind, MemorySegment record) {
    return LogRecord.stripe(record) == stripe || listsVersions(kind);
  }

  private static boolean listsVersions(RecordKind kind) {
    return kind == RecordKind.CHECKPOINT;
  }

  private boolean isInVersions(RecordKind kind, MemorySegment record) {
    return switch (kind) {
      case STEP, INTENT, COMMIT, BASE -> isInVersions(LogRecord.bodyLong(record, 0));
      // Any of the versions may be meant that have these low bits.
      case FENCE ->
          (LogRecord.bodyLong(record, 0) - from() & LockWord.VERSION_MASK) <= to() - from();
      case CHECKPOINT -> {
        List<Long> versions = RecordFields.versions(record, 16);
        yield stripe == null
            ? versions.stream().anyMatch(this::isInVersions)
            : stripe >= 0 && stripe < versions.size() && isInVersions(versions.get(stripe));
      }
      default -> false;
    };
  }

  private boolean isInVersions(long version) {
    return version >= from() && version <= to();
  }
}
