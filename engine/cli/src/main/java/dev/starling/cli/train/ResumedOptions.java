package dev.starling.cli.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.engine.ConfigurationException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The options of a run: as they were given, or, of one that goes on, those that it was started with
 * and those that replace them.
 *
 * @param options the options
 * @param arguments the same as text, for worker processes and for going on again
 */
record ResumedOptions(TrainOptions options, List<String> arguments) {
  private static final List<String> ONCE = List.of("--resume", "--out");

  /**
   * Reads what an earlier run was started with, if one is to go on.
   *
   * @param given the options of this command
   * @param arguments the same as text
   * @return the options to run with
   * @throws ConfigurationException when the directory has no run, or its options are not known any
   *     more
   * @throws IOException when its file cannot be read
   */
  static ResumedOptions of(TrainOptions given, List<String> arguments) throws IOException {
    Path directory = given.record.resume;
    if (directory == null) {
      return new ResumedOptions(given, without(arguments));
    }
    if (given.out != null) {
      throw new ConfigurationException(
          "--out="
              + given.out
              + " and --resume="
              + directory
              + " exclude each other: a run goes on in its own directory");
    }
    RunDirectory.requireRun(directory);
    List<String> all = new ArrayList<>();
    JsonNode config = new ObjectMapper().readTree(directory.resolve(RunDirectory.CONFIG).toFile());
    config.path("arguments").forEach(argument -> all.add(argument.asText()));
    all.addAll(without(arguments));
    TrainOptions options = new TrainOptions();
    try {
      new CommandLine(options)
          .setOverwrittenOptionsAllowed(true)
          .setUnmatchedArgumentsAllowed(true)
          .parseArgs(all.toArray(String[]::new));
    } catch (ParameterException unknown) {
      throw new ConfigurationException(
          directory.resolve(RunDirectory.CONFIG)
              + " has options that this version does not know ("
              + unknown.getMessage()
              + "): start a new run");
    }
    options.record.resume = directory;
    return new ResumedOptions(options, all);
  }

  /** Without the options that concern one start only. */
  private static List<String> without(List<String> arguments) {
    List<String> kept = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (ONCE.contains(argument)) {
        i++;
      } else if (ONCE.stream().noneMatch(once -> argument.startsWith(once + "="))) {
        kept.add(argument);
      }
    }
    return kept;
  }
}
