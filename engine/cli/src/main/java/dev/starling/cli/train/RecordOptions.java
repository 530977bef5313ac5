package dev.starling.cli.train;

import dev.starling.chronicle.ChronicleLogContext;
import dev.starling.engine.ConfigurationException;
import dev.starling.engine.checkpoint.CheckpointInterval;
import dev.starling.engine.log.GradientPayload;
import dev.starling.engine.log.UpdateLog;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** What of a run is kept: the update log and checkpoints. */
final class RecordOptions {
  static final String OFF = "off";
  private static final String STOP = "stop";
  private static final String CONTINUE = "continue";
  private static final String ALL = "all";
  private static final String CHECKPOINT = "checkpoint";
  private static final String NONE = "none";
  private static final Pattern SIZE = Pattern.compile("(\\d{1,12})([kmgt]?)");
  private static final String UNITS = "kmgt";
  private static final long SEGMENT_MIN = 1 << 20;
  private static final long MAX_BYTES = 1L << 50;
  private static final int MAX_SYNC_MS = 3_600_000;

  @Option(
      names = "--log",
      paramLabel = "off|f32|bf16|none",
      description =
          "Record every update in DIR/log, so that any replica can be replayed bit for bit: with"
              + " gradients as they are (f32) or rounded (bf16: half the size; the rounded values"
              + " are applied, the rest is carried on), or without them (none: what happened can be"
              + " read, not replayed). Default: ${DEFAULT-VALUE}.")
  String log = OFF;

  @Option(
      names = "--log-budget",
      paramLabel = "BYTES|none",
      description =
          "How large the log of one rank may grow, for instance 10g. Default: ${DEFAULT-VALUE}.")
  String logBudget = NONE;

  @Option(
      names = "--log-full",
      paramLabel = STOP + "|" + CONTINUE,
      description =
          "What a worker does when its log is full or cannot be written: end, so that no replica"
              + " has an update without a record, or train on without a log. Default:"
              + " ${DEFAULT-VALUE}.")
  String logFull = STOP;

  @Option(
      names = "--log-sync",
      paramLabel = "none|MS",
      description =
          "How often the log is forced to the disk. none: it survives the end of any process, but"
              + " not of the machine; MS: all but the last MS milliseconds survive that too."
              + " Default: ${DEFAULT-VALUE}.")
  String logSync = NONE;

  @Option(
      names = "--log-segment",
      paramLabel = "BYTES",
      description = "Length of the log's files, from 1m. Default: ${DEFAULT-VALUE}.")
  String logSegment = "256m";

