package dev.starling.engine.model;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs the model checker on {@code stripe.pml}: spin writes a verifier in C, cc compiles it, the
 * verifier visits every state. Partial order reduction is on; nothing lossy is.
 */
final class Spin {
  /** Where the model lies. */
  static final Path MODEL = Path.of(System.getProperty("basedir", "."), "src", "test", "promela");

  private static final int MEMORY_LIMIT_MIB = 3072;
  private static final int SEARCH_DEPTH = 10_000;
  private static final List<String> SAFETY = List.of("-DSAFETY");
  private static final List<String> CYCLES = List.of("-DNP", "-l");
  private static final int HASH_TABLE_LOG2 = 24;
  private static final long COMPILE_LIMIT_SECONDS = 60;
  private static final long SEARCH_LIMIT_SECONDS = 280;

  private Spin() {}

  /**
   * What the verifier said.
   *
   * @param commandLine what was checked
   * @param output all that it printed
   */
  record Verdict(String commandLine, String output) {
    private static final Pattern ERRORS = Pattern.compile("errors: (\\d+)");
    private static final Pattern DEPTH = Pattern.compile("depth reached (\\d+)");
    private static final Pattern STATES = Pattern.compile("(?m)^\\s*(\\d+) states, stored");
    private static final Pattern SECONDS = Pattern.compile("elapsed time ([\\d.]+) seconds");
    private static final Pattern VIOLATED = Pattern.compile("(?m)^pan:1: (.*)$");

    long errors() {
      return Long.parseLong(find(ERRORS));
    }

    long depth() {
      return Long.parseLong(find(DEPTH));
    }

    long states() {
      return Long.parseLong(find(STATES));
    }

    double seconds() {
      return Double.parseDouble(find(SECONDS));
    }

    /** The assertion that failed first, with what is asserted. */
    String violated() {
      return find(VIOLATED);
    }

    /** Whether every reachable state was visited, in memory and in depth. */
    boolean isExhaustive() {
      return output.contains("Full statespace search for:")
          && output.contains("+ Partial Order Reduction")
          && !output.contains("Search not completed")
          && !output.contains("max search depth too small")
          && !output.contains("MEMLIM")
          && !output.contains("out of memory");
    }

    String explain() {
      return commandLine + System.lineSeparator() + output;
    }

    private String find(Pattern pattern) {
      Matcher matcher = pattern.matcher(output);
      if (!matcher.find()) {
        throw new AssertionError("the verifier did not print '" + pattern + "': " + explain());
      }
      return matcher.group(1);
    }
  }

  /**
   * Checks one configuration of the model.
   *
   * @param directory an empty folder for the verifier
   * @param definitions names to define: a configuration, and a planted mistake or none
   * @return the verdict
   */
  static Verdict check(Path directory, String... definitions)
      throws IOException, InterruptedException {
    return check(directory, SEARCH_DEPTH, SAFETY, definitions);
  }

  /** As {@link #check(Path, String...)}, but looks no deeper than a number of steps. */
  static Verdict check(Path directory, int depth, String... definitions)
      throws IOException, InterruptedException {
    return check(directory, depth, SAFETY, definitions);
  }

  /**
   * Looks for a run that comes back to a state. The model marks no state as progress, so that every
   * cycle is one without progress; where there is none, every run ends.
   */
  static Verdict checkEnding(Path directory, String... definitions)
      throws IOException, InterruptedException {
    return check(directory, SEARCH_DEPTH, CYCLES, definitions);
  }

  private static Verdict check(
      Path directory, int depth, List<String> search, String... definitions)
      throws IOException, InterruptedException {
    try (DirectoryStream<Path> sources = Files.newDirectoryStream(MODEL, "*.pml")) {
      for (Path source : sources) {
        Files.copy(source, directory.resolve(source.getFileName()));
      }
    }
    List<String> generate = new ArrayList<>(List.of("spin"));
    for (String definition : definitions) {
      generate.add("-D" + definition);
    }
    generate.addAll(List.of("-a", "stripe.pml"));
    String generated = succeed(directory, generate);
    if (generated.contains("Error")) {
      throw new AssertionError(String.join(" ", generate) + ": " + generated);
    }
    // A planted mistake is found so soon that the compiler takes longer.
    succeed(
        directory,
        List.of(
            "cc",
            definitions.length == 1 ? "-O2" : "-O1",
            "-w",
            search.getFirst(),
            "-DMEMLIM=" + MEMORY_LIMIT_MIB,
            "-o",
            "pan",
            "pan.c"));
    List<String> verify = new ArrayList<>(List.of("./pan", "-m" + depth, "-w" + HASH_TABLE_LOG2));
    verify.addAll(search.subList(1, search.size()));
    Result result = run(directory, verify, SEARCH_LIMIT_SECONDS);
    return new Verdict(String.join(" ", generate), result.output());
  }

  private record Result(int exitCode, String output) {}

  private static String succeed(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Result result = run(directory, command, COMPILE_LIMIT_SECONDS);
    if (result.exitCode() != 0) {
      throw new AssertionError(
          String.join(" ", command)
              + " ended with exit code "
              + result.exitCode()
              + ": "
              + result.output());
    }
    return result.output();
  }

  private static Result run(Path directory, List<String> command, long limitSeconds)
      throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
        throw new AssertionError(
            String.join(" ", command) + " did not end within " + limitSeconds + " s");
      }
      return new Result(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
    }
  }
}
