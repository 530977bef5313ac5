package dev.starling.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.page.Numbers;
import dev.starling.cli.page.Page;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** What ran, what came out of it, and how the workers did. */
final class Summary {
  private static final int MAX_STRAGGLERS = 10;
  private static final String NONE = "–";

  private final RunFiles run;
  private final JsonNode ranks;

  Summary(RunFiles run) {
    this.run = run;
    ranks = run.stat().path("ranks");
  }

  /** {@return one sentence that says what the run was and what it came to} */
  String lead() {
    String who =
        "%d workers train %s on %s with %s"
            .formatted(
                run.workers(),
                run.option("model"),
                Environment.file(run.option("data")),
                algorithm());
    double seconds = run.seconds();
    String took = Double.isNaN(seconds) ? "" : " after " + Numbers.text(seconds) + " s";
    if (run.isFinished()) {
      double accuracy = RunFiles.number(run.result().path("accuracy"));
      return who
          + (run.result().path("stopped").asBoolean() ? ", stopped early" : "")
          + ": the average of all replicas is right for "
          + percent(accuracy)
          + took
          + ".";
    }
    return who
        + (run.isRunning() ? "; the run goes on" : "; the run died")
        + (took.isEmpty() ? " before its first look at the counters." : took + ".");
  }

  private String algorithm() {
    String result = run.result().path("algorithm").asText("");
    String config = run.config().path("algorithm").asText(run.option("algorithm"));
    String name = result.isEmpty() ? config : result;
    return name.isEmpty() ? "AD-PSGD" : name;
  }

