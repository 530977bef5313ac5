package dev.starling.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.Starling;
import dev.starling.cli.Terminal;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;

/**
 * A command of this module that ran in this process.
 *
 * @param exitCode what the process would end with
 * @param out standard output
 * @param err standard error
 */
public record CommandRun(int exitCode, String out, String err) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public static CommandRun of(String... arguments) {
    return of(Starling::commandLine, arguments);
  }

  /** A command line that is not the installed one. */
  public static CommandRun of(Function<Terminal, CommandLine> program, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Terminal terminal = new Terminal(new PrintWriter(out, true), new PrintWriter(err, true), false);
    int exitCode = program.apply(terminal).execute(arguments);
    return new CommandRun(exitCode, out.toString(), err.toString());
  }

  public CommandRun requireOk() {
    assertEquals(ExitCodes.OK, exitCode, () -> "standard error was:\n" + err);
    return this;
  }

  /** {@return every line of standard output as an object} */
  public List<JsonNode> jsonLines() {
    return out.lines().map(CommandRun::parse).toList();
  }

  private static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException failure) {
      throw new AssertionError("not JSON: " + json, failure);
    }
  }
}
