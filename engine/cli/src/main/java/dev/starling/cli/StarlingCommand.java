package dev.starling.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * A command with {@code --json}, {@code --verbose} and {@code --help}, whose failures become one
 * sentence and an exit code. Runs once.
 */
@Command(
    sortOptions = false,
    abbreviateSynopsis = true,
    usageHelpAutoWidth = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      " 0:done",
      " 1:the machine or a file failed",
      " 2:the command line asks for something impossible",
      "130:stopped by SIGINT (Ctrl-C)",
      "143:stopped by SIGTERM"
    })
public abstract class StarlingCommand implements Callable<Integer> {
  @Mixin private CommonOptions common = new CommonOptions();

  private final Terminal terminal;
  private final List<Runnable> afterwards = new ArrayList<>();
  private boolean answered;
  private int exitCode = ExitCodes.OK;

  /**
   * Creates a command.
   *
   * @param terminal where it writes
   */
  protected StarlingCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /**
   * Does the work and prints what it found through {@link #answer}.
   *
   * @throws Exception ends the command; {@link ErrorReporter} says what becomes of it
   */
  protected abstract void execute() throws Exception;

  @Override
  public final Integer call() {
    try {
      execute();
      return exitCode;
    } catch (Throwable failure) {
      return new ErrorReporter(terminal)
          .report(failure, common.json() && !answered, common.verbose());
    } finally {
      terminal.out().flush();
      terminal.err().flush();
      afterwards.forEach(Runnable::run);
    }
  }

  /**
   * Puts something off until the result, or why there is none, has been printed.
   *
   * @param action for instance letting a process end that was asked to
   */
  protected final void afterwards(Runnable action) {
    afterwards.add(action);
  }

  /**
   * Prints the result: as one line of JSON when that was asked for, otherwise as a report. A
   * failure after that goes to standard error alone.
   *
   * @param json the result
   * @param report the same for people, ending with a line break
   */
  protected final void answer(Map<String, ?> json, String report) {
    answered = true;
    if (common.json()) {
      terminal.out().println(Json.line(json));
    } else {
      terminal.out().print(report);
    }
    terminal.out().flush();
  }

  /**
   * Prints one of many results: as a line of JSON when that was asked for, otherwise as a line of a
   * report. Nothing is flushed. A failure after that still ends standard output with an error.
   *
   * @param json the result
   * @param line the same for people, without a line break
   */
  protected final void answerLine(Map<String, ?> json, String line) {
    terminal.out().print((common.json() ? Json.line(json) : line) + "\n");
  }

  /**
   * Lets the process end with something else than {@link ExitCodes#OK} although nothing failed.
   *
   * @param code what it ends with
   */
  protected final void exitWith(int code) {
    exitCode = code;
  }

  /**
   * Tells whether JSON was asked for.
   *
   * @return whether {@link #answer} prints JSON
   */
  protected final boolean json() {
    return common.json();
  }

  /**
   * Returns where the command writes.
   *
   * @return the streams
   */
  protected final Terminal terminal() {
    return terminal;
  }
}
