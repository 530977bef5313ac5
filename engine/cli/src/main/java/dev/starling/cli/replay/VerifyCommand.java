package dev.starling.cli.replay;

import dev.starling.chronicle.RecordedRun;
import dev.starling.chronicle.RunVerifier;
import dev.starling.chronicle.VerifyReport;
import dev.starling.cli.StarlingCommand;
import dev.starling.cli.Terminal;
import dev.starling.engine.StarlingException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Proves that what a run saved follows, bit for bit, from what it logged. */
@Command(
    name = "verify",
    header = "Prove that a run's checkpoints follow, bit for bit, from its logs.",
    description = {
      "",
      "Checks every checksum, replays the logs of all ranks from the oldest checkpoint set that"
          + " they reach back to, and compares each later set with the replayed replicas.",
      "",
      "A log whose writer was killed ends in the middle of things: what that leaves open is"
          + " reported and is no failure. Whatever differs, is damaged or is missing is named, the"
          + " first one first, and the exit code is 1.",
      ""
    },
    footer = {"", "Example: starling verify starling-runs/20260101-120000-train"})
public final class VerifyCommand extends StarlingCommand {
  private static final int SHOWN = 20;

  @Parameters(paramLabel = "DIR", description = "The run directory.")
  private Path directory;

  /**
   * Creates the command.
   *
   * @param terminal where it writes
   */
  public VerifyCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  protected void execute() {
    VerifyReport report;
    try (RecordedRun run = RecordedRun.open(directory);
        ReplayProgress progress = ReplayProgress.of(terminal(), "verify", run)) {
      report = RunVerifier.verify(run, progress);
    }
    answer(toJson(report), text(report));
    if (!report.ok()) {
      throw new StarlingException(directory + " is not proven: " + report.differences().getFirst());
    }
  }

  /**
   * Returns what programs read.
   *
   * @param report the report
   * @return keys and values
   */
  public static Map<String, Object> toJson(VerifyReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("ok", report.ok());
    json.put("ranks", report.ranks());
    json.put("logs", report.chains());
    json.put("records", report.records());
    json.put("gradients", report.gradients());
    json.put("fromSet", report.fromSet());
    json.put("setsCompared", report.setsCompared());
    json.put("stripesCompared", report.stripesCompared());
    json.put("firstDifference", report.ok() ? null : report.differences().getFirst());
    json.put("differences", report.differences());
    json.put("unresolvedTail", report.tails());
    json.put("settled", report.settled());
    json.put("seconds", report.seconds());
    return json;
  }

  /**
   * Returns what people read.
   *
   * @param report the report
   * @return lines
   */
  public static String text(VerifyReport report) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%d records and %d gradients of %d ranks replayed from checkpoint set %d in %.1f s,"
                + " %d sets compared%n",
            report.records(),
            report.gradients(),
            report.ranks(),
            report.fromSet(),
            report.seconds(),
            report.setsCompared()));
    append(text, "settled by other logs: ", report.settled());
    append(text, "left open: ", report.tails());
    append(text, "WRONG: ", report.differences());
    text.append(verdict(report));
    return text.append(System.lineSeparator()).toString();
  }

  private static String verdict(VerifyReport report) {
    if (!report.ok()) {
      return "the run is NOT proven";
    }
    return report.setsCompared() > 0
        ? "every bit is as it was"
        : "the logs lead as far as they say, but no later checkpoint set is there to compare with";
  }

  private static void append(StringBuilder text, String what, List<String> sentences) {
    sentences.stream()
        .limit(SHOWN)
        .forEach(sentence -> text.append(what).append(sentence).append(System.lineSeparator()));
    if (sentences.size() > SHOWN) {
      text.append(what)
          .append(sentences.size() - SHOWN)
          .append(" more, see --json")
          .append(System.lineSeparator());
    }
  }
}
