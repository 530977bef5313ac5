package dev.starling.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.page.Page;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Where it ran, with which options, and how to run it again. Paths are cut to their last part. */
final class Environment {
  private static final Set<String> HIDDEN = Set.of("directory");

  /** Options that name this run or its output; each has a value but for those that stand alone. */
  private static final Set<String> OF_THIS_RUN = Set.of("--out", "--resume", "--run");

  private static final Set<String> ALONE = Set.of("--json", "--verbose");

  private final RunFiles run;

  Environment(RunFiles run) {
    this.run = run;
  }

  void facts(Page page) {
    JsonNode config = run.config();
    Map<String, String> facts = new LinkedHashMap<>();
    put(facts, "processor", config.path("cpu"));
    put(facts, "cores for the run", config.path("processors"));
    put(facts, "kernel", config.path("os"));
    put(facts, "Java", config.path("java"));
    put(facts, "virtual machine", config.path("vm"));
    if (config.path("maxHeapBytes").isNumber()) {
      facts.put("largest heap", (config.path("maxHeapBytes").asLong() >> 20) + " MiB");
    }
    page.facts(facts);
  }

  private static void put(Map<String, String> facts, String name, JsonNode value) {
    if (value.isValueNode() && !value.isNull()) {
      facts.put(name, value.asText());
    }
  }

  void options(Page page) {
    Map<String, String> facts = new LinkedHashMap<>();
    run.config()
        .path("options")
        .properties()
        .forEach(
            option -> {
              JsonNode value = option.getValue();
              boolean isGiven = value.isValueNode() ? !value.isNull() : !value.isEmpty();
              if (isGiven && !HIDDEN.contains(option.getKey())) {
                facts.put(
                    option.getKey(), file(value.isValueNode() ? value.asText() : value.toString()));
              }
            });
    page.facts(facts);
  }

  /** The last part of a path; other text as it is. */
  static String file(String text) {
    return text.startsWith("/")
            || text.startsWith("./")
            || text.startsWith("../")
            || text.startsWith("~/")
        ? text.replaceAll("/+$", "").replaceAll("^.*/", "…/")
        : text;
  }

  /** Writes the command that does the same again. */
  void command(Page page) {
    String command = run.config().path("command").asText("train");
    List<String> words = new ArrayList<>(List.of("starling", command));
    if (command.equals("demo")) {
      words.addAll(List.of("--epochs", run.option("epochs").replaceAll("\\.0$", "")));
    } else {
      words.addAll(arguments());
    }
    page.typed(String.join(" ", words));
    if (run.isLaunched()) {
      page.note(
          "Start it once for each of the %d ranks, with a launcher that tells each its rank."
              .formatted(run.workers()));
    }
    if (words.stream().anyMatch(word -> word.contains("…/"))) {
      page.note("Paths are cut to their last part: put in where the files lie.");
    }
  }

  private List<String> arguments() {
    List<String> words = new ArrayList<>();
    boolean skips = false;
    for (JsonNode argument : run.config().path("arguments")) {
      String word = argument.asText();
      String name = word.replaceAll("=.*", "");
      if (skips) {
        skips = false;
      } else if (OF_THIS_RUN.contains(name)) {
        skips = name.equals(word);
      } else if (!ALONE.contains(word)) {
        words.add(quoted(shortened(word)));
      }
    }
    return words;
  }

  /** Also behind an equals sign. */
  private static String shortened(String word) {
    int equals = word.startsWith("--") ? word.indexOf('=') + 1 : 0;
    return word.substring(0, equals) + file(word.substring(equals));
  }

  /** As a shell reads it. */
  private static String quoted(String word) {
    return word.matches("[\\w./:=,@%+…-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
