package dev.starling.bench.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.bench.CommandRun;
import dev.starling.cli.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** Runs that take no time: what becomes of each is given beforehand. */
final class CannedRuns implements RunLauncher {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Map<String, String> results = new HashMap<>();
  private final Map<String, String> failures = new HashMap<>();
  private final Map<String, Double> busy = new HashMap<>();
  private final Map<String, List<JsonNode>> histories = new HashMap<>();
  final List<RunSpec> launched = new ArrayList<>();

  CannedRuns result(String run, String json) {
    results.put(run, json);
    return this;
  }

  CannedRuns failure(String run, String sentence) {
    failures.put(run, sentence);
    return this;
  }

  CannedRuns busy(String run, double share) {
    busy.put(run, share);
    return this;
  }

  CannedRuns history(String run, String... lines) {
    histories.put(run, java.util.Arrays.stream(lines).map(CannedRuns::parse).toList());
    return this;
  }

  @Override
  public RunOutcome launch(RunSpec spec, Path directory, LongConsumer ticks) {
    launched.add(spec);
    String failure =
        failures.getOrDefault(
            spec.name(), results.containsKey(spec.name()) ? null : "no result for " + spec.name());
    return new RunOutcome(
        spec,
        ChildRuns.arguments(spec, directory),
        failure == null ? parse(results.get(spec.name())) : RunOutcome.NONE,
        parse("{\"trainSamples\": 8000, \"options\": {\"seed\": 1}}"),
        histories.getOrDefault(spec.name(), List.of()),
        failure,
        1,
        busy.getOrDefault(spec.name(), 0.1),
        directory);
  }

  static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException failure) {
      throw new AssertionError("not JSON: " + json, failure);
    }
  }

  /** Executes {@code starling experiment} with these runs. */
  CommandRun execute(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Terminal terminal = new Terminal(new PrintWriter(out, true), new PrintWriter(err, true), false);
    int exitCode = ExperimentGroup.with(terminal, this).execute(arguments);
    return new CommandRun(exitCode, out.toString(), err.toString());
  }
}
