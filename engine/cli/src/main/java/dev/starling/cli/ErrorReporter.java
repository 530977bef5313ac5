package dev.starling.cli;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;

/** Turns failures into one sentence on standard error and an exit code. */
final class ErrorReporter implements IParameterExceptionHandler {
  private final Terminal terminal;

  ErrorReporter(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String message = onOneLine(failure.getMessage());
    List<String> given = List.of(arguments);
    return print(
        name + ": " + message + " (" + name + " --help lists what it takes)",
        failure,
        ExitCodes.USAGE,
        given.contains("--json"),
        given.contains("--verbose"));
  }

  /**
   * Reports what ended a command.
   *
   * @param failure the failure
   * @param json whether standard output shall end with a JSON object that holds it
   * @param verbose whether the stack trace shall follow
   * @return the exit code
   */
  int report(Throwable failure, boolean json, boolean verbose) {
    int code = failure instanceof ConfigurationException ? ExitCodes.USAGE : ExitCodes.FAILURE;
    return print("starling: " + sentence(failure), failure, code, json, verbose);
  }

  private static String sentence(Throwable failure) {
    return switch (failure) {
      case StarlingException told -> onOneLine(told.getMessage());
      case FileSystemException file ->
          onOneLine(
              file.getFile()
                  + ": "
                  + (file.getReason() == null ? kind(file) : file.getReason())
                  + "; choose a path that can be used");
      case java.io.UncheckedIOException input -> sentence(input.getCause());
      case IOException input -> onOneLine(String.valueOf(input.getMessage()));
      case OutOfMemoryError memory ->
          "the Java heap of "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MiB is too small ("
              + memory.getMessage()
              + "): use a smaller model, batch or data set, or raise -Xmx";
      case LinkageError linkage -> onOneLine(innermost(linkage));
      case InterruptedException interrupted -> "interrupted: start the command again";
      default ->
          "unexpected "
              + onOneLine(failure.toString())
              + ": this is a fault of starling, report it with the output of --verbose";
    };
  }

  private static String kind(FileSystemException failure) {
    return failure
        .getClass()
        .getSimpleName()
        .replace("Exception", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", " ")
        .toLowerCase(java.util.Locale.ROOT);
  }

  private static String innermost(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  private static String onOneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private int print(String sentence, Throwable failure, int code, boolean json, boolean verbose) {
    terminal.err().println(sentence);
    if (verbose) {
      failure.printStackTrace(terminal.err());
    }
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("error", sentence);
      object.put("exitCode", code);
      terminal.out().println(Json.line(object));
    }
    terminal.out().flush();
    terminal.err().flush();
    return code;
  }
}