  void facts(Page page) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("state", state());
    facts.put("began", run.config().path("time").asText(NONE).replaceAll("\\.\\d+", ""));
    facts.put("algorithm", algorithm());
    facts.put("workers", run.workers() + (run.isLaunched() ? " launched ranks" : kind()));
    facts.put("topology", run.option("topology"));
    facts.put("parameters", run.config().path("parameters").asText(NONE));
    facts.put(
        "samples",
        run.config().path("trainSamples").asText(NONE)
            + " to train, "
            + run.config().path("evaluationSamples").asText(NONE)
            + " to evaluate");
    facts.put("fabric", run.config().path("fabric").asText(NONE));
    JsonNode result = run.result();
    if (run.isFinished()) {
      facts.put("accuracy of the average", percent(RunFiles.number(result.path("accuracy"))));
      facts.put(
          "loss",
          number(result.path("evaluationLoss"))
              + " evaluated, "
              + number(result.path("loss"))
              + " in training");
      facts.put("time", number(result.path("seconds")) + " s");
      facts.put(
          "work",
          result.path("samples").asText()
              + " samples in "
              + result.path("steps").asText()
              + " steps");
      facts.put(
          "exchanges",
          result.path("exchanges").asText()
              + ", "
              + result.path("exchangesFailed").asText()
              + " torn");
      facts.put("consensus distance", number(result.path("consensusDistance")));
      facts.put(
          "staleness",
          "mean "
              + number(result.path("stalenessMean"))
              + ", largest "
              + result.path("stalenessMax").asText()
              + " versions");
      facts.put(
          "compute threads",
          share("computeStallFraction")
              + " waiting in the engine, "
              + share("computeSubmitFraction")
              + " working in it, "
              + share("computeBacklogFraction")
              + " waiting for their own agents");
    }
    page.facts(facts);
  }

  private String kind() {
    return run.option("processes").equals("true") ? " processes" : " threads";
  }

  private String state() {
    if (run.isFinished()) {
      return run.result().path("stopped").asBoolean() ? "stopped early" : "finished";
    }
    return run.isRunning() ? "running" : "dead";
  }

  private String share(String key) {
    return percent(RunFiles.number(run.result().path(key)));
  }

  static String percent(double part) {
    return Double.isNaN(part) ? NONE : String.format(Locale.ROOT, "%.2f %%", 100 * part);
  }

  /** With one decimal, so that rows are easy to compare. */
  private static String rate(JsonNode node) {
    return node.isNumber() ? String.format(Locale.ROOT, "%.1f", node.asDouble()) : NONE;
  }

  private static String milliseconds(JsonNode ns) {
    return ns.isNumber() ? String.format(Locale.ROOT, "%.3f", ns.asLong() / 1e6) : NONE;
  }

  private static String fixed(JsonNode node) {
    return node.isNumber() ? String.format(Locale.ROOT, "%.3f", node.asDouble()) : NONE;
  }

  private static String number(JsonNode node) {
    return Numbers.text(RunFiles.number(node));
  }

  /** Writes one row for each worker. */
  void workers(Page page) {
    if (ranks.isEmpty()) {
      page.note(
          "The run has no counters (stat.json): it died in its first seconds; look at its"
              + " train.log.");
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode rank : ranks) {
      int number = rank.path("rank").asInt();
      JsonNode counters = rank.path("counters");
      rows.add(
          List.of(
              Integer.toString(number),
              state(number, rank),
              percent(RunFiles.number(run.result().path("workerAccuracies").path(number))),
              rank.path("steps").asText(NONE),
              rate(rank.path("stepsPerSecond")),
              text(
                  run.result().path("exchangesPerWorker").path(number), counters.path("exchanges")),
              text(run.result().path("passiveExchanges").path(number), counters.path("none")),
              text(counters.path("steps"), counters),
              text(counters.path("exchanges_torn"), counters),
              text(counters.path("partner_busy"), counters),
              fixed(rank.path("stalenessMean")),
              fixed(rank.path("loss"))));
    }
    page.table(
        List.of(
            "worker",
            "state",
            "accuracy",
            "steps",
            "steps/s",
            "exchanges begun",
            "joined",
            "alone",
            "torn",
            "partner busy",
            "mean staleness",
            "training loss"),
        rows);
    if (!run.isFinished()) {
      page.note(
          "Accuracies are evaluated when a run ends"
              + (run.isRunning() ? ", and this one goes on." : "; this one died before."));
    }
  }

  private String state(int number, JsonNode rank) {
    if (!run.isFinished()) {
      return rank.path("state").asText(NONE);
    }
    for (JsonNode lost : run.result().path("lostRanks")) {
      if (lost.asInt(-1) == number) {
        return "lost";
      }
    }
    return "finished";
  }

  private static String text(JsonNode first, JsonNode otherwise) {
    return first.isNumber() ? first.asText() : otherwise.isNumber() ? otherwise.asText() : NONE;
  }

  /** Writes the slowest workers, slowest first. */
  void stragglers(Page page) {
    List<JsonNode> slowest =
        IntStream.range(0, ranks.size())
            .mapToObj(ranks::get)
            .filter(rank -> rank.path("stragglerScore").isNumber())
            .sorted(
                Comparator.comparingDouble(
                    (JsonNode rank) -> -rank.path("stragglerScore").asDouble()))
            .limit(MAX_STRAGGLERS)
            .toList();
    if (slowest.isEmpty()) {
      page.note("No worker has done a step that was counted.");
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    for (JsonNode rank : slowest) {
      JsonNode counters = rank.path("counters");
      rows.add(
          List.of(
              rank.path("rank").asText(),
              String.format(Locale.ROOT, "%.2f", rank.path("stragglerScore").asDouble()),
              rate(rank.path("stepsPerSecond")),
              text(counters.path("gradients_merged"), counters),
              text(counters.path("gradients_late"), counters),
              milliseconds(counters.path("stall_ns"))));
    }
    page.table(
        List.of(
            "worker", "straggler score", "steps/s", "gradients merged", "too late", "stall (ms)"),
        rows);
    page.note(
        "Score: the median rate of all workers over that of this one; 2 is half as fast."
            + (ranks.size() > slowest.size()
                ? " The %d slowest of %d.".formatted(slowest.size(), ranks.size())
                : ""));
  }

  /** Writes who was lost and who came back. */
  void incidents(Page page) {
    List<String> incidents = new ArrayList<>();
    run.result().path("incidents").forEach(incident -> incidents.add(incident.asText()));
    if (!incidents.isEmpty()) {
      page.list(incidents);
    } else if (run.isFinished()) {
      page.note("None: no worker was lost, none came back.");
    } else {
      page.note(
          "Incidents are saved when a run ends"
              + (run.isRunning() ? ", and this one goes on" : "; this one died before")
              + ": its train.log has those so far.");
    }
  }
}
