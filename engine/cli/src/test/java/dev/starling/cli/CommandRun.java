package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A command that ran in this process.
 *
 * @param exitCode what the process would end with
 * @param out standard output
 * @param err standard error
 */
public record CommandRun(int exitCode, String out, String err) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public static CommandRun of(String... arguments) {
    return of(false, arguments);
  }

  /** The arguments in one array. */
  public static String[] join(List<String> first, String... more) {
    List<String> all = new ArrayList<>(first);
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  public static CommandRun onTerminal(String... arguments) {
    return of(true, arguments);
  }

  private static CommandRun of(boolean interactive, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Terminal terminal =
        new Terminal(new PrintWriter(out, true), new PrintWriter(err, true), interactive);
    int exitCode = Starling.commandLine(terminal).execute(arguments);
    return new CommandRun(exitCode, out.toString(), err.toString());
  }

  /** The command line of a process of its own, with the flags of this JVM that it needs. */
  public static List<String> command(List<String> flags, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("--") || flag.equals("-ea"))
        .forEach(command::add);
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Starling.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  public CommandRun requireOk() {
    assertEquals(ExitCodes.OK, exitCode, () -> "standard error was:\n" + err);
    return this;
  }

  public JsonNode json() {
    return parse(out.lines().toList().getLast());
  }

  public static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException failure) {
      throw new AssertionError("not JSON: " + json, failure);
    }
  }

  public static List<Path> list(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
