package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