  @Option(
      names = "--log-keep",
      paramLabel = ALL + "|" + CHECKPOINT,
      description =
          "Keep all of the log, or only what replay from the newest complete checkpoint set needs."
              + " Default: ${DEFAULT-VALUE}.")
  String logKeep = ALL;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "INTERVAL|never",
      description =
          "Save a checkpoint set in DIR/checkpoints, for instance every 30s, 5m or 1000steps (of a"
              + " worker on average), and at the end; training goes on meanwhile. A run with a log"
              + " saves the end in any case, and any run saves when 'starling checkpoint now DIR'"
              + " asks. Default: ${DEFAULT-VALUE}.")
  String checkpointEvery = "never";

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description =
          "Go on with the run in DIR from its newest complete checkpoint set, with the options it"
              + " was started with; options given beside this one replace them.")
  Path resume;

  void check() {
    GradientPayload payload = payload();
    ConfigurationException.requireRange(
        "--log-segment", bytes("--log-segment", logSegment), SEGMENT_MIN, 1L << 40);
    if (!logBudget.equals(NONE)) {
      ConfigurationException.requireRange(
          "--log-budget", bytes("--log-budget", logBudget), SEGMENT_MIN, MAX_BYTES);
    }
    onFailure();
    keepsAll();
    syncMs();
    interval();
    if (payload == null) {
      requireDefault("--log-budget", logBudget, NONE);
      requireDefault("--log-full", logFull, STOP);
      requireDefault("--log-sync", logSync, NONE);
      requireDefault("--log-keep", logKeep, ALL);
    }
  }

  private static void requireDefault(String name, String value, String standard) {
    if (!value.equals(standard)) {
      throw new ConfigurationException(
          name + "=" + value + " without a log: give --log f32 or bf16");
    }
  }

  /** {@return whether there is a log} */
  boolean isLogged() {
    return !log.equals(OFF);
  }

  /** {@return whether anything of the run is kept beyond its result, or goes on} */
  boolean isUsed() {
    return savesEnd() || resume != null;
  }

  /** {@return whether the run saves its end} */
  boolean savesEnd() {
    return isLogged() || !interval().equals(CheckpointInterval.NEVER);
  }

  /** {@return how gradients are kept, null without a log} */
  GradientPayload payload() {
    if (!isLogged()) {
      return null;
    }
    try {
      return GradientPayload.parse(log);
    } catch (ConfigurationException unknown) {
      throw new ConfigurationException(
          "--log=" + log + " is unknown: choose one of off, f32, bf16, none");
    }
  }

  CheckpointInterval interval() {
    return checkpointEvery.equals("never")
        ? CheckpointInterval.NEVER
        : CheckpointInterval.parse(checkpointEvery);
  }

  UpdateLog.OnFailure onFailure() {
    return switch (logFull) {
      case STOP -> UpdateLog.OnFailure.STOP;
      case CONTINUE -> UpdateLog.OnFailure.CONTINUE;
      default -> throw unknown("--log-full", logFull, STOP, CONTINUE);
    };
  }

  boolean keepsAll() {
    return switch (logKeep) {
      case ALL -> true;
      case CHECKPOINT -> false;
      default -> throw unknown("--log-keep", logKeep, ALL, CHECKPOINT);
    };
  }

  private static ConfigurationException unknown(
      String name, String value, String one, String other) {
    return new ConfigurationException(
        name + "=" + value + " is unknown: choose " + one + " or " + other);
  }

  private long budgetBytes() {
    return logBudget.equals(NONE) ? 0 : bytes("--log-budget", logBudget);
  }

  private int syncMs() {
    if (logSync.equals(NONE)) {
      return 0;
    }
    if (!logSync.matches("\\d{1,8}") || Integer.parseInt(logSync) == 0) {
      throw new ConfigurationException(
          "--log-sync=" + logSync + " is neither none nor a number of milliseconds from 1");
    }
    return (int)
        ConfigurationException.requireRange("--log-sync", Long.parseLong(logSync), 1, MAX_SYNC_MS);
  }

  private static long bytes(String name, String text) {
    Matcher size = SIZE.matcher(text);
    if (!size.matches()) {
      throw new ConfigurationException(
          name + "=" + text + " is no size: write a number of bytes, or for instance 64m or 10g");
    }
    int unit = size.group(2).isEmpty() ? 0 : 1 + UNITS.indexOf(size.group(2));
    long count = Long.parseLong(size.group(1));
    if (count > MAX_BYTES >> 10 * unit) {
      throw new ConfigurationException(
          name + "=" + text + " is out of range: choose a size up to " + (MAX_BYTES >> 40) + "t");
    }
    return count << 10 * unit;
  }

  /** {@return the settings of one log} */
  ChronicleLogContext settings() {
    return new ChronicleLogContext()
        .segmentBytes(bytes("--log-segment", logSegment))
        .budgetBytes(budgetBytes())
        .forceIntervalMs(syncMs());
  }

  /** {@return every option as the run uses it, for config.json} */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("log", log);
    map.put("logBudget", logBudget);
    map.put("logFull", logFull);
    map.put("logSync", logSync);
    map.put("logSegment", logSegment);
    map.put("logKeep", logKeep);
    map.put("checkpointEvery", checkpointEvery);
    return map;
  }
}
